"""What people send us: bounded, and read as it is written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from crm_core.inputs import Moment

MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


def test_a_moment_in_a_strict_body_is_read() -> None:
    # Once refused: after our own check pydantic took the text for a Python value.
    moment = MOMENT.validate_json(b'"2026-11-22T05:00:00.000Z"', strict=True)

    assert moment == datetime(2026, 11, 22, 5, tzinfo=UTC)


@pytest.mark.parametrize("written", ["1795323600", '"1795323600"', '"2026-11-22"', '"2026-11-22T05:00:00"'])
def test_a_moment_is_written_whole_and_with_its_offset(written: str) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_json(written, strict=True)

"""What counts as a machine that kept time while a story was told."""

from __future__ import annotations

import pytest

from tests.lab.steadiness import LATE_S, WITHHELD, Steadiness


@pytest.mark.parametrize(
    ("late_s", "withheld", "kept_time"),
    [(0.0, 0.0, True), (LATE_S / 2, WITHHELD / 2, True), (LATE_S, 0.0, False), (0.0, WITHHELD, False)],
)
def test_a_machine_that_was_late_or_was_not_let_work_did_not_keep_time(
    late_s: float, withheld: float, kept_time: bool
) -> None:
    assert Steadiness(late_s=late_s, withheld=withheld).kept_time is kept_time

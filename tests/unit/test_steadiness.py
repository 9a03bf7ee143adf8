"""What counts as a machine that kept time while a story was told."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.lab.steadiness import DISK_S, LATE_S, SOUGHT_AFTER, WITHHELD, Metronome, Steadiness, _worst_second

STEADY = Steadiness(late_s=LATE_S / 2, withheld=WITHHELD / 2, sought_after=SOUGHT_AFTER / 2, disk_s=DISK_S / 2)


def test_a_machine_that_gave_what_was_asked_for_kept_time() -> None:
    assert STEADY.kept_time


@pytest.mark.parametrize(
    "trouble", [{"late_s": LATE_S}, {"withheld": WITHHELD}, {"sought_after": SOUGHT_AFTER}, {"disk_s": DISK_S}]
)
def test_a_machine_that_was_late_busy_or_waited_for_its_disk_did_not_keep_time(trouble: dict[str, float]) -> None:
    assert not replace(STEADY, **trouble).kept_time


def test_what_failed_is_told_with_its_reason_by_whether_the_machine_kept_time(monkeypatch: pytest.MonkeyPatch) -> None:
    metronome = Metronome()
    for story, steadiness in (("steady", STEADY), ("busy", replace(STEADY, sought_after=SOUGHT_AFTER))):
        monkeypatch.setattr(metronome, "since_begin", lambda now=steadiness: now)
        metronome.note_failure(story, "assert 1 == 2")
    metronome.remarks["the scene of a call"] = STEADY  # no test: nobody can play it again by this name

    told = json.loads(metronome.failures())

    assert (told["failed"].keys(), told["disturbed"].keys()) == ({"steady"}, {"busy"})
    assert all(account.startswith("assert 1 == 2\n") for kind in told.values() for account in kind.values())


def test_the_worst_second_is_found_among_many() -> None:
    a_little, a_stall = [0.01 * beat for beat in range(100)], [1.0, 1.4, 1.8]
    afterwards = [1.8] * 100

    assert _worst_second([*a_little, *a_stall, *afterwards]) == pytest.approx(1.8 - 0.82)
    assert _worst_second([]) == 0.0

"""Who had the client, in order and how long."""

from __future__ import annotations

from datetime import datetime

from crm_core.domain.path import Span, Stay, StopKind, had_last, joined, joined_stays, path
from tests.builders import after


def spans(*pairs: tuple[float, float | None]) -> tuple[Span, ...]:
    return tuple((after(start), None if end is None else after(end)) for start, end in pairs)


def queue(name: str, start: float, end: float | None) -> Stay:
    return Stay(kind=StopKind.QUEUE, name=name, start=after(start), end=None if end is None else after(end))


def drawn(had: dict[str, tuple[Span, ...]], *stays: Stay) -> list[tuple[str, float | None]]:
    return [(stop.name, stop.duration_s) for stop in path(had, stays)]


def test_a_client_passed_through_a_queue_has_three_stops() -> None:
    had = {"anna": spans((0, 80)), "boris": spans((97, 339))}

    assert drawn(had, queue("hotline", 82, 97)) == [("anna", 80.0), ("hotline", 15.0), ("boris", 242.0)]


def test_asking_a_colleague_meanwhile_is_one_stop() -> None:
    assert drawn({"anna": spans((0, 20), (35, 60))}) == [("anna", 60.0)]


def test_a_client_who_comes_back_is_another_stop() -> None:
    had = {"anna": spans((0, 20), (50, 60)), "boris": spans((22, 48))}

    assert drawn(had) == [("anna", 20.0), ("boris", 26.0), ("anna", 10.0)]


def test_a_conference_shows_everybody_who_was_there() -> None:
    had = {"anna": spans((0, 20), (30.02, 60)), "boris": spans((30, 75))}

    assert drawn(had) == [("anna", 60.0), ("boris", 45.0)]


def test_a_queue_lets_go_when_somebody_answers() -> None:
    assert drawn({"anna": spans((7, None))}, queue("sales", 0, None)) == [("sales", 7.0), ("anna", None)]


def test_wires_that_are_being_changed_are_no_stop() -> None:
    assert drawn({"anna": spans((0, 20)), "boris": spans((20, 20.02), (20.03, 30))}) == [
        ("anna", 20.0),
        ("boris", 9.97),
    ]


def test_who_still_has_the_client_had_them_last() -> None:
    assert had_last({"anna": spans((0, 20)), "boris": spans((22, None))}) == "boris"
    assert had_last({"anna": spans((0, 20), (30, 60)), "boris": spans((22, 60.0))}) == "anna"
    assert had_last({"anna": ()}) is None


def test_two_hearings_of_the_same_talk_are_one() -> None:
    over: datetime = after(60)

    assert joined(spans((0, None)), spans((0, 20), (35, None)), over_at=None) == spans((0, 20), (35, None))
    assert joined(spans((0, 20), (35, 60)), spans((0, None)), over_at=None) == spans((0, 20), (35, 60))
    assert joined(spans((0, None)), spans((25, None)), over_at=over) == spans((0, 60))
    assert joined(spans((0, 10)), spans((40, 60)), over_at=over) == spans((0, 10), (40, 60))


def test_a_stay_known_before_a_restart_ends_with_the_call() -> None:
    before, after_it = (queue("sales", 0, None),), (queue("sales", 2, 9), queue("hotline", 9, None))

    assert joined_stays(before, after_it, over_at=after(30)) == (queue("sales", 0, 9), queue("hotline", 9, 30))

"""Telegram's limits, kept by a clock that the test moves."""

from __future__ import annotations

from channels.telegram.pacing import Pacing

PERSON, OTHER, GROUP = 7001, 7002, -4001


def said_at(pacing: Pacing, chat: int, count: int, *, now: float = 0) -> list[float]:
    """When so many messages go out one after another."""
    times = []
    for _ in range(count):
        while (pause := pacing.wait(chat, now)) > 0:
            now += pause
        pacing.note(chat, now)
        times.append(now)
    return times


def test_a_person_hears_us_once_a_second() -> None:
    assert said_at(Pacing(), PERSON, 3) == [0, 1, 2]


def test_a_group_hears_us_twenty_times_a_minute() -> None:
    times = said_at(Pacing(), GROUP, 41)

    assert times[19] == 19
    assert (times[20], times[40]) == (60, 120)


def test_everybody_together_hears_us_thirty_times_a_second() -> None:
    pacing = Pacing()

    times = [said_at(pacing, person, 1)[0] for person in range(1, 62)]

    assert (times[29], times[30], times[60]) == (0, 1, 2)


def test_an_album_counts_as_what_it_is() -> None:
    pacing = Pacing()
    pacing.note(GROUP, 0, count=10)
    pacing.note(GROUP, 1, count=10)

    assert pacing.wait(GROUP, 2) == 58


def test_what_telegram_says_is_waited_there_and_nowhere_else() -> None:
    pacing = Pacing()
    pacing.hold(GROUP, 35)
    pacing.hold(GROUP, 20)

    assert (pacing.wait(GROUP, 5), pacing.wait(PERSON, 5)) == (30, 0)


def test_chats_that_went_quiet_are_forgotten() -> None:
    pacing = Pacing()
    for person in range(1, 1000):
        pacing.note(person, person)
    pacing.note(OTHER, 2000)

    assert pacing.chats == 1

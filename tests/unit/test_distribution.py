"""Who gets it, who may not, and the reason each of the others reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.distribution import (
    Candidate,
    Choice,
    History,
    Limits,
    Need,
    Reason,
    Strategy,
    Waiting,
    choose_agent,
    in_line,
)
from crm_core.domain.distribution_words import verdict_in_words
from crm_core.domain.people import AgentState
from crm_core.domain.words import Words
from crm_core.domain.working_time import CLOSED, Calendar, Span
from tests.builders import NOON, after

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ALMATY = ZoneInfo("Asia/Almaty")  # noon in UTC is 17:00 there, on a Saturday

SALES, HOTLINE = UUID(int=901), UUID(int=902)
ANNA, BORIS, VERA, GENA = (UUID(int=number) for number in (1, 2, 3, 4))
NAMES = {ANNA: "Анна", BORIS: "Борис", VERA: "Вера", GENA: "Гена"}

WEEKDAYS = Calendar(
    zone=ALMATY,
    week=(*[(Span(opens=time(9), closes=time(18)),)] * 5, CLOSED, CLOSED),  # type: ignore[arg-type]
)


def person(agent_id: UUID = ANNA, **what: object) -> Candidate:
    """At their desk and free, with twenty clients."""
    given: dict[str, object] = {
        "agent_id": agent_id,
        "name": NAMES[agent_id],
        "present": True,
        "state": AgentState.AVAILABLE,
        "state_since": NOON - HOUR,
        "team_id": SALES,
        "languages": frozenset({"ru"}),
        "active_clients": 20,
    }
    return Candidate(**(given | what))  # type: ignore[arg-type]


def choose(
    *candidates: Candidate,
    need: Need | None = None,
    strategy: Strategy = Strategy.LEAST_LOADED,
    history: History | None = None,
    limits: Limits | None = None,
) -> Choice:
    return choose_agent(candidates, need or Need(at=NOON), strategy, history or History(), limits=limits or Limits())


def reasons(choice: Choice) -> dict[UUID, Reason]:
    return {verdict.candidate.agent_id: verdict.reason for verdict in choice.verdicts}


def words(choice: Choice, agent_id: UUID) -> Words:
    verdict = next(one for one in choice.verdicts if one.candidate.agent_id == agent_id)
    return verdict_in_words(verdict, choice, ALMATY, now=NOON)


LOST_AN_HOUR_AGO = History(lost={ANNA: NOON - HOUR})
GIVEN_TEN = History(given={ANNA: tuple(NOON - minutes * MINUTE for minutes in range(5, 55, 5))})


@pytest.mark.parametrize(
    ("candidate", "need", "history", "reason", "ru", "en"),
    [
        (person(), Need(at=NOON, from_agent_id=ANNA), History(), Reason.HAD_IT, "было здесь", "had it"),
        (
            person(absent=True, absent_until=NOON + 48 * HOUR),
            Need(at=NOON),
            History(),
            Reason.ABSENT,
            "в отсутствии до 23 ноября 17:00",
            "absent until 23 Nov 17:00",
        ),
        (person(absent=True), Need(at=NOON), History(), Reason.ABSENT, "в отсутствии", "absent"),
        (person(present=False), Need(at=NOON), History(), Reason.OFFLINE, "не на связи", "not online"),
        (person(state=AgentState.OFFLINE), Need(at=NOON), History(), Reason.OFFLINE, "не на связи", "not online"),
        (
            person(calendar=WEEKDAYS),
            Need(at=NOON),
            History(),
            Reason.OFF_HOURS,
            "нерабочее время до 23 ноября 09:00",
            "off hours until 23 Nov 09:00",
        ),
        (
            person(calendar=replace(WEEKDAYS, week=(CLOSED,) * 7)),
            Need(at=NOON),
            History(),
            Reason.OFF_HOURS,
            "нерабочее время",
            "off hours",
        ),
        (
            person(state=AgentState.PAUSED, state_since=NOON - 41 * MINUTE),
            Need(at=NOON),
            History(),
            Reason.PAUSED,
            "на паузе 41 минуту",
            "paused for 41 minutes",
        ),
        (
            person(skills=frozenset({"visas"})),
            Need(at=NOON, skills=frozenset({"Хайнань", "visas"})),
            History(),
            Reason.NO_SKILL,
            "не ведёт: Хайнань",
            "does not know: Хайнань",
        ),
        (
            person(),
            Need(at=NOON, languages=("kk", "en")),
            History(),
            Reason.NO_LANGUAGE,
            "не говорит на: kk, en",
            "does not speak: kk, en",
        ),
        (
            person(),
            Need(at=NOON, cooldown=24 * HOUR),
            LOST_AN_HOUR_AGO,
            Reason.LOST_BEFORE,
            "уже уходило отсюда, пауза до 22 ноября 16:00",
            "lost it before, paused until 22 Nov 16:00",
        ),
        (
            person(active_clients=60),
            Need(at=NOON),
            History(),
            Reason.LOAD_CAP,
            "60 клиентов из 60",
            "60 of 60 clients",
        ),
        (
            person(),
            Need(at=NOON),
            GIVEN_TEN,
            Reason.HOURLY_CAP,
            "уже 10 передач за час",
            "10 transfers within the hour already",
        ),
    ],
)
def test_who_may_not_have_it_reads_why(
    candidate: Candidate, need: Need, history: History, reason: Reason, ru: str, en: str
) -> None:
    choice = choose(candidate, need=need, history=history)

    assert choice.chosen is None
    assert reasons(choice) == {ANNA: reason}
    assert words(choice, ANNA) == Words(ru=ru, en=en)


@pytest.mark.parametrize(
    ("candidate", "need", "history"),
    [
        (person(state=AgentState.PAUSED, state_since=NOON - 10 * MINUTE), Need(at=NOON), History()),
        (person(calendar=None), Need(at=NOON), History()),
        (person(calendar=WEEKDAYS), Need(at=NOON - 24 * HOUR), History()),
        (person(active_clients=59), Need(at=NOON), History()),
        (person(), Need(at=NOON, cooldown=HOUR), LOST_AN_HOUR_AGO),  # the cool-down is over this moment
        (person(), Need(at=NOON + 10 * MINUTE), GIVEN_TEN),  # the first of the ten is an hour old
        (person(), Need(at=NOON, languages=("kk", "ru")), History()),
        (person(skills=frozenset({"Хайнань"})), Need(at=NOON, skills=frozenset({"Хайнань"})), History()),
    ],
)
def test_up_to_the_very_limit_they_may(candidate: Candidate, need: Need, history: History) -> None:
    chosen = choose(candidate, need=need, history=history).chosen

    assert chosen == candidate


def test_nobody_is_an_answer_that_says_when_to_ask_again() -> None:
    on_monday = person(ANNA, calendar=WEEKDAYS)
    cooled_sooner = person(BORIS)
    history = History(lost={BORIS: NOON - HOUR})

    choice = choose(
        on_monday, cooled_sooner, person(VERA, present=False), need=Need(at=NOON, cooldown=2 * HOUR), history=history
    )

    assert choice.chosen is None
    assert choice.try_again_at == NOON + HOUR
    assert choose().chosen is None
    assert choose().try_again_at is None


def test_the_hourly_cap_says_when_there_is_room_again() -> None:
    choice = choose(person(), history=GIVEN_TEN)

    assert choice.try_again_at == NOON - 50 * MINUTE + HOUR


def test_the_least_loaded_has_it_and_the_next_reads_that_they_hold_more() -> None:
    choice = choose(person(ANNA, active_clients=56), person(BORIS, active_clients=47))

    assert reasons(choice) == {BORIS: Reason.CHOSEN, ANNA: Reason.MORE_LOADED}
    assert words(choice, BORIS) == Words(
        ru="на линии, 47 клиентов из 60, свободнее других", en="available, 47 of 60 clients, the least loaded"
    )
    assert words(choice, ANNA) == Words(
        ru="56 клиентов из 60, у выбранного меньше", en="56 of 60 clients, the chosen one has fewer"
    )


@pytest.mark.parametrize(
    ("state", "ru", "en"),
    [
        (AgentState.TALKING, "в разговоре", "in a call"),
        (AgentState.WRAP_UP, "после звонка", "in wrap-up"),
        (AgentState.RINGING, "звонит телефон", "their phone rings"),
        (AgentState.PAUSED, "на паузе 3 минуты", "paused for 3 minutes"),
    ],
)
def test_who_can_call_now_goes_before_who_is_less_loaded_but_busy(state: AgentState, ru: str, en: str) -> None:
    busy = person(ANNA, active_clients=1, state=state, state_since=NOON - 3 * MINUTE)

    choice = choose(busy, person(BORIS, active_clients=40))

    assert reasons(choice) == {BORIS: Reason.CHOSEN, ANNA: Reason.BUSY}
    assert words(choice, ANNA) == Words(ru=ru, en=en)
    assert choose(busy).chosen == busy  # better than nobody


def test_round_robin_remembers_whose_turn_it_is() -> None:
    people = [person(ANNA, active_clients=1), person(BORIS, active_clients=50), person(VERA, active_clients=30)]
    given: dict[UUID, tuple[datetime, ...]] = {}
    turns = []

    for minute in range(6):
        at = NOON + minute * MINUTE
        choice = choose(*people, need=Need(at=at), strategy=Strategy.ROUND_ROBIN, history=History(given=given))
        assert choice.chosen is not None
        turns.append(choice.chosen.agent_id)
        given[choice.chosen.agent_id] = (*given.get(choice.chosen.agent_id, ()), at)

    assert turns == [ANNA, VERA, BORIS, ANNA, VERA, BORIS]


def test_who_had_the_last_turn_reads_when() -> None:
    given = History(given={ANNA: [NOON - 30 * MINUTE]})

    choice = choose(person(ANNA), person(BORIS), strategy=Strategy.ROUND_ROBIN, history=given)

    assert reasons(choice) == {BORIS: Reason.CHOSEN, ANNA: Reason.LATER_IN_TURN}
    assert words(choice, ANNA) == Words(
        ru="очередь не подошла, последняя передача 16:30", en="not their turn yet, the last was 16:30"
    )


@pytest.mark.parametrize(
    ("anna", "reason"),
    [
        ({}, Reason.KNOWS_CLIENT_LESS),
        ({"talked_at": after(-7200)}, Reason.KNOWS_CLIENT_LESS),
        ({"talked_at": after(-3600)}, Reason.KNOWS_DESTINATION_LESS),
        ({"talked_at": after(-3600), "skills": frozenset({"Хайнань"})}, Reason.SPEAKS_LANGUAGE_LESS),
        (
            {
                "talked_at": after(-3600),
                "skills": frozenset({"Хайнань"}),
                "languages": frozenset({"kk"}),
                "active_clients": 21,
            },
            Reason.MORE_LOADED,
        ),
    ],
)
def test_the_best_fit_knows_the_client_then_the_destination_then_the_language(
    anna: dict[str, object], reason: Reason
) -> None:
    boris = person(BORIS, talked_at=after(-3600), skills=frozenset({"Хайнань"}), languages=frozenset({"kk", "ru"}))
    need = Need(at=NOON, destination="Хайнань", languages=("kk", "ru"))

    choice = choose(person(ANNA, **anna), boris, need=need, strategy=Strategy.BEST_FIT)

    assert reasons(choice) == {BORIS: Reason.CHOSEN, ANNA: reason}
    assert words(choice, BORIS).ru == "на линии, 20 клиентов из 60, знает клиента, подходит лучше других"


def test_the_teams_own_keep_it_even_when_others_are_freer() -> None:
    ours, theirs = person(ANNA, active_clients=50), person(BORIS, active_clients=1, team_id=HOTLINE)
    need = Need(at=NOON, team_id=SALES)

    choice = choose(theirs, ours, need=need, strategy=Strategy.TEAM)

    assert reasons(choice) == {ANNA: Reason.CHOSEN, BORIS: Reason.OTHER_TEAM}
    assert choose(theirs, need=need, strategy=Strategy.TEAM).chosen is None


def test_between_equals_the_order_decides_and_says_so() -> None:
    choice = choose(person(VERA), person(ANNA), person(BORIS))

    assert reasons(choice) == {ANNA: Reason.CHOSEN, BORIS: Reason.TIE, VERA: Reason.TIE}
    assert words(choice, VERA).ru == "подходит так же, решил порядок"


@pytest.mark.parametrize(("clients", "near"), [(48, False), (49, True), (59, True)])
def test_the_supervisor_is_warned_when_somebody_comes_to_fifty(clients: int, near: bool) -> None:
    assert choose(person(active_clients=clients)).near_cap is near


def test_the_oldest_and_most_valuable_are_given_out_first() -> None:
    old, dear, new = (
        Waiting(id=UUID(int=1), since=NOON - 50 * MINUTE),
        Waiting(id=UUID(int=2), since=NOON - 20 * MINUTE, weight=3),
        Waiting(id=UUID(int=3), since=NOON - 10 * MINUTE),
    )

    assert in_line([new, old, dear], NOON) == [dear, old, new]
    assert in_line([new, old, dear], NOON + HOUR) == [dear, old, new]
    assert in_line([old, replace(dear, since=NOON - 10 * MINUTE)], NOON)[0] == old


ids = st.sampled_from([ANNA, BORIS, VERA, GENA])
people = st.lists(
    st.builds(
        person,
        ids,
        present=st.booleans(),
        absent=st.sampled_from([False, False, True]),
        state=st.sampled_from(list(AgentState)),
        state_since=st.integers(-3600, 0).map(after),
        team_id=st.sampled_from([SALES, HOTLINE, None]),
        calendar=st.sampled_from([None, WEEKDAYS]),
        skills=st.frozensets(st.sampled_from(["Хайнань", "visas"])),
        languages=st.frozensets(st.sampled_from(["ru", "kk", "en"])),
        active_clients=st.integers(0, 70),
        talked_at=st.sampled_from([None, after(-3600), after(-7200)]),
    ),
    max_size=4,
    unique_by=lambda candidate: candidate.agent_id,
)
needs = st.builds(
    Need,
    at=st.integers(-200_000, 200_000).map(after),
    from_agent_id=st.none() | ids,
    team_id=st.sampled_from([SALES, HOTLINE, None]),
    skills=st.frozensets(st.sampled_from(["Хайнань", "visas"]), max_size=1),
    languages=st.sampled_from([(), ("ru",), ("kk", "ru")]),
    destination=st.sampled_from([None, "Хайнань"]),
    cooldown=st.sampled_from([timedelta(), HOUR, 24 * HOUR]),
)
histories = st.builds(
    History,
    lost=st.dictionaries(ids, st.integers(-100_000, 0).map(after)),
    given=st.dictionaries(ids, st.lists(st.integers(-4000, 0).map(after), max_size=12)),
)


@given(people, needs, st.sampled_from(Strategy), histories, st.randoms())
def test_whoever_is_chosen_may_have_it_and_the_order_of_asking_does_not_matter(
    candidates: list[Candidate], need: Need, strategy: Strategy, history: History, random: object
) -> None:
    choice = choose_agent(candidates, need, strategy, history)
    shuffled = list(candidates)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert choose_agent(shuffled, need, strategy, history) == choice
    assert sorted(verdict.candidate.agent_id for verdict in choice.verdicts) == sorted(
        candidate.agent_id for candidate in candidates
    )
    chosen = choice.chosen
    if chosen is not None:
        assert chosen.agent_id != need.from_agent_id
        assert chosen.present
        assert not chosen.absent
        assert chosen.active_clients < 60
        assert need.skills <= chosen.skills
        assert need.at >= history.lost.get(chosen.agent_id, need.at - need.cooldown) + need.cooldown
        assert sum(at > need.at - HOUR for at in history.given.get(chosen.agent_id, ())) < 10
        assert [verdict.reason for verdict in choice.verdicts].count(Reason.CHOSEN) == 1


@given(people, needs, st.sampled_from(Strategy), histories)
def test_everybody_can_read_why(candidates: list[Candidate], need: Need, strategy: Strategy, history: History) -> None:
    choice = choose_agent(candidates, need, strategy, history)

    for verdict in choice.verdicts:
        said = verdict_in_words(verdict, choice, ALMATY, now=need.at)
        assert said.ru
        assert said.en

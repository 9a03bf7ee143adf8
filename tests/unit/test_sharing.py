"""What somebody leaves, tied into parcels: what concerns one client goes to one person."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.domain.distribution import USUAL_LIMITS, Candidate, Choice, History, Strategy, choose_agent
from crm_core.domain.leads import COOLDOWN
from crm_core.domain.people import AgentState
from crm_core.domain.sharing import HeldClient, HeldLead, HeldPromise, Parcel, explain_share, limits_for, parcels
from crm_core.domain.words import Words
from tests.builders import NOON

ANNA, BORIS, BOSS = UUID(int=1), UUID(int=2), UUID(int=3)
AIGERIM, TEAM = UUID(int=11), UUID(int=21)
HOUR = timedelta(hours=1)
WHY = Words(ru="Прежний менеджер (Anna) в отсутствии.", en="Anna is away.")


def promise(number: int, **what: object) -> HeldPromise:
    given = {"id": UUID(int=100 + number), "client_id": None, "address": None, "lead_id": None, "language": None}
    return HeldPromise(**(given | what))  # type: ignore[arg-type]


def lead(number: int, **what: object) -> HeldLead:
    given = {"client_id": None, "address": None, "team_id": None, "language": None, "destination": None}
    return HeldLead(**({"id": UUID(int=200 + number)} | given | what))  # type: ignore[arg-type]


def chosen(*, present: bool) -> Choice:
    boris = Candidate(
        agent_id=BORIS,
        name="Boris",
        present=present,
        state=AgentState.AVAILABLE if present else AgentState.OFFLINE,
        state_since=NOON,
        active_clients=3,
    )
    need = parcels([promise(1)], [], [])[0].need(NOON, leaver=ANNA, team_id=TEAM)
    return choose_agent([boris], need, Strategy.LEAST_LOADED, History())


def test_two_promises_a_lead_and_the_client_herself_are_one_parcel() -> None:
    both = [promise(1, client_id=AIGERIM), promise(2, client_id=AIGERIM)]

    tied = parcels(both, [lead(1, client_id=AIGERIM)], [HeldClient(id=AIGERIM, language="kk")])

    assert len(tied) == 1
    assert (tied[0].client_id, len(tied[0].promises), len(tied[0].leads)) == (AIGERIM, 2, 1)
    assert tied[0].client is not None


def test_a_stranger_is_tied_by_their_address_and_by_the_lead_they_left() -> None:
    wish = lead(1, address="+77011234567")
    of_lead = promise(1, lead_id=wish.id)
    missed = promise(2, address="+77011234567")
    other = promise(3, address="+77010000000")

    tied = parcels([of_lead, missed, other], [wish], [])

    assert [[one.id for one in parcel.work] for parcel in tied] == [[of_lead.id, missed.id, wish.id], [other.id]]


def test_a_parcel_asks_for_everything_any_part_of_it_asks_for() -> None:
    early, late = NOON - HOUR, NOON
    parcel = Parcel(
        promises=[promise(1, skills=["Visa"], cooldown=HOUR, lost={BORIS: early})],
        leads=[lead(1, language="kk-KZ", destination="Hainan", skills=["china"], team_id=TEAM, lost={BORIS: late})],
    )

    need = parcel.need(NOON, leaver=ANNA, team_id=None)

    assert (need.from_agent_id, need.team_id, need.languages, need.destination) == (ANNA, TEAM, ("kk",), "hainan")
    assert need.skills == {"visa", "china"}
    assert need.cooldown == HOUR
    assert parcel.lost == {BORIS: late}
    assert Parcel(leads=parcel.leads).need(NOON, leaver=ANNA, team_id=None).cooldown == COOLDOWN


def test_caps_are_about_work_and_not_about_clients_who_wait_for_nothing() -> None:
    working = Parcel(promises=[promise(1)])
    resting = Parcel(client=HeldClient(id=AIGERIM, language=None))

    assert limits_for(working, USUAL_LIMITS) == USUAL_LIMITS
    assert limits_for(resting, USUAL_LIMITS).load_cap > 10**6
    assert limits_for(resting, USUAL_LIMITS).hourly_cap > 10**6


def test_the_sentence_says_why_it_went_and_why_to_this_one() -> None:
    told = explain_share(
        chosen(present=True),
        why=WHY,
        leaver=ANNA,
        leaver_name="Anna",
        heir_name="Boris",
        at=NOON,
        zone=ZoneInfo("UTC"),
    )

    assert told.sentence.en == (
        "Anna is away. Handed over (Anna → Boris): available, 3 of 60 clients, the least loaded."
    )
    assert told.sentence.ru.startswith("Прежний менеджер (Anna) в отсутствии. Передано (Anna → Boris): на линии")
    assert told.record["to_agent_id"] == str(BORIS)


def test_when_nobody_could_take_it_the_sentence_says_who_answers_for_it() -> None:
    told = explain_share(
        chosen(present=False),
        why=WHY,
        leaver=ANNA,
        leaver_name="Anna",
        heir_name="Boss",
        at=NOON,
        zone=ZoneInfo("UTC"),
    )

    assert told.sentence.en == "Anna is away. Nobody could take it, the supervisor answers for it (Boss)."
    assert told.record["to_agent_id"] is None

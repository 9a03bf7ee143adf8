"""A promise is made, seen, claimed, kept, moved and never forgotten, on a real database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from crm_core.actions import callbacks, handovers
from crm_core.actions.callbacks import AgentUnknown, CallbackIn, ClientRequired, ContactUnknown
from crm_core.actions.reached import keep_for_contact
from crm_core.domain.callbacks import DueTimeRejected, PolicyUnknown, PromisedCallback
from crm_core.domain.errors import CallbackAlreadyClaimed, CallbackClosed, Forbidden, NotFound, TakeOverTooEarly
from crm_core.domain.events import FLOOR, agent_room, team_room
from crm_core.store.database import Database, Transaction
from crm_core.views.callbacks import Callback, CallbackFilters, get_callback, list_callbacks, load_callbacks
from tests.integration.desk import add_interaction, add_team, agent, make_older, owner, supervisor
from tests.people import add_agent, add_client, events_of

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Two managers of one team, their supervisor, a manager of another team, and a client of nobody's."""

    database: Database
    anna: UUID
    boris: UUID
    irina: UUID
    zhanar: UUID
    team: UUID
    client: UUID

    async def now(self) -> datetime:
        async with self.database.begin() as tx:
            return tx.now

    async def promise(self, to_be_kept_by: UUID, *, within: timedelta = HOUR, client: UUID | None = None) -> UUID:
        async with self.database.begin() as tx:
            given = CallbackIn(client_id=client or self.client, due_at=tx.now + within, subject="quote for Hainan")
            return await callbacks.create(tx, agent(to_be_kept_by), given)

    async def read(self, callback_id: UUID) -> Callback:
        async with self.database.read() as db:
            return (await load_callbacks(db, [callback_id]))[callback_id]

    async def answers(self, tx: Transaction, call: UUID, *, at: datetime) -> UUID | None:
        """The client was reached in this call; gives the promise that it keeps."""
        return await keep_for_contact(tx, client_id=self.client, interaction_id=call, begun_at=at, answered_at=at)

    async def call(self, *, before: timedelta = timedelta()) -> UUID:
        """An answered call with the client."""
        async with self.database.begin() as tx:
            at = tx.now - before
            call = await add_interaction(tx, client=self.client, agent=self.anna, started_at=at)
            await tx.execute("UPDATE interactions SET answered_at = $2 WHERE id = $1", call, at)
        return call


@pytest.fixture
async def house(database: Database) -> House:
    anna = await add_agent(database, "anna", extension="1001")
    boris = await add_agent(database, "boris", extension="1002")
    irina = await add_agent(database, "irina", extension=None, role="supervisor")
    zhanar = await add_agent(database, "zhanar", extension="2001")
    team = await add_team(database, "sales", anna, boris, irina)
    await add_team(database, "hotline", zhanar)
    client = await add_client(database, "Сулейменова Айгерим", phone="+77011234567")
    return House(database=database, anna=anna, boris=boris, irina=irina, zhanar=zhanar, team=team, client=client)


async def test_a_promise_tells_by_what_clock_the_client_lives(house: House) -> None:
    promise = await house.promise(house.anna)
    unknown = await house.read(promise)
    async with house.database.begin() as tx:
        await tx.execute("UPDATE clients SET timezone = 'Asia/Shanghai' WHERE id = $1", house.client)

    assert (unknown.client_timezone, (await house.read(promise)).client_timezone) == (None, "Asia/Shanghai")


async def test_a_promise_has_an_owner_a_deadline_and_the_moments_that_follow(house: House) -> None:
    promise = await house.read(await house.promise(house.anna))

    assert (promise.state, promise.agent_name, promise.client_name) == ("open", "Anna", "Сулейменова Айгерим")
    assert (promise.policy, promise.policies) == ("strict-10m", ["strict-10m", "soft-72h"])
    assert promise.escalate_at == promise.due_at + 10 * MINUTE
    assert promise.takeover_at == promise.due_at + 72 * HOUR
    assert (promise.late_s, promise.late_by, promise.kept_in, promise.moves) == (None, None, None, 0)
    [promised] = promise.history
    assert (promised.agent_id, promised.reason, promised.to, promised.by) == (house.anna, "promised", None, None)
    assert promise.model_dump(mode="json")["history"][0]["from"] is not None


async def test_its_owner_their_supervisors_and_the_floor_hear_of_it(house: House) -> None:
    await house.promise(house.anna)

    [(name, rooms)] = await events_of(house.database)
    assert name == "callback.changed"
    assert set(rooms) == {agent_room(house.anna), team_room(house.team), FLOOR}


async def test_each_sees_what_concerns_them(house: House) -> None:
    promise = await house.promise(house.anna)

    async with house.database.read() as db:
        for viewer in (agent(house.anna), supervisor(house.irina, house.team), owner(house.zhanar)):
            assert (await get_callback(db, promise, viewer)).id == promise
            assert [one.id for one in (await list_callbacks(db, viewer, CallbackFilters())).items] == [promise]
        for stranger in (agent(house.boris), agent(house.zhanar), supervisor(house.irina, uuid4())):
            with pytest.raises(NotFound):
                await get_callback(db, promise, stranger)
            assert (await list_callbacks(db, stranger, CallbackFilters())).items == []


async def test_the_owner_of_the_client_sees_what_a_colleague_promised_to_them(house: House) -> None:
    hers = await add_client(house.database, "Ким Виктор", phone="+77017654321", owner=house.zhanar)
    async with house.database.begin() as tx:
        promise = await callbacks.promise(
            tx,
            client_id=hers,
            due_at=tx.now + HOUR,
            subject=None,
            via="call",
            agent_id=house.anna,
            promised_in=None,
            by=house.anna,
        )

    async with house.database.read() as db:
        assert (await get_callback(db, promise, agent(house.zhanar))).id == promise
    assert agent_room(house.zhanar) in (await events_of(house.database))[0][1]


async def test_the_list_is_narrowed_by_state_lateness_deadline_and_person(house: House) -> None:
    due = await house.promise(house.anna, within=2 * HOUR)
    late = await house.promise(house.anna, within=MINUTE)
    await make_older(house.database, late, 5 * MINUTE)
    kept = await house.promise(house.boris, within=3 * HOUR)
    async with house.database.begin() as tx:
        await callbacks.keep(tx, kept, agent(house.boris))
    now = await house.now()

    async def ids(**filters: object) -> set[UUID]:
        async with house.database.read() as db:
            page = await list_callbacks(db, owner(house.anna), CallbackFilters.model_validate(filters))
        return {one.id for one in page.items}

    assert await ids() == {due, late, kept}
    assert await ids(late=True) == {late}
    assert await ids(late=False) == {due, kept}
    assert await ids(state="open") == {due, late}
    assert await ids(state="kept") == {kept}
    assert await ids(agent_id=house.boris) == {kept}
    assert await ids(client_id=house.client, due_from=now, due_to=now + 2.5 * HOUR) == {due}
    assert await ids(client_id=uuid4()) == set()


async def test_the_list_goes_on_where_the_last_page_ended(house: House) -> None:
    promised = [await house.promise(house.anna) for _ in range(5)]

    async with house.database.read() as db:
        first = await list_callbacks(db, agent(house.anna), CallbackFilters(), limit=3)
        second = await list_callbacks(db, agent(house.anna), CallbackFilters(), limit=3, cursor=first.next)

    assert [one.id for one in (*first.items, *second.items)] == promised[::-1]
    assert second.next is None


@pytest.mark.parametrize("within", [timedelta(minutes=-30), timedelta(days=6 * 366)])
async def test_a_moment_nobody_can_mean_is_refused(house: House, within: timedelta) -> None:
    with pytest.raises(DueTimeRejected):
        await house.promise(house.anna, within=within)


@pytest.mark.parametrize(
    "given",
    [
        {"due_at": "2026-12-01T10:00:00"},  # whose ten o'clock?
        {"due_at": "9999-12-31T23:59:59-14:00"},
        {"due_at": "tomorrow"},
        {"due_at": "2026-12-01T10:00:00+05:00", "subject": "one\r\ntwo"},
        {"due_at": "2026-12-01T10:00:00+05:00", "via": "pigeon"},
        {"due_at": "2026-12-01T10:00:00+05:00", "priority": 1},
    ],
)
def test_a_promise_that_cannot_be_read_is_refused_at_the_edge(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CallbackIn.model_validate({"client_id": str(uuid4())} | given)


async def test_a_promise_to_nobody_by_nobody_or_under_no_rule_is_refused(house: House) -> None:
    due_at = await house.now() + HOUR
    for refusal, given in (
        (NotFound, CallbackIn(client_id=uuid4(), due_at=due_at)),
        (AgentUnknown, CallbackIn(client_id=house.client, due_at=due_at, agent_id=uuid4())),
        (PolicyUnknown, CallbackIn(client_id=house.client, due_at=due_at, policy="whenever")),
    ):
        with pytest.raises(refusal):
            async with house.database.begin() as tx:
                await callbacks.create(tx, agent(house.anna), given)

    assert await events_of(house.database) == []


async def test_a_claim_keeps_others_off_until_it_lapses(house: House) -> None:
    promise = await house.promise(house.anna)
    async with house.database.begin() as tx:
        await callbacks.claim(tx, promise, agent(house.anna))

    claimed = await house.read(promise)
    assert (claimed.state, claimed.claimed_by) == ("claimed", house.anna)
    for verb in (
        lambda tx: callbacks.claim(tx, promise, supervisor(house.irina, house.team)),
        lambda tx: callbacks.cancel(tx, promise, supervisor(house.irina, house.team), reason="no need"),
        lambda tx: callbacks.move(
            tx, promise, supervisor(house.irina, house.team), agent_id=house.boris, reason="free"
        ),
    ):
        with pytest.raises(CallbackAlreadyClaimed) as refusal:
            async with house.database.begin() as tx:
                await verb(tx)
        assert refusal.value.fields["agent_name"] == "Anna"

    await make_older(house.database, promise, 3 * MINUTE)
    assert (await house.read(promise)).state == "open"
    async with house.database.begin() as tx:
        await callbacks.claim(tx, promise, supervisor(house.irina, house.team))
    assert (await house.read(promise)).claimed_by == house.irina


async def test_a_claim_does_not_lapse_while_they_talk(house: House) -> None:
    promise = await house.promise(house.anna)
    async with house.database.begin() as tx:
        await callbacks.claim(tx, promise, agent(house.anna))
        await add_interaction(tx, client=house.client, agent=house.anna, state="active", direction="outbound")

    await make_older(house.database, promise, 10 * MINUTE)

    assert (await house.read(promise)).state == "claimed"


async def test_of_two_who_claim_at_once_one_calls(house: House) -> None:
    promise = await house.promise(house.anna)

    async def claim(viewer: object) -> bool:
        try:
            async with house.database.begin() as tx:
                await callbacks.claim(tx, promise, viewer)  # type: ignore[arg-type]
        except CallbackAlreadyClaimed:
            return False
        return True

    outcomes = await asyncio.gather(claim(agent(house.anna)), claim(supervisor(house.irina, house.team)))

    assert sorted(outcomes) == [False, True]


async def test_an_answered_call_keeps_the_promise_and_tells_so(house: House) -> None:
    promise = await house.promise(house.anna, within=MINUTE)
    await make_older(house.database, promise, 4 * MINUTE)
    call = await house.call()
    async with house.database.begin() as tx:
        kept = await house.answers(tx, call, at=tx.now)

    assert kept == promise
    now = await house.read(promise)
    assert (now.state, now.kept_in, now.late_by) == ("kept", call, "agent")
    assert now.late_s == pytest.approx(180, abs=30)
    assert now.history[-1].to == now.closed_at
    assert [name for name, _ in await events_of(house.database)] == ["callback.changed"] * 2


async def test_the_same_answered_call_told_twice_keeps_one_promise(house: House) -> None:
    first, second = await house.promise(house.anna, within=HOUR), await house.promise(house.anna, within=2 * HOUR)
    call = await house.call()

    for _ in range(2):
        async with house.database.begin() as tx:
            await house.answers(tx, call, at=tx.now)

    assert (await house.read(first)).state == "kept"
    assert (await house.read(first)).late_s is None
    assert (await house.read(second)).state == "open"


async def test_what_is_promised_at_the_end_of_a_talk_waits_for_the_next_one(house: House) -> None:
    call = await house.call()
    async with house.database.begin() as tx:
        answered_at = tx.now
        promise = await callbacks.promise_in_interaction(
            tx,
            interaction_id=call,
            client_id=house.client,
            agent_id=house.anna,
            by=house.anna,
            callback=PromisedCallback(due_at=tx.now + HOUR, subject="prices"),
        )
        assert promise is not None
        await house.answers(tx, call, at=answered_at + MINUTE)
    assert (await house.read(promise)).state == "open"

    next_call = await house.call()
    async with house.database.begin() as tx:
        await house.answers(tx, next_call, at=tx.now)
    assert (await house.read(promise)).kept_in == next_call


async def test_an_outcome_said_again_replaces_its_promise(house: House) -> None:
    call = await house.call()
    promised = []
    for hours, subject in ((1, "prices"), (5, "prices and visas")):
        async with house.database.begin() as tx:
            promised.append(
                await callbacks.promise_in_interaction(
                    tx,
                    interaction_id=call,
                    client_id=house.client,
                    agent_id=house.anna,
                    by=house.anna,
                    callback=PromisedCallback(due_at=tx.now + hours * HOUR, subject=subject),
                )
            )
            now = tx.now

    assert promised[0] == promised[1]
    one = await house.read(promised[0])
    assert (one.subject, one.due_at, one.escalate_at) == ("prices and visas", now + 5 * HOUR, one.due_at + 10 * MINUTE)
    async with house.database.read() as db:
        assert len((await list_callbacks(db, agent(house.anna), CallbackFilters())).items) == 1


async def test_an_outcome_corrected_without_a_promise_does_not_take_the_word_back(house: House) -> None:
    promise = await house.promise(house.anna)

    async with house.database.begin() as tx:
        said = await callbacks.promise_in_interaction(
            tx, interaction_id=uuid4(), client_id=house.client, agent_id=house.anna, by=house.anna, callback=None
        )

    assert said is None
    assert (await house.read(promise)).state == "open"


async def test_nothing_is_promised_to_somebody_unknown(house: House) -> None:
    with pytest.raises(ClientRequired):
        async with house.database.begin() as tx:
            await callbacks.promise_in_interaction(
                tx,
                interaction_id=uuid4(),
                client_id=None,
                agent_id=house.anna,
                by=house.anna,
                callback=PromisedCallback(due_at=tx.now + HOUR),
            )


async def test_a_manager_says_by_which_contact_it_was_kept(house: House) -> None:
    promise = await house.promise(house.anna, within=MINUTE)
    await make_older(house.database, promise, 10 * MINUTE)
    call = await house.call(before=8 * MINUTE)

    async with house.database.begin() as tx:
        await callbacks.keep(tx, promise, agent(house.anna), interaction_id=call)

    kept = await house.read(promise)
    assert (kept.kept_in, kept.late_s) == (call, pytest.approx(60, abs=10))


async def test_a_contact_before_the_promise_or_with_another_cannot_have_kept_it(house: House) -> None:
    before = await house.call(before=HOUR)
    other = await add_client(house.database, "Ким Виктор", phone="+77017654321")
    async with house.database.begin() as tx:
        elsewhere = await add_interaction(tx, client=other, agent=house.anna)
    promise = await house.promise(house.anna)

    for contact in (before, elsewhere, uuid4()):
        with pytest.raises(ContactUnknown):
            async with house.database.begin() as tx:
                await callbacks.keep(tx, promise, agent(house.anna), interaction_id=contact)


async def test_keeping_what_is_kept_changes_nothing_and_cancelling_it_is_refused(house: House) -> None:
    promise = await house.promise(house.anna)
    async with house.database.begin() as tx:
        await callbacks.keep(tx, promise, agent(house.anna))
    version = (await house.read(promise)).version

    async with house.database.begin() as tx:
        await callbacks.keep(tx, promise, agent(house.anna))
    with pytest.raises(CallbackClosed):
        async with house.database.begin() as tx:
            await callbacks.cancel(tx, promise, agent(house.anna), reason="no need")

    assert (await house.read(promise)).version == version


async def test_a_moved_promise_leaves_one_and_reaches_the_other_with_the_reason(house: House) -> None:
    promise = await house.promise(house.anna)
    async with house.database.begin() as tx:
        await callbacks.move(
            tx, promise, supervisor(house.irina, house.team), agent_id=house.boris, reason="Анна в отпуске"
        )

    moved = await house.read(promise)
    assert (moved.agent_id, moved.moves, moved.escalate_at) == (house.boris, 1, moved.due_at + 10 * MINUTE)
    before, since = moved.history
    assert (before.agent_id, before.to) == (house.anna, since.from_)
    assert (since.agent_id, since.reason, since.explanation, since.by, since.to) == (
        house.boris,
        "moved",
        "Анна в отпуске",
        house.irina,
        None,
    )
    name, rooms = (await events_of(house.database))[-1]
    assert name == "callback.moved"
    assert {agent_room(house.anna), agent_room(house.boris), team_room(house.team), FLOOR} <= set(rooms)
    async with house.database.read() as db:
        assert (await get_callback(db, promise, agent(house.boris))).id == promise
        with pytest.raises(NotFound):
            await get_callback(db, promise, agent(house.anna))


async def test_who_receives_a_late_promise_is_given_the_grace_of_the_rule_it_was_made_under(house: House) -> None:
    promise = await house.promise(house.anna, within=MINUTE)
    await make_older(house.database, promise, HOUR)
    async with house.database.begin() as tx:
        await tx.execute(
            """INSERT INTO callback_policies (name, version, rule)
               SELECT name, 2, jsonb_set(rule, '{grace_s}', '60') FROM callback_policies WHERE name = 'strict-10m'"""
        )
        await callbacks.move(
            tx, promise, supervisor(house.irina, house.team), agent_id=house.boris, reason="she is away"
        )
        now = tx.now

    assert (await house.read(promise)).escalate_at == now + 10 * MINUTE
    fresh = await house.read(await house.promise(house.anna))
    assert fresh.escalate_at == fresh.due_at + MINUTE


async def test_the_supervisor_takes_over_a_tail_and_not_a_minute_earlier(house: House) -> None:
    promise = await house.promise(house.anna, within=MINUTE)
    await make_older(house.database, promise, 71 * HOUR)
    irina = supervisor(house.irina, house.team)

    with pytest.raises(TakeOverTooEarly):
        async with house.database.begin() as tx:
            await handovers.take_over(tx, promise, irina)
    await make_older(house.database, promise, 2 * HOUR)
    with pytest.raises(Forbidden):
        async with house.database.begin() as tx:
            await handovers.take_over(tx, promise, agent(house.anna))
    async with house.database.begin() as tx:
        await handovers.take_over(tx, promise, irina)

    taken = await house.read(promise)
    assert (taken.agent_id, taken.history[-1].reason) == (house.irina, "taken_over")
    assert taken.late_s is not None
    assert taken.late_s > 72 * 3600


async def test_a_cancelled_promise_says_why_and_owes_nothing(house: House) -> None:
    promise = await house.promise(house.anna)
    async with house.database.begin() as tx:
        await callbacks.cancel(tx, promise, agent(house.anna), reason="Клиент купил сам")

    cancelled = await house.read(promise)
    assert (cancelled.state, cancelled.cancel_reason) == ("cancelled", "Клиент купил сам")
    call = await house.call()
    async with house.database.begin() as tx:
        assert not await house.answers(tx, call, at=tx.now)
    with pytest.raises(CallbackClosed):
        async with house.database.begin() as tx:
            await callbacks.claim(tx, promise, agent(house.anna))

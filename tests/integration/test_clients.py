"""Clients are written down, corrected, guarded, merged and told apart again, on a real database."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from crm_core.actions import callbacks, clients
from crm_core.actions.clients import (
    ClientIn,
    ClientPatch,
    MergedFurther,
    NotMerged,
    OwnerUnknown,
    SameClient,
)
from crm_core.domain.contact_points import ContactPointRejected
from crm_core.domain.errors import NotFound, VersionConflict
from crm_core.domain.events import FLOOR, agent_room, team_room
from crm_core.domain.viewer import Viewer
from crm_core.store.clients import clients_by_phones, may_see_client
from crm_core.store.database import Database
from crm_core.views.clients import Client, get_client, list_clients, load_clients
from crm_core.views.timeline import get_timeline
from tests.integration.desk import add_interaction, add_team, agent, owner, supervisor
from tests.people import add_agent, add_client, events_of

BOSS = owner(UUID(int=1))


async def write_down(database: Database, **given: Any) -> UUID:
    async with database.begin() as tx:
        return await clients.create(tx, ClientIn.model_validate(given), country="KZ")


async def correct(database: Database, client: UUID, viewer: Viewer = BOSS, **changes: Any) -> UUID:
    async with database.begin() as tx:
        return await clients.edit(tx, client, viewer, ClientPatch.model_validate(changes), country="KZ")


async def read(database: Database, client: UUID) -> Client:
    async with database.read() as db:
        return (await load_clients(db, [client]))[client]


async def test_a_client_is_kept_as_written_and_reached_as_dialled(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    aigerim = await write_down(
        database,
        name="  Сулейменова Айгерим ",
        language="ru",
        owner_id=anna,
        service_class="A",
        hint="любит тишину",
        timezone="Asia/Almaty",
        birthday="1988-03-08",
        note="Летает с детьми.\r\nАллергия на орехи.",
        contact_points=[
            {"kind": "phone", "value": "8 (701) 123-45-67", "label": "мобильный"},
            {"kind": "email", "value": "Aigerim@Mail.KZ"},
            {"kind": "phone", "value": "+7 701 123 45 67"},
        ],
    )

    stored = await read(database, aigerim)
    assert (stored.name, stored.owner_name, stored.birthday) == ("Сулейменова Айгерим", "Anna", date(1988, 3, 8))
    assert stored.note == "Летает с детьми.\nАллергия на орехи."
    assert [(one.kind, one.value, one.typed, one.label) for one in stored.contact_points] == [
        ("phone", "+77011234567", "8 (701) 123-45-67", "мобильный"),
        ("email", "aigerim@mail.kz", "Aigerim@Mail.KZ", None),
    ]
    assert stored.version == 1


async def test_a_name_with_markup_is_a_name(database: Database) -> None:
    stored = await read(database, await write_down(database, name="<b>O'Brien & ${Sons}</b> 🙂"))

    assert stored.name == "<b>O'Brien & ${Sons}</b> 🙂"


@pytest.mark.parametrize(
    "given",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "А" * 301},
        {"name": "Айгерим\r\nAction: Originate"},
        {"name": "Айгерим\x00"},
        {"name": "Айгерим", "timezone": "Mars/Olympus"},
        {"name": "Айгерим", "language": "по-русски"},
        {"name": "Айгерим", "birthday": "0001-01-01"},
        {"name": "Айгерим", "contact_points": [{"kind": "fax", "value": "1"}]},
        {"name": "Айгерим", "contact_points": [{"kind": "phone", "value": "8"}] * 51},
        {"name": "Айгерим", "vip": True},
    ],
)
def test_what_cannot_be_a_client_is_refused_at_the_edge(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ClientIn.model_validate(given)


@pytest.mark.parametrize("value", ["1017", "позвони мне", "+77011234567&PJSIP/trunk", "${EXTEN}"])
async def test_a_number_that_is_none_is_refused_and_nothing_is_stored(database: Database, value: str) -> None:
    with pytest.raises(ContactPointRejected):
        await write_down(database, name="Айгерим", contact_points=[{"kind": "phone", "value": value}])

    async with database.read() as db:
        assert (await list_clients(db, BOSS)).items == []


async def test_an_owner_must_be_somebody(database: Database) -> None:
    with pytest.raises(OwnerUnknown):
        await write_down(database, name="Айгерим", owner_id=str(uuid4()))


async def test_one_number_may_be_a_family_s(database: Database) -> None:
    aigerim = await add_client(database, "Айгерим", phone="+77011234567")
    marat = await add_client(database, "Марат", phone="+77011234567")
    viktor = await add_client(database, "Виктор", phone="+77017654321")

    async with database.read() as db:
        found = await clients_by_phones(db, ["+77011234567", "+77017654321", "+77770000000"])

    assert found == {"+77011234567": [aigerim, marat], "+77017654321": [viktor]}


async def test_a_correction_changes_what_it_names_and_nothing_else(database: Database) -> None:
    aigerim = await write_down(database, name="Айгерим", hint="любит тишину", service_class="A")

    await correct(database, aigerim, name="Айгерим Сулейменова", hint=None)

    stored = await read(database, aigerim)
    assert (stored.name, stored.hint, stored.service_class, stored.version) == ("Айгерим Сулейменова", None, "A", 2)


async def test_contact_points_are_replaced_as_a_whole_and_keep_their_ids(database: Database) -> None:
    aigerim = await write_down(
        database,
        name="Айгерим",
        contact_points=[{"kind": "phone", "value": "8 701 123 45 67"}, {"kind": "email", "value": "a@mail.kz"}],
    )
    phone, _ = (await read(database, aigerim)).contact_points

    await correct(
        database,
        aigerim,
        contact_points=[{"kind": "telegram", "value": "@aigerim"}, {"kind": "phone", "value": phone.value}],
    )
    await correct(database, aigerim, hint="новое")

    telegram, same = (await read(database, aigerim)).contact_points
    assert (telegram.kind, telegram.value) == ("telegram", "aigerim")
    assert (same.id, same.typed) == (phone.id, "8 701 123 45 67")
    await correct(database, aigerim, contact_points=[])
    assert (await read(database, aigerim)).contact_points == []


async def test_who_edits_what_somebody_else_has_just_changed_is_told_so(database: Database) -> None:
    aigerim = await write_down(database, name="Айгерим")
    await correct(database, aigerim, hint="первая", version=1)

    with pytest.raises(VersionConflict) as refusal:
        await correct(database, aigerim, hint="вторая", version=1)

    assert refusal.value.fields == {"version": 2}
    assert (await read(database, aigerim)).hint == "первая"


async def test_an_empty_correction_changes_nothing(database: Database) -> None:
    aigerim = await write_down(database, name="Айгерим")

    await correct(database, aigerim, version=1)

    assert (await read(database, aigerim)).version == 1


def test_a_client_cannot_lose_their_name() -> None:
    with pytest.raises(ValidationError):
        ClientPatch.model_validate({"name": None})


async def test_the_owner_the_supervisors_and_whoever_serves_the_client_hear_of_a_change(database: Database) -> None:
    anna, boris, zhanar = [await add_agent(database, login, extension=None) for login in ("anna", "boris", "zhanar")]
    team = await add_team(database, "sales", anna)
    aigerim = await write_down(database, name="Айгерим", owner_id=anna)
    async with database.begin() as tx:
        await add_interaction(tx, client=aigerim, agent=zhanar, state="active")

    await correct(database, aigerim, owner_id=boris)

    name, rooms = (await events_of(database))[-1]
    assert name == "client.changed"
    assert set(rooms) == {FLOOR, team_room(team), agent_room(anna), agent_room(boris), agent_room(zhanar)}


async def test_a_card_is_opened_by_its_owner_their_supervisors_and_those_who_served_the_client(
    database: Database,
) -> None:
    anna, boris, irina = [await add_agent(database, login, extension=None) for login in ("anna", "boris", "irina")]
    team = await add_team(database, "sales", anna, irina)
    aigerim = await add_client(database, "Айгерим", phone="+77011234567", owner=anna)
    nobodys = await add_client(database, "Виктор", phone="+77017654321")

    async def may(viewer: Viewer, client: UUID = aigerim) -> bool:
        async with database.read() as db:
            return await may_see_client(db, viewer, client)

    assert await may(agent(anna))
    assert await may(supervisor(irina, team))
    assert await may(BOSS)
    assert await may(agent(boris), nobodys)
    assert not await may(agent(boris))
    assert not await may(supervisor(irina, uuid4()))

    async with database.begin() as tx:
        await add_interaction(tx, client=aigerim, agent=boris, started_at=tx.now - timedelta(days=90))
    assert await may(agent(boris))


async def test_a_promise_opens_the_card_to_whoever_owes_it(database: Database) -> None:
    anna, boris = [await add_agent(database, login, extension=None) for login in ("anna", "boris")]
    aigerim = await add_client(database, "Айгерим", phone="+77011234567", owner=anna)
    async with database.begin() as tx:
        await callbacks.promise(
            tx,
            client_id=aigerim,
            due_at=tx.now,
            subject=None,
            via="call",
            agent_id=boris,
            promised_in=None,
            by=anna,
        )

    async with database.read() as db:
        assert (await get_client(db, aigerim, agent(boris))).id == aigerim


async def test_while_a_shared_number_rings_the_cards_behind_it_are_open_to_whom_it_rings(database: Database) -> None:
    anna, boris = [await add_agent(database, login, extension=None) for login in ("anna", "boris")]
    aigerim = await add_client(database, "Айгерим", phone="+77011234567", owner=anna)
    async with database.begin() as tx:
        call = await add_interaction(tx, client=None, address="+77011234567", state="offered", ringing=boris)

    async with database.read() as db:
        assert await may_see_client(db, agent(boris), aigerim)
    async with database.begin() as tx:
        await tx.execute("UPDATE legs SET ended_at = now(), result = 'no_answer' WHERE interaction_id = $1", call)
    async with database.read() as db:
        assert not await may_see_client(db, agent(boris), aigerim)


async def test_a_foreign_card_is_as_if_it_were_not_there(database: Database) -> None:
    anna, boris = [await add_agent(database, login, extension=None) for login in ("anna", "boris")]
    aigerim = await add_client(database, "Айгерим", phone="+77011234567", owner=anna)

    async with database.read() as db:
        with pytest.raises(NotFound):
            await get_client(db, aigerim, agent(boris))
        with pytest.raises(NotFound):
            await get_timeline(db, aigerim, agent(boris))
        with pytest.raises(NotFound):
            await get_client(db, uuid4(), BOSS)
    with pytest.raises(NotFound):
        await correct(database, aigerim, agent(boris), hint="моё")


async def test_the_list_holds_one_s_own_clients_and_nobody_s_newest_first(database: Database) -> None:
    anna, boris = [await add_agent(database, login, extension=None) for login in ("anna", "boris")]
    first = await add_client(database, "Айгерим", phone="+77011234567", owner=anna)
    await add_client(database, "Марат", phone="+77011234568", owner=boris)
    second = await add_client(database, "Виктор", phone="+77011234569")

    async with database.read() as db:
        page = await list_clients(db, agent(anna), limit=1)
        rest = await list_clients(db, agent(anna), limit=1, cursor=page.next)
        assert len((await list_clients(db, BOSS)).items) == 3

    assert [one.id for one in (*page.items, *rest.items)] == [second, first]
    assert rest.next is None


async def merged(database: Database, survivor: UUID, other: UUID) -> UUID:
    async with database.begin() as tx:
        return await clients.merge(tx, survivor, BOSS, other_id=other)


async def parted(database: Database, client: UUID) -> UUID:
    async with database.begin() as tx:
        return await clients.unmerge(tx, client, BOSS)


async def test_two_cards_of_one_person_become_one_and_nothing_is_lost(database: Database) -> None:
    anna = await add_agent(database, "anna", extension=None)
    here = await write_down(database, name="Айгерим", contact_points=[{"kind": "phone", "value": "87011234567"}])
    there = await write_down(
        database,
        name="Сулейменова А.",
        birthday="1988-03-08",
        owner_id=anna,
        contact_points=[{"kind": "phone", "value": "87011234567"}, {"kind": "phone", "value": "87017654321"}],
    )
    async with database.begin() as tx:
        call = await add_interaction(tx, client=there, agent=anna)
        promise = await callbacks.promise(
            tx, client_id=there, due_at=tx.now, subject=None, via="call", agent_id=anna, promised_in=None, by=anna
        )

    assert await merged(database, here, there) == here

    async with database.read() as db:
        one = await get_client(db, there, BOSS)
        timeline = await get_timeline(db, there, BOSS)
        found = await clients_by_phones(db, ["+77011234567", "+77017654321"])
        assert [client.id for client in (await list_clients(db, BOSS)).items] == [here]
    assert (one.id, one.name, one.birthday, one.owner_id) == (here, "Айгерим", date(1988, 3, 8), anna)
    assert [point.value for point in one.contact_points] == ["+77011234567", "+77017654321"]
    assert {entry.interaction.id for entry in timeline.items if entry.interaction} == {call}
    assert {entry.callback.id for entry in timeline.items if entry.callback} == {promise}
    assert found == {"+77011234567": [here], "+77017654321": [here]}


async def test_a_merge_undone_gives_each_their_own_and_leaves_what_came_later(database: Database) -> None:
    here = await write_down(database, name="Айгерим", contact_points=[{"kind": "phone", "value": "87011234567"}])
    there = await write_down(
        database,
        name="Марат",
        birthday="1985-01-02",
        service_class="B",
        contact_points=[{"kind": "phone", "value": "87011234567"}, {"kind": "phone", "value": "87017654321"}],
    )
    async with database.begin() as tx:
        theirs = await add_interaction(tx, client=there)
    await merged(database, here, there)
    await correct(database, here, service_class="A")
    async with database.begin() as tx:
        later = await add_interaction(tx, client=here)

    assert await parted(database, there) == there

    survivor, other = await read(database, here), await read(database, there)
    assert (survivor.birthday, survivor.service_class) == (None, "A")
    assert [point.value for point in survivor.contact_points] == ["+77011234567"]
    assert [point.value for point in other.contact_points] == ["+77011234567", "+77017654321"]
    async with database.read() as db:
        rows = await db.fetch("SELECT id, client_id FROM interactions")
    assert {row["id"]: row["client_id"] for row in rows} == {theirs: there, later: here}
    with pytest.raises(NotMerged):
        await parted(database, there)


async def test_merges_are_undone_in_the_order_they_were_made(database: Database) -> None:
    first, second, third = [
        await add_client(database, name, phone=f"+7701000000{number}") for number, name in enumerate("АБВ")
    ]
    await merged(database, second, first)
    await merged(database, third, second)

    async with database.read() as db:
        assert (await get_client(db, first, BOSS)).id == third
    with pytest.raises(MergedFurther):
        await parted(database, first)
    await parted(database, third)
    await parted(database, second)

    for number, client in enumerate((first, second, third)):
        assert [point.value for point in (await read(database, client)).contact_points] == [f"+7701000000{number}"]


async def test_one_person_cannot_be_merged_with_themselves_or_with_nobody(database: Database) -> None:
    first = await add_client(database, "А", phone="+77010000001")
    second = await add_client(database, "Б", phone="+77010000002")
    await merged(database, first, second)

    with pytest.raises(SameClient):
        await merged(database, first, first)
    with pytest.raises(SameClient):
        await merged(database, first, second)
    with pytest.raises(NotFound):
        await merged(database, first, uuid4())

"""Adding people, changing them, and the lists they work with."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from crm_core.actions import catalogues, users
from crm_core.actions.catalogues import CodeTwice, DispositionEntry, PauseReasonEntry, QueueEntry, UnknownPerson
from crm_core.actions.users import NewUser, NotYourself
from crm_core.domain.errors import ExtensionTaken, Forbidden, LoginTaken, NotFound, VersionConflict
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from crm_core.views.catalogues import list_dispositions, list_pause_reasons, list_queues
from crm_core.views.users import Account, get_account, list_accounts

LABELS = {"ru": "По-русски", "en": "In English"}


async def add(db: Database, login: str, **details: object) -> UUID:
    user = NewUser(**{"login": login, "name": login.title(), "role": Role.AGENT, **details})
    async with db.begin() as tx:
        return await users.add_user(tx, user, None, by=None)


async def account(db: Database, user_id: UUID) -> Account:
    async with db.read() as reader:
        return await get_account(reader, user_id)


def as_viewer(user_id: UUID, role: Role) -> Viewer:
    return Viewer(user_id=user_id, role=role, team_id=None)


async def test_a_person_comes_with_their_team_phone_and_queues(database: Database) -> None:
    anna = await add(database, "anna", team="North", extension="1001", queues=["sales", "vip"])

    seen = await account(database, anna)
    async with database.read() as reader:
        queues = {queue.name: queue for queue in (await list_queues(reader)).items}

    assert (seen.extension, seen.queues, seen.enabled) == ("1001", ["sales", "vip"], True)
    assert seen.team is not None
    assert seen.team.name == "North"
    assert (queues["sales"].title.ru, queues["vip"].title.ru) == ("Продажи", "vip")
    assert queues["sales"].members == [anna]


async def test_two_people_never_share_a_login_or_a_phone(database: Database) -> None:
    await add(database, "anna", extension="1001")

    with pytest.raises(LoginTaken):
        await add(database, "Anna")
    with pytest.raises(ExtensionTaken):
        await add(database, "boris", extension="1001")


async def test_what_is_not_named_stays_and_what_is_null_goes(database: Database) -> None:
    boss = as_viewer(await add(database, "boss", role=Role.ADMIN), Role.ADMIN)
    anna = await add(database, "anna", team="North", extension="1001", queues=["sales"])

    async with database.begin() as tx:
        await users.change_user(tx, anna, {"name": "Анна", "extension": None}, by=boss)

    seen = await account(database, anna)
    assert (seen.name, seen.extension, seen.queues) == ("Анна", None, ["sales"])
    assert seen.team is not None


async def test_only_an_owner_makes_or_changes_an_owner(database: Database) -> None:
    admin = as_viewer(await add(database, "admin", role=Role.ADMIN), Role.ADMIN)
    owner = await add(database, "owner", role=Role.OWNER)
    another = NewUser(login="boris", name="Boris", role=Role.OWNER)

    async with database.begin() as tx:
        with pytest.raises(Forbidden):
            await users.change_user(tx, owner, {"enabled": False}, by=admin)
        with pytest.raises(Forbidden):
            await users.change_user(tx, admin.user_id, {"role": Role.OWNER}, by=admin)
        with pytest.raises(Forbidden):
            await users.add_user(tx, another, None, by=admin)


async def test_nobody_takes_their_own_rights_away(database: Database) -> None:
    admin = as_viewer(await add(database, "admin", role=Role.ADMIN), Role.ADMIN)

    for changes in ({"role": Role.AGENT}, {"enabled": False}):
        with pytest.raises(NotYourself):
            async with database.begin() as tx:
                await users.change_user(tx, admin.user_id, changes, by=admin)


async def test_a_stranger_cannot_be_changed(database: Database) -> None:
    boss = as_viewer(await add(database, "boss", role=Role.OWNER), Role.OWNER)

    with pytest.raises(NotFound):
        async with database.begin() as tx:
            await users.change_user(tx, uuid4(), {"name": "Nobody"}, by=boss)


async def test_accounts_are_listed_newest_first_a_page_at_a_time(database: Database) -> None:
    added = [await add(database, f"person-{number}") for number in range(3)]

    async with database.read() as reader:
        first = await list_accounts(reader, limit=2, cursor=None)
        rest = await list_accounts(reader, limit=2, cursor=first.next)

    assert [one.id for one in first.items] == added[:0:-1]
    assert [one.id for one in rest.items] == added[:1]
    assert rest.next is None


async def test_a_list_is_replaced_by_who_saw_its_newest_version(database: Database) -> None:
    boss = await add(database, "boss", role=Role.ADMIN)
    async with database.read() as reader:
        before = await list_dispositions(reader)
    sale = DispositionEntry(
        code="SALE", labels=LABELS, resultative=True, contact_made=True, callback="none", enabled=True
    )

    async with database.begin() as tx:
        await catalogues.replace_dispositions(tx, [sale], version=before.version, by=boss)
    with pytest.raises(VersionConflict):
        async with database.begin() as tx:
            await catalogues.replace_dispositions(tx, [], version=before.version, by=boss)

    async with database.read() as reader:
        after = await list_dispositions(reader)
        told = await reader.fetchrow("SELECT rooms, body FROM outbox WHERE type = 'catalogue.changed'")
    assert after.version == before.version + 1
    assert [one.code for one in after.items if one.enabled] == ["SALE"]
    assert {one.code for one in after.items} == {one.code for one in before.items}  # old records keep their words
    assert told["rooms"] == ["staff"]
    assert told["body"] == {"name": "dispositions", "version": after.version}


async def test_pause_reasons_are_replaced_likewise_and_a_code_stands_once(database: Database) -> None:
    boss = await add(database, "boss", role=Role.ADMIN)
    tea = PauseReasonEntry(code="TEA", labels=LABELS, threshold_s=600, productive=False, enabled=True)
    async with database.read() as reader:
        version = (await list_pause_reasons(reader)).version

    with pytest.raises(CodeTwice):
        async with database.begin() as tx:
            await catalogues.replace_pause_reasons(tx, [tea, tea], version=version, by=boss)
    async with database.begin() as tx:
        await catalogues.replace_pause_reasons(tx, [tea], version=version, by=boss)

    async with database.read() as reader:
        first = (await list_pause_reasons(reader)).items[0]
    assert (first.code, first.threshold_s, first.labels.ru) == ("TEA", 600, "По-русски")


async def test_queues_are_replaced_with_their_members(database: Database) -> None:
    boss = await add(database, "boss", role=Role.ADMIN, queues=["sales"])
    anna = await add(database, "anna", queues=["hotline"])
    async with database.read() as reader:
        version = (await list_queues(reader)).version

    def vip(*members: UUID) -> QueueEntry:
        return QueueEntry(
            name="vip",
            titles=LABELS,
            team_id=None,
            wrap_up_limit_s=60,
            short_abandon_s=3.5,
            service_level_s=10,
            missed_callback=False,
            missed_callback_short=True,
            missed_callback_due_s=300,
            answer_within={},
            members=members,
        )

    with pytest.raises(UnknownPerson):
        async with database.begin() as tx:
            await catalogues.replace_queues(tx, [vip(uuid4())], version=version, by=boss)
    async with database.begin() as tx:
        await catalogues.replace_queues(tx, [vip(anna)], version=version, by=boss)

    async with database.read() as reader:
        (queue,) = (await list_queues(reader)).items
    assert (queue.name, queue.members, queue.short_abandon_s) == ("vip", [anna], 3.5)

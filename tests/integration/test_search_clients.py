"""A client is found by whatever a manager remembers of them."""

from __future__ import annotations

from uuid import UUID

import pytest

from crm_core.actions import clients
from crm_core.actions.clients import ClientIn
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from crm_core.store.namesakes import keys_of
from crm_core.views.clients import Client, search_clients
from crm_core.views.paging import CursorInvalid, encode_cursor
from tests.integration.desk import agent, owner
from tests.people import add_agent

BOSS = owner(UUID(int=1))

PEOPLE = (
    ("Сулейменова Айгерим Маратовна", "8 701 123 45 67", "aigerim@mail.kz"),
    ("Семёнов Пётр", "8 916 555 12 34", "petr.semenov@example.ru"),
    ("Иванов Иван", "8 701 765 43 21", "ivanov@example.ru"),
    ("Smith John", "+1 202 555 0123", "john.smith@example.com"),
    ("50%_Скидка ТОО", "8 727 244 11 22", "office@sale.kz"),
)


@pytest.fixture
async def base(database: Database) -> Database:
    for name, phone, email in PEOPLE:
        await write_down(database, name, phone, email)
    return database


async def write_down(database: Database, name: str, phone: str, email: str, owner_id: UUID | None = None) -> UUID:
    given = ClientIn.model_validate(
        {
            "name": name,
            "owner_id": owner_id,
            "hint": "любит тишину",
            "contact_points": [
                {"kind": "phone", "value": phone},
                {"kind": "email", "value": email},
                {"kind": "telegram", "value": email.partition("@")[0].replace(".", "_")},
            ],
        }
    )
    async with database.begin() as tx:
        return await clients.create(tx, given, country="KZ")


async def found(database: Database, query: str, viewer: Viewer = BOSS) -> list[Client]:
    async with database.read() as db:
        return (await search_clients(db, viewer, query)).items


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("Сулейменова", "Сулейменова"),
        ("сулейм", "Сулейменова"),
        ("менова", "Сулейменова"),
        ("Айгерим Сулейменова", "Сулейменова"),
        ("айг сул", "Сулейменова"),
        ("Сулеменова", "Сулейменова"),
        ("Сулейменава Айгерм", "Сулейменова"),
        ("fquthbv", "Сулейменова"),
        ("Семенов", "Семёнов"),
        ("семёнов петр", "Семёнов"),
        ("Ивонов", "Иванов"),
        ("ив", "Иванов"),
        ("smith", "Smith"),
        ("smth john", "Smith"),
        ("ыьшер", "Smith"),
        ("Aigerim Suleymenova", "Сулейменова"),
        ("Әйгерім", "Сулейменова"),
        ("Ajgerim", "Сулейменова"),
        ("Pyotr Semyonov", "Семёнов"),
        ("Смит Джон", "Smith"),
        ("50%", "50%_Скидка"),
        ("%_скид", "50%_Скидка"),
        ("8 701 123 45 67", "Сулейменова"),
        ("+7 701 123-45-67", "Сулейменова"),
        ("87011", "Сулейменова"),
        ("45 67", "Сулейменова"),
        ("1234567", "Сулейменова"),
        ("55512", "Семёнов"),
        ("aigerim@", "Сулейменова"),
        ("Petr.Semenov@example.ru", "Семёнов"),
        ("@petr_semenov", "Семёнов"),
    ],
)
async def test_a_client_is_found_by(base: Database, query: str, name: str) -> None:
    first, *_ = await found(base, query)

    assert first.name.startswith(name)


ONE_NAME_IN_MANY_WAYS = (
    ("Әйгерім", "Айгерим", "Aigerim", "Aygerim", "AIGERIM"),
    ("Жанар Төлебаева", "Жанар Толебаева", "Zhanar Tolebayeva", "Zhanar Tolebaeva"),
    ("Қуаныш", "Куаныш", "Kuanysh", "Quanysh"),
    ("Юлия", "Yulia", "Yuliya", "Iuliia"),
    ("Мария", "Maria", "Mariya", "Mariia"),
    ("Пётр Щербаков", "Петр Щербаков", "Pyotr Shcherbakov"),
    ("Евгений Цой", "Evgeny Tsoy", "Yevgeniy Tsoi"),
    ("Наталья Хан", "Natalya Khan", "Natalia Han"),
    ("Мулер", "Müler", "Muler"),
    ("Björn", "Bjorn"),
    ("Алексей", "Aleksey", "Alexei"),
)


@pytest.mark.parametrize("spellings", ONE_NAME_IN_MANY_WAYS, ids=lambda spellings: spellings[-1])
async def test_a_name_is_one_in_whichever_alphabet(database: Database, spellings: tuple[str, ...]) -> None:
    async with database.read() as db:
        keys = await keys_of(db, spellings)

    assert set(keys) == {keys[0]}
    assert keys[0].strip()


@pytest.mark.parametrize("name", ["Диана Ким", "Сулейменова Әйгерім", "Zhanna Tsoy", "Юрий Щукин", "Yerlan Akhmetov"])
async def test_a_name_is_found_as_far_as_it_is_typed(database: Database, name: str) -> None:
    await write_down(database, name, "8 701 123 45 67", "whoever@mail.kz")

    for letters in range(2, len(name)):
        assert [client.name for client in await found(database, name[:letters])] == [name], name[:letters]


async def test_what_is_only_alike_says_so_and_stands_last(base: Database) -> None:
    await write_down(base, "Сулеменова Дана", "8 701 123 00 00", "dana@mail.kz")

    asked, alike = await found(base, "Сулеменова")
    [by_number] = await found(base, "87011234567")

    assert [(one.name, one.alike) for one in (asked, alike, by_number)] == [
        ("Сулеменова Дана", False),
        ("Сулейменова Айгерим Маратовна", True),
        ("Сулейменова Айгерим Маратовна", False),
    ]


@pytest.mark.parametrize(
    "query", ["", "   ", "%", "_", "'; DROP TABLE clients; --", "\x00", "щщщщщщ", "99999999", "@", "ьъ", "''"]
)
async def test_what_nobody_is_called_finds_nobody_and_breaks_nothing(base: Database, query: str) -> None:
    names = {client.name for client in await found(base, query)}

    assert names <= {"50%_Скидка ТОО"}


async def test_the_end_of_a_number_stands_before_its_middle(database: Database) -> None:
    await write_down(database, "Середина", "8 701 456 70 00", "seredina@mail.kz")
    await write_down(database, "Конец", "8 701 123 45 67", "konets@mail.kz")
    await write_down(database, "Ещё середина", "8 701 456 71 11", "drugaya@mail.kz")

    assert next(client.name for client in await found(database, "4567")) == "Конец"
    assert len(await found(database, "4567")) == 3


async def test_a_foreign_client_is_found_but_not_opened(database: Database) -> None:
    anna, boris = [await add_agent(database, login, extension=None) for login in ("anna", "boris")]
    await write_down(database, "Сулейменова Айгерим", "8 701 123 45 67", "aigerim@mail.kz", owner_id=anna)

    [mine] = await found(database, "Айгерим", agent(anna))
    [theirs] = await found(database, "87011234567", agent(boris))

    assert (mine.restricted, len(mine.contact_points), mine.hint) == (False, 3, "любит тишину")
    assert (theirs.restricted, theirs.hint, theirs.note) == (True, None, None)
    assert [(point.value, point.typed) for point in theirs.contact_points] == [("+7 701 ··· 45 67",) * 2]
    assert (theirs.name, theirs.owner_name) == ("Сулейменова Айгерим", "Anna")


async def test_a_long_list_is_read_page_by_page(database: Database) -> None:
    for number in range(7):
        await write_down(database, f"Иванов Иван {number}", f"8 701 000 00 0{number}", f"ivan{number}@mail.kz")

    async with database.read() as db:
        first = await search_clients(db, BOSS, "иванов", limit=4)
        second = await search_clients(db, BOSS, "иванов", limit=4, cursor=first.next)

    names = [client.name for client in (*first.items, *second.items)]
    assert names == [f"Иванов Иван {number}" for number in range(7)]
    assert second.next is None


@pytest.mark.parametrize("cursor", ["", "nonsense", encode_cursor("search", "-1"), encode_cursor("other", "1")])
async def test_a_cursor_of_another_list_is_refused(database: Database, cursor: str) -> None:
    async with database.read() as db:
        if not cursor:
            assert (await search_clients(db, BOSS, "иванов", cursor=cursor)).items == []
            return
        with pytest.raises(CursorInvalid):
            await search_clients(db, BOSS, "иванов", cursor=cursor)

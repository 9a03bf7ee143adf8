"""Colleagues who have the same conversation before them see at once that somebody answers, on every node."""

from __future__ import annotations

from uuid import UUID, uuid4

from crm_core.actions.messages import record_messages
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store.database import Database
from tests.integration.realtime.conftest import Person
from tests.integration.realtime.nodes import Node, node
from tests.waiting import eventually


async def hears(database: Database, owner: UUID) -> UUID:
    async with database.begin() as tx:
        heard = HeardMessage(
            channel=WrittenChannel.TELEGRAM,
            source="bot",
            key="1:1",
            external_id="1:1",
            queue=None,
            from_address="1",
            thread="1",
            body="Добрый день",
            at=tx.now,
        )
        [asked] = await record_messages(tx, [heard])
        await tx.execute("UPDATE interactions SET agent_id = $2 WHERE id = $1", asked, owner)
    return asked


async def test_whoever_else_has_it_open_sees_who_writes_also_at_another_node(
    here: Node, database_url: str, database: Database, anna: Person, boss: Person
) -> None:
    asked = await hears(database, anna.id)
    async with (
        node(database_url) as elsewhere,
        here.browser(anna.token) as writer,
        elsewhere.browser(boss.token) as other,
    ):
        await writer.next("hello")
        await other.next("hello")

        async def heard() -> bool:  # said again and again, as a page does: one that is lost is no loss
            said = await writer.ask("answering", {"interaction_id": str(asked), "is_writing": True})
            assert said == {"status": "noted"}
            return "conversation.answering" in [name for name, _ in other.heard]

        await eventually(heard)
        told = await other.next("conversation.answering")

    assert (told["interaction_id"], told["agent_id"], told["name"]) == (str(asked), str(anna.id), "Anna")
    assert told["is_writing"] is True
    assert "conversation.answering" not in [name for name, _ in writer.heard], "they know it themselves"


async def test_nobody_says_that_they_write_where_they_may_not_read(
    here: Node, database: Database, anna: Person
) -> None:
    async with here.browser(anna.token) as writer:
        await writer.next("hello")
        foreign = await writer.ask("answering", {"interaction_id": str(uuid4()), "is_writing": True})
        nonsense = await writer.ask("answering", {"interaction_id": "me"})

    assert foreign["code"] == "not_found"
    assert nonsense["code"] == "ValidationError"

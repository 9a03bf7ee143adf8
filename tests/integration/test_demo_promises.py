"""The demo's board of promises is alive: late ones, moves that are explained, tails, colleagues who keep theirs."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from crm_core.store.database import Database
from crm_core.views.callbacks import CallbackFilters, list_callbacks
from crm_core.views.moves import explain_move, list_moves
from crm_core.views.promises_board import get_promises_board
from crm_core.views.tails import TailFilters, list_tails
from gateway.demo.promises import VISITOR, keep_for_colleagues
from gateway.demo.seed import seed
from tests.integration.desk import owner


async def test_whoever_opens_the_demo_sees_promises_move_and_be_kept(database: Database, tmp_path: Path) -> None:
    await seed(database, country="KZ", timezone="Asia/Almaty", sounds=tmp_path)
    async with database.read() as db:
        me: UUID = await db.fetchval("SELECT id FROM users WHERE login = $1", VISITOR)
        now = await db.fetchval("SELECT now()")
        viewer = owner(me)
        board = await get_promises_board(
            db,
            viewer,
            timezone="Asia/Almaty",
            since=now - timedelta(hours=1),
            until=now + timedelta(hours=3),
        )
        moves = await list_moves(db, viewer, since=now - timedelta(hours=2), until=now + timedelta(hours=1))
        explained = [await explain_move(db, one.callback_id, one.id, viewer) for one in moves.items]
        tails = await list_tails(db, viewer, TailFilters(), limit=50, cursor=None)

    figures = {one.name: one.value for one in board.figures}
    assert (figures["tails"], tails.total.count) == (3, 3)
    assert (figures["late_now"] or 0) > 3
    assert sum(1 for lane in board.lanes if lane.promises) >= 5
    assert [one.words is not None and "обещание перешло" in one.words.ru for one in explained] == [True, True]
    assert all(one.candidates and one.rule for one in explained)

    async with database.begin() as tx:
        await tx.execute(
            "UPDATE callbacks SET due_at = now() - interval '5 minutes', escalate_at = now() + interval '5 minutes' "
            "WHERE state = 'open' AND due_at BETWEEN now() - interval '1 hour' AND now() + interval '30 minutes'"
        )
        for _ in range(10):
            await keep_for_colleagues(tx, random.Random(1))
    async with database.read() as db:
        late = (await list_callbacks(db, viewer, CallbackFilters(owed=True, late=True), limit=200)).items
    still = {one.agent_id for one in late if one.late_s is not None and one.late_s < 86_400}
    assert still == {me}

"""The ledger of what was not heard, and the figures that stand over it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crm_core.domain.ids import new_id
from crm_core.domain.people import Role
from tests.integration.http.house import House

_NOW = datetime.now(UTC)


async def _gap(house: House, *, began_before_s: float, lasted_s: float | None, state: str = "open") -> str:
    from_at = _NOW - timedelta(seconds=began_before_s)
    gap = new_id(from_at)
    async with house.database.begin() as tx:
        await tx.execute(
            """INSERT INTO gaps (id, source, from_at, to_at, cause, state, affected, repaired)
               VALUES ($1, 'main', $2, $3, 'the link was lost', $4, 50, 49)""",
            gap,
            from_at,
            from_at + timedelta(seconds=lasted_s) if lasted_s is not None else None,
            state,
        )
    return str(gap)


async def test_the_ledger_is_narrowed_by_state_and_time_and_read_in_pages(house: House) -> None:
    boss = await house.program("boss", Role.SUPERVISOR)
    old = await _gap(house, began_before_s=7200, lasted_s=60, state="repaired")
    half = await _gap(house, began_before_s=3600, lasted_s=60, state="partly")
    fresh = await _gap(house, began_before_s=60, lasted_s=30)
    lasting = await _gap(house, began_before_s=20, lasted_s=None)

    async def ids(**params: str) -> list[str]:
        return [gap["id"] for gap in (await boss.get("/api/v1/gaps", params=params)).body["items"]]

    assert await ids() == [lasting, fresh, half, old]
    assert await ids(state="partly") == [half]
    assert await ids(state="repairing") == [fresh]  # over, and not looked up yet
    assert await ids(state="open") == [lasting]
    assert await ids(to=(_NOW - timedelta(seconds=5400)).isoformat()) == [old]
    first = (await boss.get("/api/v1/gaps", params={"limit": "3"})).body
    assert await ids(cursor=first["next"]) == [old]
    assert (first["items"][2]["repaired"], first["items"][2]["affected"]) == (49, 50)
    assert (await boss.get("/api/v1/gaps", params={"state": "lost"})).status == 422
    assert (await (await house.program("anna")).get("/api/v1/gaps")).status == 403


async def test_figures_over_a_hole_say_so_until_it_is_repaired(house: House) -> None:
    boss = await house.program("boss", Role.SUPERVISOR)
    await _gap(house, began_before_s=30, lasted_s=10, state="repaired")
    lasting = await _gap(house, began_before_s=10, lasted_s=None)

    [mark] = (await boss.get("/api/v1/wallboard")).body["gaps"]

    [over_the_missed] = (await boss.get("/api/v1/abandoned")).body["gaps"]

    assert (mark["id"], mark["to"], mark["cause"], mark["kind"]) == (lasting, None, "the link was lost", "link_lost")
    assert over_the_missed == mark

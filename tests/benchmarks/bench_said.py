"""Searching everything that was said: five million messages, as owners and managers ask for them.

Words follow Zipf's law, as in any language: some stand in every third message,
most in a handful. Who asks is either somebody who sees everything, or a manager
who sees one conversation in sixty; what they ask for is a rare word, two words,
a phrase, or a word that is in everybody's mouth. Each question is asked once of
a warm server, as it would be by somebody new.
"""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime
from itertools import accumulate
from statistics import median, quantiles
from uuid import UUID

from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from crm_core.store.partitions import make_months
from crm_core.views.said import SaidFilters, search_said
from tests.benchmarks.result import Figure
from tests.benchmarks.server import fresh_database
from tests.people import add_agent

MESSAGES = 5_000_000
A_CONVERSATION = 10
AGENTS = 60
WORDS = 40_000
PIECES = 60_000
QUESTIONS = 400
BEGUN = datetime(2025, 1, 1, tzinfo=UTC)
MONTHS = 11

_STEP = 100_000

_ID = """
(lpad(to_hex(floor(extract(epoch FROM timestamptz '2025-01-01' + {n} * interval '5 s') * 1000)::bigint), 12, '0')
    || '7' || lpad(to_hex({n} & 4095), 3, '0') || '8' || lpad(to_hex({n}), 15, '0'))::uuid
"""

# Conversation n begins with message n × A_CONVERSATION; what follows is said five seconds later each.
_CONVERSATIONS = f"""
WITH made AS (
    SELECT n, n * {A_CONVERSATION}::bigint AS first FROM generate_series($1::bigint, $2::bigint) AS n
), logged AS (
    INSERT INTO interactions (id, channel, direction, state, outcome, external_id, queue, queues, client_address,
                              agent_id, started_at, answered_at, ended_at, closed_at, wait_s, contact_number)
    SELECT {_ID.format(n="first")}, 'telegram', 'inbound', 'closed', 'answered', n::text, 'sales', '{{sales}}',
           (n % 100000)::text, ($3::uuid[])[n % {AGENTS} + 1], timestamptz '2025-01-01' + first * interval '5 s',
           timestamptz '2025-01-01' + first * interval '5 s', timestamptz '2025-01-01' + first * interval '6 s',
           timestamptz '2025-01-01' + first * interval '6 s', 5, 1
    FROM made
)
INSERT INTO conversations (interaction_id, channel, source, thread, inbox_state, last_at, last_direction)
SELECT {_ID.format(n="first")}, 'telegram', 'bot', n::text, 'closed',
       timestamptz '2025-01-01' + first * interval '6 s', 'outbound'
FROM made
"""

_MESSAGES = f"""
INSERT INTO messages (id, interaction_id, external_id, direction, state, from_address, body, at)
SELECT {_ID.format(n="n")}, {_ID.format(n=f"(n / {A_CONVERSATION}) * {A_CONVERSATION}")}, n::text,
       CASE WHEN n % 2 = 0 THEN 'inbound' ELSE 'outbound' END, CASE WHEN n % 2 = 0 THEN 'received' ELSE 'sent' END,
       '1', piece.one || ' ' || another.one || ' ' || third.one, timestamptz '2025-01-01' + n * interval '5 s'
FROM generate_series($1::bigint, $2::bigint) AS n
JOIN pieces piece ON piece.place = (n * 7919) % {PIECES}
JOIN pieces another ON another.place = (n * 104729 + 17) % {PIECES}
JOIN pieces third ON third.place = (n * 1299709 + 71) % {PIECES}
"""


def run(scale: float) -> list[Figure]:
    return asyncio.run(_run(scale))


async def _run(scale: float) -> list[Figure]:
    messages = int(MESSAGES * scale)
    chance = random.Random(5)
    words = _vocabulary(chance)
    async with fresh_database() as database:
        agents = [await add_agent(database, f"agent{number}", extension=None) for number in range(AGENTS)]
        await _fill(database, chance, words, agents, messages)
        times = await _ask(database, chance, words, agents)
    spans = sorted(1000 * taken for taken in times)
    p95 = quantiles(spans, n=100)[94]
    return [
        Figure(
            name="search in everything that was said, p95",
            measured=p95,
            target=200,
            unit="ms",
            higher_is_better=False,
            sizes=f"{messages:,} messages, {len(times)} questions",
            detail=f"p50 {median(spans):.1f} ms, worst {spans[-1]:.0f} ms",
        )
    ]


def _vocabulary(chance: random.Random) -> list[str]:
    """The commonest first."""
    letters = "оеаинтсрвлкмдпуяыьгзбчйхжшю"
    made = {"".join(chance.choices(letters, k=chance.randint(4, 11))) for _ in range(WORDS)}
    return sorted(made, key=lambda word: (len(word), word))


async def _fill(database: Database, chance: random.Random, words: list[str], agents: list[UUID], messages: int) -> None:
    weights = list(accumulate(1 / rank for rank in range(2, len(words) + 2)))
    pieces = [(number, " ".join(chance.choices(words, cum_weights=weights, k=8))) for number in range(PIECES)]
    async with database.begin() as tx:
        await tx.execute("CREATE TABLE pieces (place bigint PRIMARY KEY, one text NOT NULL)")
        await tx.copy("pieces", ("place", "one"), pieces)
        # Made at once it is the same index as made by and by, and it is here in minutes.
        definition = await tx.fetchval("SELECT pg_get_indexdef('messages_search_idx'::regclass)")
        await tx.execute("DROP INDEX messages_search_idx")
        await make_months(tx, now=BEGUN, ahead=MONTHS)
    filler = await database.dedicated()
    try:
        # Foreign keys hold by construction; looking each up would double the time.
        await filler.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        for begins in range(0, messages, _STEP):
            ends = min(begins + _STEP, messages) - 1
            await filler.execute(_CONVERSATIONS, begins // A_CONVERSATION, ends // A_CONVERSATION, agents)
            await filler.execute(_MESSAGES, begins, ends)
        await filler.execute("SET maintenance_work_mem = '1GB'")
        await filler.execute(definition.replace("ON ONLY ", "ON "))
        await filler.execute("VACUUM (ANALYZE)")
    finally:
        await filler.close()


async def _ask(database: Database, chance: random.Random, words: list[str], agents: list[UUID]) -> list[float]:
    everybody = Viewer(user_id=agents[0], role=Role.OWNER, team_id=None)
    times = []
    for number in range(QUESTIONS):
        viewer = everybody if number % 2 else Viewer(user_id=chance.choice(agents), role=Role.AGENT, team_id=None)
        question = SaidFilters(q=_question(chance, words, number % 5))
        begun = time.perf_counter()
        async with database.read() as reader:
            await search_said(reader, viewer, question)
        times.append(time.perf_counter() - begun)
    return times


def _question(chance: random.Random, words: list[str], kind: int) -> str:
    common, usual, rare = words[:20], words[100:2000], words[5000:]
    match kind:
        case 0:
            return chance.choice(rare)
        case 1:
            return f"{chance.choice(usual)} {chance.choice(rare)}"
        case 2:
            return f'"{chance.choice(common)} {chance.choice(usual)}"'
        case 3:
            return f"{chance.choice(common)} {chance.choice(usual)}"
        case _:
            return chance.choice(common)

"""Who calls whom in the demo: real recorded calls, told again with the company's people in them.

The PBX of the demo is a player that speaks AMI on loopback. The director
starts calls at a natural pace, to managers whom no queue passes by, soon to
whoever has just signed in, and at once when somebody asks to be rung. A manager's own clients call them most; now and
then it is a stranger, a number that two people share, or nobody's number.

Managers at whose desks nobody sits write down how their talks ended and keep what
they promised, as real ones do; whoever is signed in does it by hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import structlog
from pydantic import SecretStr

from channels.telephony.player import AmiPlayer, PlayedCall
from channels.telephony.player_answers import OriginateAsked
from channels.telephony.recording_format import Recording, load
from channels.telephony.retelling import Cast, Member, cast_of
from config.sections import PbxSettings
from crm_core.actions.interactions import set_disposition
from crm_core.domain.errors import DecisionRefused
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import DATABASE_AWAY, Database
from crm_core.views.agents import Agent, staff
from gateway.demo.company import CLIENTS, EMPLOYEES, ENDINGS, DemoClient, Employee
from gateway.demo.promises import keep_for_colleagues
from gateway.demo.seed import PBX
from gateway.demo.sound import write_talk

logger = structlog.get_logger(__name__)

_RECORDINGS = Path(__file__).with_name("recordings")

#: How often each inbound recording is played.
_INBOUND = {
    "talk_the_client_ends": 5,
    "talk_the_manager_ends": 4,
    "second_manager_answers": 2,
    "given_up_while_ringing": 1,
}
_OUTBOUND = {"called_by_a_click": 4, "clicked_and_not_answered": 1}
_PLACE_OF_QUEUE = {"sales": "77272000001", "hotline": "77272000002"}

#: Seconds between two calls of the background, and before the first one.
PAUSE_S = (14.0, 30.0)
FIRST_AFTER_S = 4.0
#: More at once would be a bigger company than this.
MOST_AT_ONCE = 4
#: How long a manager at whose desk nobody sits writes after a talk.
WRITING = timedelta(seconds=12)
#: A talk that ended longer ago they do not write about any more.
REMEMBERED = timedelta(minutes=10)
#: How often we look who writes, and who has come.
LOOK_EVERY_S = 4.0

_WRITING_NOW = """
SELECT call.id, call.agent_id
FROM interactions call LEFT JOIN agent_states state ON state.user_id = call.agent_id
WHERE call.pbx = $1 AND call.answered_at IS NOT NULL AND call.disposition_code IS NULL AND call.agent_id IS NOT NULL
  AND call.ended_at BETWEEN $2 AND $3 AND NOT COALESCE(state.present, false)
"""


class NobodyToRing(DecisionRefused):
    """Your phone is busy or paused; end the call or become available first."""

    code = "nobody_to_ring"


@dataclass(frozen=True, slots=True)
class _Caller:
    """Whose number is shown, and the name that comes with it."""

    number: str
    name: str = ""


class Director:
    """The demo's PBX and its story; ``run`` lives in the caller's task group once ``listening``."""

    def __init__(self, database: Database, *, sounds: Path, seed: int | None = None) -> None:
        self._database = database
        self._sounds = sounds
        self._story = random.Random(seed)  # noqa: S311  (whom to ring next is no secret)
        self._inbound = [(load(_file(name)), weight) for name, weight in _INBOUND.items()]
        self._outbound = [(load(_file(name)), weight) for name, weight in _OUTBOUND.items()]
        self._playing: set[PlayedCall] = set()
        self._welcomed: set[UUID] = set()  # who has signed in and been rung
        self._tasks: asyncio.TaskGroup | None = None
        self.player = AmiPlayer(members=_members(), choose_outbound=self._choose_outbound, on_start=self._follow)

    def settings(self) -> PbxSettings:
        """How Perezvon reaches this PBX, once the player listens."""
        return PbxSettings(
            name=PBX,
            host="127.0.0.1",
            port=self.player.port,
            username="demo",
            secret=SecretStr("demo"),
            trunk_prefixes=("PJSIP/trunk",),
            outbound_context="from-crm",
            recordings=str(self._sounds),
            demo=True,
        )

    async def run(self) -> None:
        """Let clients call, and colleagues write, for ever."""
        async with asyncio.TaskGroup() as self._tasks:
            self._tasks.create_task(self._write_for_colleagues())
            await self.player.wait_for_login()
            await asyncio.sleep(FIRST_AFTER_S)
            while True:
                try:
                    await self._next_call()
                except DATABASE_AWAY:
                    logger.debug("the demo waits for the database", action="demo_waits")
                await self._pause()

    async def _pause(self) -> None:
        """Until the next call is due, or somebody new has sat down."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._story.uniform(*PAUSE_S)):
                while True:
                    await asyncio.sleep(LOOK_EVERY_S)
                    with contextlib.suppress(*DATABASE_AWAY):
                        if any(self._is_new(one) for one in await self._free()):
                            return

    def _is_new(self, agent: Agent) -> bool:
        return agent.present and agent.id not in self._welcomed

    async def _write_for_colleagues(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._write_once()
                await self._keep_once()
            except DATABASE_AWAY:
                logger.debug("the demo waits for the database", action="demo_waits")

    async def _write_once(self) -> None:
        """How their talks came out, of managers who are not signed in."""
        async with self._database.begin() as tx:
            for row in await tx.fetch(_WRITING_NOW, PBX, tx.now - REMEMBERED, tx.now - WRITING):
                code, _, note = self._story.choices(ENDINGS, weights=[ending[1] for ending in ENDINGS])[0]
                manager = Viewer(user_id=row["agent_id"], role=Role.AGENT, team_id=None)
                await set_disposition(tx, row["id"], manager, code=code, note=note, callback=None)

    async def _keep_once(self) -> None:
        """What managers who are not signed in have promised."""
        async with self._database.begin() as tx:
            await keep_for_colleagues(tx, self._story)

    async def ring(self, agent_id: UUID) -> None:
        """A client calls this manager now.

        Raises:
            NobodyToRing: the manager has no phone, talks, or is paused.
        """
        free = await self._free()
        me = next((one for one in free if one.id == agent_id), None)
        if me is None:
            raise NobodyToRing
        others = [one for one in free if one is not me]
        self._begin(self._choose(self._inbound[:2]), [me, *others])

    async def _next_call(self) -> None:
        self._playing = {call for call in self._playing if not call.over.is_set()}
        free = await self._free()
        if not free or len(self._playing) >= MOST_AT_ONCE:
            return
        # Whoever looks at the demo wants to be rung; the others keep the floor alive.
        weights = [3 if one.present else 1 for one in free]
        newcomers = [one for one in free if self._is_new(one)]
        first = newcomers[0] if newcomers else self._story.choices(free, weights)[0]
        if first.present:
            self._welcomed.add(first.id)
        others = [one for one in free if one is not first]
        self._story.shuffle(others)
        self._begin(self._choose(self._inbound), [first, *others])

    async def _free(self) -> list[Agent]:
        """Managers with a phone that no queue passes by."""
        passed_by = {*self.player.paused_interfaces, *self.player.busy_interfaces}
        async with self._database.read() as db:
            return [one for one in await staff(db) if one.extension and f"PJSIP/{one.extension}" not in passed_by]

    def _begin(self, recording: Recording, phones: Sequence[Agent]) -> None:
        cast = cast_of(recording)
        if len(phones) < len(cast.phones):
            recording, cast = self._inbound[0][0], cast_of(self._inbound[0][0])
        first = _employee(phones[0])
        queue = first.queues[0] if first and first.queues else "sales"
        caller = self._caller(first)
        words = {cast.client_number: caller.number, cast.queue: queue, cast.our_number: _PLACE_OF_QUEUE[queue]}
        words |= _phones(cast, phones)
        self.player.start(recording, replace=words)

    def _caller(self, manager: Employee | None) -> _Caller:
        dice = self._story.random()
        if dice < 0.08:
            return _Caller(f"+7707{self._story.randrange(10**7):07}")
        if dice < 0.11:
            return _Caller("anonymous")
        if dice < 0.17:
            return _Caller(next(client.phone for client in CLIENTS if client.shares_number_with))
        own = [client for client in CLIENTS if manager and client.owner == manager.login]
        clients: Sequence[DemoClient] = own if own and dice < 0.85 else CLIENTS
        promised = [client for client in clients if client.promise]
        return _Caller(self._story.choice(promised if promised and dice < 0.5 else clients).phone)

    def _choose_outbound(self, asked: OriginateAsked) -> Recording | None:
        return self._choose(self._outbound)

    def _choose(self, recordings: Sequence[tuple[Recording, int]]) -> Recording:
        return self._story.choices([one for one, _ in recordings], [weight for _, weight in recordings])[0]

    def _follow(self, call: PlayedCall) -> None:
        assert self._tasks is not None, "not running"
        self._playing.add(call)
        self._tasks.create_task(self._record_sound(call))

    async def _record_sound(self, call: PlayedCall) -> None:
        """When it is over: a sound file under the name that the PBX told, as long as the talk was."""
        begun = asyncio.get_running_loop().time()
        await call.over.wait()
        talk_s = _talk_s(call, lasted_s=asyncio.get_running_loop().time() - begun)
        names = [
            dict(call.retelling.tell(frame.headers)).get("Value", "")
            for frame in call.frames
            if frame.event == "VarSet" and frame.get("Variable") == "MIXMONITOR_FILENAME"
        ]
        if names and talk_s > 0:
            await asyncio.to_thread(write_talk, self._sounds / Path(names[0]).name, talk_s)


def _file(name: str) -> Path:
    return _RECORDINGS / f"{name}.ami.jsonl"


def _members() -> list[Member]:
    return [
        Member(queue=queue, interface=f"PJSIP/{employee.extension}", name=employee.name)
        for employee in EMPLOYEES
        for queue in employee.queues
    ]


def _employee(agent: Agent) -> Employee | None:
    return next((one for one in EMPLOYEES if one.login == agent.login), None)


def _phones(cast: Cast, agents: Sequence[Agent]) -> dict[str, str]:
    """Each recorded phone, and the name of the person at it, becomes one of these people's."""
    words = {}
    for phone, agent in zip(cast.phones, agents, strict=False):
        words[phone] = f"PJSIP/{agent.extension}"
        name = cast.names.get(phone)
        if name:
            words[name] = agent.name
    return words


def _talk_s(call: PlayedCall, *, lasted_s: float) -> float:
    """From the moment both sides were in a bridge to the first who left it or hung up; 0: they never were."""
    first_at = call.frames[0].at
    entered = [frame.at - first_at for frame in call.frames if frame.event == "BridgeEnter"]
    left = [frame.at - first_at for frame in call.frames if frame.event == "BridgeLeave"]
    return max(0.0, min(left[0], lasted_s) - entered[1]) if len(entered) > 1 and left else 0.0

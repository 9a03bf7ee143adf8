"""The bench a test works at: one Asterisk with people around it.

Callers, the trunk and phones that follow a script are SIPp; a phone that a test
wants to steer is a ``SoftPhone``. Everything started here is ended here.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from tests.lab.ami import AmiClient, Frame
from tests.lab.asterisk import Asterisk
from tests.lab.exchange import (
    SIP_PORT,
    TRUNK_BUSY,
    TRUNK_HANGS_UP_AFTER_2S,
    TRUNK_NEVER_ANSWERS,
    TRUNK_OUT_OF_ORDER,
    TRUNK_UNKNOWN_NUMBER,
    Agent,
    Office,
)
from tests.lab.rtp import tone
from tests.lab.sipp import Sipp, SippCall, SippParty
from tests.lab.sipp_scenarios import Answers, Manner, NeverAnswers, Refuses, called_script, caller_script
from tests.lab.softphone import SoftPhone
from tests.lab.truth import QueueLogLine, Side, read_cdr, read_queue_log

_TRUNK_MANNERS: Mapping[str, Manner] = {
    TRUNK_BUSY: Refuses(status=486, after_s=0.5),
    TRUNK_UNKNOWN_NUMBER: Refuses(status=404),
    TRUNK_OUT_OF_ORDER: Refuses(status=503),
    TRUNK_NEVER_ANSWERS: NeverAnswers(),
    TRUNK_HANGS_UP_AFTER_2S: Answers(after_s=1.0, talk_s=2.0),
}


class Lab:
    """``async with Lab(asterisk) as lab``: the trunk answers, a witness listens to AMI, calls can be made."""

    def __init__(self, asterisk: Asterisk) -> None:
        self.asterisk = asterisk
        self._numbers = itertools.count(1)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        directory = tempfile.TemporaryDirectory(prefix="perezvon-sipp-")
        self._directory = Path(self._stack.enter_context(directory))
        self._voice = self._directory / "tone.al"
        self._voice.write_bytes(tone(425, 1.0))
        self.witness = await self._stack.enter_async_context(
            AmiClient(self.asterisk.host, self.asterisk.ami_port, self.asterisk.witness_login)
        )
        self.trunk = await self._stack.enter_async_context(
            self._called(self.asterisk.network.trunk, Answers(after_s=1.0), _TRUNK_MANNERS)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def office(self) -> Office:
        return self.asterisk.office

    async def call(
        self,
        did: str,
        *,
        caller: str,
        caller_name: str | None = None,
        anonymous: bool = False,
        patience_s: float = 60.0,
        talk_s: float | None = None,
    ) -> SippCall:
        """A client calls one of our numbers through the trunk.

        A queue answers at once and lets the client wait, so there ``talk_s`` is
        the whole time until the client hangs up. None: until ``hang_up``, or
        until the other side hangs up.
        """
        script = caller_script(
            caller=caller,
            caller_name=caller_name,
            anonymous=anonymous,
            patience_s=patience_s,
            talk_s=talk_s,
            voice=str(self._voice),
        )
        network = self.asterisk.network
        sipp = self._sipp(script, "-i", network.trunk, "-m", "1", "-s", did, f"{network.pbx}:{SIP_PORT}")
        self._stack.push_async_callback(sipp.stop)
        await sipp.until(lambda: bool(sipp.steps()), "the first INVITE")
        return SippCall(sipp)

    @asynccontextmanager
    async def crowd(
        self, did: str, callers: Sequence[str], *, per_second: float, talk_s: float | None = None
    ) -> AsyncIterator[SippParty]:
        """Many clients call one number, one after another, from ONE SIPp; ``sipp.ended`` waits for the last."""
        numbers = self._directory / f"callers-{next(self._numbers)}.csv"
        numbers.write_text("SEQUENTIAL\n" + "\n".join(callers) + "\n")
        script = caller_script(
            caller="[field0]",
            caller_name=None,
            anonymous=False,
            patience_s=60.0,
            talk_s=talk_s,
            voice=None,
        )
        network = self.asterisk.network
        sipp = self._sipp(
            script,
            *("-i", network.trunk, "-m", str(len(callers)), "-s", did, "-inf", str(numbers)),
            *("-r", "1", "-rp", str(round(1000 / per_second)), f"{network.pbx}:{SIP_PORT}"),
        )
        try:
            yield SippParty(sipp)
        finally:
            await sipp.stop()

    def phone(self, extension: str, manner: Manner) -> AbstractAsyncContextManager[SippParty]:
        """An agent's phone that treats every call in the same ``manner``, played by SIPp."""
        return self._called(self.office.address(self.asterisk.network, extension), manner)

    def call_centre(self, manner: Manner) -> AbstractAsyncContextManager[SippParty]:
        """All the agents of the load queue at once, played by one SIPp."""
        return self._called(self.asterisk.network.call_centre, manner)

    def soft_phone(self, extension: str) -> SoftPhone:
        """An agent's phone in the test's hand: ``async with lab.soft_phone("1001") as phone``."""
        network = self.asterisk.network
        return SoftPhone(extension, self.office.address(network, extension), network.pbx)

    def client_phone(self) -> SoftPhone:
        """A client's phone in the test's hand: outbound calls to +7799… ring it, and it can dial our numbers."""
        network = self.asterisk.network
        return SoftPhone("client", network.steered_trunk, network.pbx)

    async def client_answered(self, number: str) -> None:
        """Wait until the client at ``number`` has answered our call."""

        def answered() -> bool:
            return any(side.answered_at for side in self.trunk.sides if side.party == number)

        await self.trunk.sipp.until(answered, "the client's answer")

    async def client_called(self, number: str) -> Side:
        """The client's side of our last call to ``number``, once it is over."""

        def last() -> Side | None:
            return next((side for side in reversed(self.trunk.sides) if side.party == number), None)

        await self.trunk.sipp.until(
            lambda: (side := last()) is not None and side.ended_at is not None, "the call's end"
        )
        over = last()
        assert over is not None
        return over

    async def originate(self, extension: str, number: str, *, channel_id: str) -> Frame:
        """Click-to-call as Perezvon asks for it: the agent's phone rings first, then the number is dialled."""
        return await self.witness.action(
            "Originate",
            Channel=f"PJSIP/{extension}",
            ChannelId=channel_id,
            Context="from-crm",
            Exten=number,
            Priority="1",
            Timeout="4000",
            CallerID=f"<{number}>",
            Async="true",
        )

    async def redirect(self, number: str, extension: str, *, together_with: str | None = None) -> None:
        """Somebody else than Perezvon sends a caller elsewhere, alone or ``together_with`` the agent they talk to."""
        headers = {"Channel": self._channel_of(number), "Context": "internal", "Exten": extension, "Priority": "1"}
        if together_with is not None:
            extra = {"ExtraContext": "internal", "ExtraExten": extension, "ExtraPriority": "1"}
            headers |= {"ExtraChannel": self._channel_of(together_with)} | extra
        await self.witness.action("Redirect", **headers)

    def _channel_of(self, number: str) -> str:
        """The newest channel on which ``number`` calls or is called."""
        begun = [frame for frame in self.witness.frames if frame.event == "Newchannel"]
        return next(frame["Channel"] for frame in reversed(begun) if frame["CallerIDNum"] == number)

    async def record_on(self, number: str, file: str) -> None:
        """The recorder of a caller's channel is paused and goes on in another file."""
        channel = self._channel_of(number)
        await self.witness.action("StopMixMonitor", Channel=channel)
        await self.witness.action("MixMonitor", Channel=channel, File=file, options="b")

    async def pause(self, agent: Agent, reason: str) -> None:
        """Somebody else than Perezvon pauses a phone in its queues."""
        await self.witness.action("QueuePause", Interface=agent.interface, Paused="true", Reason=reason)

    def pause_of(self, agent: Agent) -> str | None:
        """Why the queues pass this phone by, as the PBX told it last; None: they ring it."""
        told = [frame for frame in self.witness.frames if _is_pause_of(agent, frame)]
        return told[-1]["PausedReason"] if told and told[-1]["Paused"] == "1" else None

    async def is_paused(self, agent: Agent, reason: str | None) -> None:
        """Wait until the queues pass this phone by for ``reason``, or ring it again when it is None."""
        while self.pause_of(agent) != reason:
            await self.witness.wait_for(partial(_is_pause_of, agent), since=len(self.witness.frames))

    def queue_log(self, call_id: str | None = None) -> list[QueueLogLine]:
        """The lines of queue_log, or of one call by the Uniqueid of the caller's channel."""
        lines = read_queue_log(self.asterisk.queue_log)
        return [line for line in lines if call_id in (None, line.call_id)]

    def cdr(self, *, number: str | None = None) -> list[Mapping[str, str]]:
        """The call detail records, or those from or to one number."""
        rows = read_cdr(self.asterisk.linked_cdr_csv)
        return [row for row in rows if number is None or number in (row["source"], row["destination"])]

    async def everything_is_over(self) -> None:
        """Wait until every channel the witness heard of has hung up."""
        for uniqueid in self._uniqueids("Newchannel") - self._uniqueids("Hangup"):
            await self.witness.wait_for(partial(_is_hangup_of, uniqueid))

    def _uniqueids(self, event: str) -> set[str]:
        return {frame["Uniqueid"] for frame in self.witness.frames if frame.event == event}

    @asynccontextmanager
    async def _called(
        self, host: str, manner: Manner, by_number: Mapping[str, Manner] = MappingProxyType({})
    ) -> AsyncIterator[SippParty]:
        script = called_script(manner, by_number=by_number, voice=str(self._voice))
        sipp = self._sipp(script, "-i", host, "-p", str(SIP_PORT))
        try:
            await sipp.listening(host)
            yield SippParty(sipp)
        finally:
            await sipp.stop()

    def _sipp(self, script: str, *arguments: str) -> Sipp:
        directory = self._directory / str(next(self._numbers))
        return Sipp(self.asterisk.toolbox, directory, script, *arguments)


def _is_pause_of(agent: Agent, frame: Frame) -> bool:
    return frame.event == "QueueMemberPause" and frame["Interface"] == agent.interface


def _is_hangup_of(uniqueid: str, frame: Frame) -> bool:
    return frame.event == "Hangup" and frame["Uniqueid"] == uniqueid

"""A test call: ring one phone as a click-to-call would, and say step by step what was seen of it.

Two witnesses are heard: the events, which the product lives on, and the list of
live channels, which no event filter touches. Where the second saw what the
first did not tell, something between Asterisk and us swallows events, and that
is said in those words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from channels.telephony import commands
from channels.telephony.ami import AmiLink
from channels.telephony.checkup.observations import Observation, advice, fault, fine
from channels.telephony.configuration.events import filter_lines
from channels.telephony.frames import Event
from channels.telephony.naming import dialect_of
from config.sections import PbxSettings
from crm_core.domain.calls import CLOCKS_APART
from crm_core.domain.errors import CrmError
from crm_core.domain.findings import Change
from crm_core.domain.ids import new_id
from crm_core.domain.phones import normalise

Tell = Callable[[Observation], Awaitable[None]]

#: What the phone shows.
CALLER_NAME: Final = "Perezvon: test call"
#: How long the phone rings, an echo is heard, a number is talked to, before we hang up.
RING: Final = timedelta(seconds=20)
ECHO_S: Final = 4.0
TALK_S: Final = 20.0
#: Events follow what the list of channels shows within this.
_EVENTS_FOLLOW_S: Final = 1.0
_LOOK_EVERY_S: Final = 0.7

_RINGING, _UP = "5", "6"
#: Said of every call of this kind that was answered.
_EXPECTED: Final = ("Newchannel", "Newstate", "OriginateResponse", "Hangup")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOrder:
    """Whom to ring, and what the phone hears when it is picked up: a number dialled, or itself."""

    extension: str
    number: str | None = None


class TrialCall:
    """One test call; ``hear`` belongs to the link's events, ``run`` places it over the same link."""

    def __init__(self, pbx: PbxSettings, order: CallOrder, *, country: str, now: datetime) -> None:
        self.channel_id = f"check-{new_id(now).hex}"
        self._pbx = pbx
        self._order = order
        self._country = country
        self._dialect = dialect_of(pbx)
        self._subject = f"pbx {pbx.name} test call"
        self._heard: list[tuple[datetime, Event]] = []
        self._seen: str | None = None  # the channel's state as the list last showed it
        self._was_seen: set[str] = set()
        self._gone = False  # it was in the list, and is no longer
        self._channel: str | None = None
        self._changed = asyncio.Event()
        self.answered = False

    def hear(self, event: Event) -> None:
        """Keep what is about this call; called by the link's reader."""
        if self.channel_id in {event.get("Linkedid"), event.get("Uniqueid"), event.get("ActionID")}:
            self._heard.append((datetime.now(UTC), event))
            self._changed.set()

    async def run(self, link: AmiLink, tell: Tell) -> bool:
        """Place it and follow it to its end; False when the PBX would not."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            command = self._command(datetime.now(UTC))
        except CrmError:
            await tell(fault("call_not_dialled", self._subject))
            return False
        await tell(fine("call_asked", self._subject, interface=command.action["Channel"]))
        try:
            answer = await commands.send(link, command, now=datetime.now(UTC))
        except CrmError as error:
            await tell(fault("no_answer", self._subject, question="Originate", reason=str(error)))
            return False
        if not answer.success:
            await tell(fault("call_refused", self._subject, said=answer.message))
            return False
        await tell(fine("call_accepted", self._subject, seconds=_since(started)))
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self._watch(link))
            await self._follow(link, tell, started)
            watching.cancel()
        for observation in self._verdicts():
            await tell(observation)
        return True

    def _command(self, now: datetime) -> commands.Command:
        order = self._order
        if order.number is None:
            return commands.originate_echo(
                self._dialect,
                extension=order.extension,
                channel_id=self.channel_id,
                caller_name=CALLER_NAME,
                now=now,
                ring=RING,
            )
        return commands.originate(
            self._dialect,
            extension=order.extension,
            number=normalise(order.number, self._country) or order.number,
            channel_id=self.channel_id,
            outbound_context=self._pbx.outbound_context,
            dial_format=self._pbx.dial_format,
            country=self._country,
            caller_name=CALLER_NAME,
            now=now,
            ring=RING,
        )

    async def _follow(self, link: AmiLink, tell: Tell, started: float) -> None:
        patience = RING.total_seconds() + 2
        if await self._until(lambda: self._is(_RINGING) or self._is(_UP) or self._over, patience):
            await self._tell_ringing(tell, started)
        if not await self._until(lambda: self._is(_UP) or self._over, patience) or not self._is(_UP):
            await tell(advice("call_unanswered", self._subject, seconds=f"{RING.total_seconds():g}"))
            await self._hang_up(link)
            return
        self.answered = True
        code = "call_answered" if self._order.number is None else "call_answered_number"
        await tell(fine(code, self._subject, seconds=_since(started)))
        talk_s = ECHO_S if self._order.number is None else TALK_S
        if not await self._until(lambda: self._over, talk_s):
            await self._hang_up(link)
        await self._until(lambda: self._over, _EVENTS_FOLLOW_S * 3)
        await self._until(lambda: "Hangup" in self._names, _EVENTS_FOLLOW_S)
        await tell(fine("call_ended", self._subject, seconds=_since(started)))

    async def _tell_ringing(self, tell: Tell, started: float) -> None:
        rang = _RINGING in self._heard_states or _RINGING in self._was_seen
        if not rang and self._over and not self._is(_UP):
            await tell(fault("call_never_rang", self._subject))
            return
        seconds = _since(started)
        if await self._until(lambda: bool(self._heard_states), _EVENTS_FOLLOW_S):
            await tell(fine("call_rings", self._subject, seconds=seconds))
        else:
            await tell(fault("call_rings_unheard", self._subject, change=self._filters(["Newstate"])))

    async def _watch(self, link: AmiLink) -> None:
        """The second witness: look at the list of channels again and again."""
        while True:
            try:
                channels = await link.request_list({"Action": "CoreShowChannels"})
            except CrmError:
                return  # our user may not, or the link is gone: the events alone must tell
            mine = next((one for one in channels if one.get("Uniqueid") == self.channel_id), None)
            if mine is not None:
                self._channel = mine.get("Channel")
                self._seen = mine.get("ChannelState")
                self._was_seen.add(self._seen or "")
            elif self._seen is not None:
                self._gone = True
            self._changed.set()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _hang_up(self, link: AmiLink) -> None:
        channel = self._channel or next((event["Channel"] for _, event in self._heard if "Channel" in event), None)
        if channel is None:
            return
        with suppress(CrmError):  # it may have ended by itself this moment
            await commands.send(link, commands.hang_up(channel, now=datetime.now(UTC)), now=datetime.now(UTC))

    # What is known so far

    @property
    def _names(self) -> set[str]:
        return {event["Event"] for _, event in self._heard}

    @property
    def _heard_states(self) -> set[str]:
        return {
            event.get("ChannelState", "")
            for _, event in self._heard
            if event["Event"] == "Newstate" and event.get("Uniqueid") == self.channel_id
        }

    def _is(self, state: str) -> bool:
        """Has the phone come to this state, by either witness."""
        return state in self._heard_states or state in self._was_seen

    @property
    def _over(self) -> bool:
        ended = any(event["Event"] == "Hangup" and event.get("Uniqueid") == self.channel_id for _, event in self._heard)
        failed = any(
            event["Event"] == "OriginateResponse" and event.get("Response") == "Failure" for _, event in self._heard
        )
        return ended or failed or self._gone

    async def _until(self, done: Callable[[], bool], limit_s: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while not done():
                    self._changed.clear()
                    await self._changed.wait()
        return done()

    # Afterwards

    def _verdicts(self) -> Iterator[Observation]:
        heard = sorted(self._names)
        if heard:
            yield fine("call_events", self._subject, names=heard)
        happened = _EXPECTED if self.answered else ("OriginateResponse",)
        missing = [name for name in happened if name not in self._names]
        if missing:
            yield fault("call_events_missing", self._subject, names=missing, change=self._filters(missing))
        if heard:
            yield self._clock()

    def _clock(self) -> Observation:
        delays = [
            arrived.timestamp() - float(event["Timestamp"])
            for arrived, event in self._heard
            if _is_number(event.get("Timestamp", ""))
        ]
        if not delays:
            lines = ("[general]", "timestampevents = yes")
            return fault("call_untimed", self._subject, change=Change(file="manager.conf", lines=lines))
        apart = min(delays, key=abs)
        if abs(apart) > CLOCKS_APART.total_seconds():
            return fault("call_clock_apart", self._subject, seconds=f"{abs(apart):.1f}")
        return fine("call_clock", self._subject, seconds=f"{abs(apart):.3f}")

    def _filters(self, names: list[str]) -> Change:
        return Change(file="manager.conf", lines=(f"[{self._pbx.username}]", *filter_lines(names)))


def _since(started: float) -> str:
    return f"{asyncio.get_running_loop().time() - started:.1f}"


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()

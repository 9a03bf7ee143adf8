"""What the played PBX says when it is asked, and what it does when it is told.

Each answer is as Asterisk 22 words it. Whatever is not here is refused, as
Asterisk refuses what a user has no right to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from channels.telephony.played_pbx import Headers, PlayedChannel, PlayedPbx
from channels.telephony.player_session import Answer, Heard, listing, refusal, success
from channels.telephony.recording_format import About

_NORMAL_CLEARING = 16
_YES = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginateAsked:
    """A click-to-call as a client asked for it."""

    channel: str  # the phone to be rung first, "PJSIP/1001"
    exten: str  # what it is then to dial
    channel_id: str  # becomes Uniqueid and Linkedid; empty when the client left it to us
    action_id: str  # returns in OriginateResponse


class PbxAnswers:
    """The actions of the played PBX; ``tell``, ``originate`` and ``hang_up`` are what they lead to."""

    def __init__(
        self,
        pbx: PlayedPbx,
        *,
        about: About,
        clock: Callable[[], float],
        tell: Callable[[Headers], None],
        originate: Callable[[OriginateAsked], bool],
        hang_up: Callable[[PlayedChannel, int], bool],
    ) -> None:
        self._pbx = pbx
        self._about = about
        self._clock = clock
        self._started = datetime.fromtimestamp(clock()).astimezone()
        self._tell = tell
        self._start_originate = originate
        self._end_channel = hang_up
        self._answers: dict[str, Callable[[Heard], Answer]] = {
            "ping": self._ping,
            "corestatus": self._core_status,
            "coresettings": self._core_settings,
            "coreshowchannels": self._show_channels,
            "bridgelist": self._list_bridges,
            "bridgeinfo": self._bridge_info,
            "queuestatus": self._queue_status,
            "queuepause": self._queue_pause,
            "originate": self._originate,
            "hangup": self._hang_up,
        }

    def answer(self, heard: Heard) -> Answer:
        """The response to one action, and the items of its list."""
        answer = self._answers.get(heard["action"].lower())
        return refusal("Invalid/unknown command") if answer is None else answer(heard)

    def _ping(self, heard: Heard) -> Answer:
        return success(Ping="Pong", Timestamp=f"{self._clock():.6f}")

    def _core_status(self, heard: Heard) -> Answer:
        date, time = self._boot()
        return success(
            CoreStartupDate=date,
            CoreStartupTime=time,
            CoreReloadDate=date,
            CoreReloadTime=time,
            CoreCurrentCalls=str(len(self._pbx.channels)),
        )

    def _boot(self) -> tuple[str, str]:
        """The recorded run of Asterisk; without one, this run of ours."""
        date, _, time = self._about.boot.replace("T", " ").partition(" ")
        return (date, time) if date and time else (f"{self._started:%Y-%m-%d}", f"{self._started:%H:%M:%S}")

    def _core_settings(self, heard: Heard) -> Answer:
        version = self._about.asterisk or "22.0.0"
        return success(AMIversion="11.0.0", AsteriskVersion=version, SystemName=self._about.pbx)

    def _show_channels(self, heard: Heard) -> Answer:
        return listing(self._pbx.show_channels(self._clock()), complete="CoreShowChannelsComplete")

    def _list_bridges(self, heard: Heard) -> Answer:
        return listing(self._pbx.list_bridges(), complete="BridgeListComplete")

    def _bridge_info(self, heard: Heard) -> Answer:
        channels = self._pbx.bridge_info(heard.get("bridgeuniqueid", ""))
        return listing(channels, complete="BridgeInfoComplete") if channels else refusal("Bridge not found")

    def _queue_status(self, heard: Heard) -> Answer:
        items = self._pbx.queue_status(self._clock(), queue=heard.get("queue", ""), interface=heard.get("member", ""))
        return listing(items, complete="QueueStatusComplete")

    def _queue_pause(self, heard: Heard) -> Answer:
        paused = heard.get("paused", "").lower() in _YES
        events = self._pbx.pause(
            heard.get("interface", ""),
            paused=paused,
            reason=heard.get("reason", ""),
            queue=heard.get("queue") or None,
        )
        if not events:
            return refusal("Interface not found")
        for headers in events:
            self._tell(headers)
        return success(Message="Interface paused successfully" if paused else "Interface unpaused successfully")

    def _originate(self, heard: Heard) -> Answer:
        asked = OriginateAsked(
            channel=heard.get("channel", ""),
            exten=heard.get("exten", ""),
            channel_id=heard.get("channelid", ""),
            action_id=heard.get("actionid", ""),
        )
        if not asked.channel:
            return refusal("Channel not specified")
        if heard.get("application"):
            return refusal("A played PBX has no applications, give a number to dial")
        if not asked.exten:
            return refusal("Extension not specified")
        if not self._start_originate(asked):
            return refusal("No outbound recording is loaded")
        return success(Message="Originate successfully queued")

    def _hang_up(self, heard: Heard) -> Answer:
        channel = self._pbx.find_channel(heard.get("channel", ""))
        given = heard.get("cause", "")
        cause = int(given) if given.isdecimal() and len(given) < 4 else _NORMAL_CLEARING
        if channel is None or not self._end_channel(channel, cause):
            return refusal("No such channel")
        return success(Message="Channel Hungup")

"""What each event of the AMI adds to what is known.

One method an event, or a kind of them. It only adds facts to channels and
calls, and says what became news by it; what the facts mean is concluded
elsewhere (``story``, ``legs``, ``sides``).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable

from channels.telephony.dialect import ChannelKind
from channels.telephony.tracking import sides
from channels.telephony.tracking.board import Board
from channels.telephony.tracking.events import CallEvent, CallQueued, RecordingStarted
from channels.telephony.tracking.facts import Call, Channel, Moment, as_datetime, earliest
from channels.telephony.tracking.headers import (
    DEST,
    OWN,
    Event,
    Party,
    dialled_outside,
    extension,
    number,
    party,
    seconds_of,
    told,
    whole_number,
)
from channels.telephony.tracking.tells import tell_call, tell_change, tell_hold, tell_leg
from crm_core.domain.calls import Direction
from crm_core.domain.path import StopKind

#: The last second of the year 9999: what a datetime can hold.
_LATEST_MOMENT = 253_402_300_799.0

_DOWN, _RESERVED, _RINGING, _UP = "0", "1", "5", "6"
_VOICEMAIL = frozenset({"VoiceMail", "MinivmRecord"})
_SOUND_FILE = re.compile(r"\S.*\.(?:wav|wav49|gsm|mp3|ogg|opus|g722|sln\d*|ulaw|alaw|flac)", re.IGNORECASE)
#: Where CoreShowChannels says a channel is that somebody dialled.
_DIALLED_BY = frozenset({"AppDial", "AppDial2", "AppQueue"})
#: An event of a parking lot, and of a pickup, speaks of two channels by names of its own.
_PARKEE, _RETRIEVER, _RUNG = party("Parkee"), party("Retriever"), party("Target")
_HOLDING = "holding_bridge"
_TRANSFER_PARTIES = tuple(
    party(prefix) for prefix in ("OrigTransferer", "SecondTransferer", "Transferer", "Transferee", "TransferTarget")
)
#: In mid dial (a destination of type App) an attended transfer names only whose dial the client takes over.
_CONSULTING = party("SecondTransferer")


class Reader:
    """Reads events onto the board; ``now`` is our own clock, which whoever feeds it keeps."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.now = 0.0
        self.anomalies: Counter[str] = Counter()  # what made no sense, by kind
        self._readers: dict[str, Callable[[Event, Moment, list[CallEvent]], None]] = {
            "Newchannel": self._newchannel,
            "Newstate": self._newstate,
            "NewCallerid": self._new_callerid,
            "Rename": self._rename,
            "DialBegin": self._dial_begin,
            "DialEnd": self._dial_end,
            "OriginateResponse": self._originate_response,
            "BridgeEnter": self._bridge_enter,
            "BridgeLeave": self._bridge_leave,
            "QueueCallerJoin": self._queue_caller_join,
            "QueueCallerLeave": self._queue_caller_leave,
            "AgentCalled": self._agent_called,
            "AgentConnect": self._agent_connect,
            "AgentRingNoAnswer": self._agent_ring_no_answer,
            "Hold": self._hold,
            "Unhold": self._unhold,
            "AttendedTransfer": self._transfer,
            "BlindTransfer": self._transfer,
            "Pickup": self._pickup,
            "ParkedCall": self._parked_call,
            "ParkedCallTimeOut": self._leaves_lot,
            "ParkedCallGiveUp": self._leaves_lot,
            "UnParkedCall": self._unparked_call,
            "MixMonitorStart": self._mixmonitor_start,
            "VarSet": self._varset,
            "Newexten": self._newexten,
            "MessageWaiting": self._message_waiting,
            "HangupRequest": self._hangup_request,
            "Hangup": self._hangup,
            "Cdr": self._cdr,
        }

    @property
    def events(self) -> frozenset[str]:
        """The names of the events that mean something to a call."""
        return frozenset(self._readers)

    def reader_of(self, event: Event) -> Callable[[Event, Moment, list[CallEvent]], None] | None:
        """What reads such an event; None: it means nothing to a call."""
        return self._readers.get(event.get("Event", ""))

    def _newchannel(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._meet_own(event, at, news)
        if channel is None or channel.born:
            return
        channel.born = True
        channel.outgoing = event.get("ChannelState") in {_DOWN, _RESERVED}
        channel.created_at = min(channel.created_at, at)
        channel.number = channel.number or number(event.get(OWN.number))
        channel.display_name = told(event.get(OWN.display_name)) if channel.number else None
        if not channel.outgoing:
            channel.exten = extension(event.get(OWN.exten))
        # Phones may have overtaken the channel that dialled them: only now it is known who placed the call.
        for phone in channel.call.phones if sides.first(channel.call) is channel else (channel,):
            tell_leg(phone, at, news)
        tell_change(channel.call, at, news)

    def _newstate(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._meet_own(event, at, news)
        if channel is None or channel.ended_at is not None:
            return
        state = event.get(OWN.state)
        if state == _RINGING:
            channel.rang(at)
        elif state == _UP:
            channel.came_up(at)
        tell_leg(channel, at, news)

    def _new_callerid(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self.board.find(event, OWN, at, news)
        if channel is None or channel.number is not None:
            return
        channel.number = number(event.get(OWN.number))
        if channel.number is not None:
            channel.display_name = told(event.get(OWN.display_name))
            tell_change(channel.call, at, news)

    def _rename(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        self.board.rename(event)

    def _dial_begin(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        caller = self._meet(event, OWN, at, news)  # an Originate's first dial has none
        callee = self._meet(event, DEST, at, news)
        if callee is None:
            self.anomalies["dial of no channel"] += 1
            return
        self._dialled(caller, callee, at)
        if caller is not None and callee.kind is ChannelKind.TRUNK and callee.dialled_number is None:
            callee.dialled_number = dialled_outside(event)
            callee.shown_number = number(event.get(DEST.shown_number)) or number(event.get(OWN.number))
        if caller is not None and caller.outgoing and caller.exten is None:
            caller.exten = extension(event.get(OWN.exten))
        tell_change(callee.call, at, news)

    def _dial_end(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        callee = self.board.find(event, DEST, at, news)
        status = told(event.get("DialStatus"))
        if callee is not None and status is not None:
            self._dial_ended(callee, status, at, news)

    def _originate_response(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self.board.find(event, OWN, at, news)
        if channel is not None and channel.exten is None:
            channel.exten = extension(event.get(OWN.exten))
            tell_change(channel.call, at, news)

    def _bridge_enter(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._meet_own(event, at, news)
        bridge_id = told(event.get("BridgeUniqueid"))
        if channel is None or bridge_id is None or channel.ended_at is not None:
            return
        self.board.bridge(bridge_id).holding |= event.get("BridgeTechnology") == _HOLDING
        self._enters(channel, bridge_id, at, news)

    def _bridge_leave(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self.board.find(event, OWN, at, news)
        if channel is not None:
            channel.leaves(event.get("BridgeUniqueid", ""), at)

    def _queue_caller_join(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        self.joins_queue(event, at, news)

    def _queue_caller_leave(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self.board.find(event, OWN, at, news)
        if channel is not None:
            channel.call.leaves_queue(event.get("Queue", ""), channel, at)

    def _agent_called(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        caller = self._meet(event, OWN, at, news)
        callee = self._meet(event, DEST, at, news)
        if callee is not None and callee.queue is None:
            callee.queue = told(event.get("Queue"))
            self._dialled(caller, callee, at)
            tell_change(callee.call, at, news)

    def _agent_connect(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        callee = self._meet(event, DEST, at, news)
        if callee is not None:
            callee.queue = callee.queue or told(event.get("Queue"))
            self._dial_ended(callee, "ANSWER", at, news)

    def _agent_ring_no_answer(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        callee = self.board.find(event, DEST, at, news)
        if callee is not None:
            self._dial_ended(callee, "NOANSWER", at, news)

    def _hold(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._meet_own(event, at, news)
        if channel is not None and channel.ended_at is None and channel.holds_others(at):
            tell_hold(channel, at, news)

    def _unhold(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self.board.find(event, OWN, at, news)
        if channel is None:
            return
        if channel.takes_back(at):
            tell_hold(channel, at, news)
        elif channel.call.nearly_gap and not channel.took_back(at):
            channel.call.gap = True  # something did happen in that moment: this hold began

    def _transfer(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        """All parties of a transfer are one call from now on, though Linkedids may say so only later."""
        if event.get("Result") != "Success":
            return
        parties = [self.board.find(event, who, at, news) for who in _TRANSFER_PARTIES]
        calls = list(dict.fromkeys(channel.call for channel in parties if channel is not None))
        for other in calls[1:]:
            self.board.merge(calls[0], other, at, news)
        consulting = self.board.find(event, _CONSULTING, at, news)
        if consulting is not None and event.get("DestType") == "App":
            consulting.handed_over = True
        for call in dict.fromkeys(channel.call for channel in parties if channel is not None):
            tell_call(call, at, news)
            tell_change(call, at, news)

    def _pickup(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        """Somebody takes the call that rings on another phone: whoever dialled ``*8`` is part of that call."""
        picker = self._meet_own(event, at, news)
        rung = self.board.find(event, _RUNG, at, news)
        if picker is None or rung is None or picker is rung:
            return
        picker.took, rung.taken = rung, True
        self.board.merge(rung.call, picker.call, at, news)
        for phone in (rung, picker):
            tell_leg(phone, at, news)
        tell_change(rung.call, at, news)

    def _parked_call(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self.board.find(event, _PARKEE, at, news)
        space = told(event.get("ParkingSpace"))
        if channel is None or space is None or channel.ended_at is not None:
            return
        if channel.call.steps_aside(StopKind.PARKING, space, channel, at):
            tell_change(channel.call, at, news)

    def _leaves_lot(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self.board.find(event, _PARKEE, at, news)
        if channel is not None:
            channel.call.comes_back(StopKind.PARKING, channel, at)
            tell_change(channel.call, at, news)

    def _unparked_call(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        self._leaves_lot(event, at, news)
        retriever = self._meet(event, _RETRIEVER, at, news)  # a lot's events may overtake those of channels
        if retriever is not None and retriever.is_phone:
            retriever.fetched = True
            tell_change(retriever.call, at, news)

    def _mixmonitor_start(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self.board.find(event, OWN, at, news)
        if channel is not None:
            channel.call.recorder_on = earliest(channel.call.recorder_on, at)

    def _varset(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        if event.get("Variable") != "MIXMONITOR_FILENAME":
            return
        channel = self._meet_own(event, at, news)
        file = told(event.get("Value"))
        if channel is not None and file is not None:
            self._recorded(channel, file, at, at, news)

    def _newexten(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        if event.get("Application") in _VOICEMAIL:
            mailbox = re.split("[@,]", event.get("AppData", ""))[0]
            self._taken_by_voicemail(self.board.find(event, OWN, at, news), at, news, mailbox=mailbox)

    def _message_waiting(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        """Sent on a channel when a message was left on it."""
        channel = self.board.find(event, OWN, at, news)
        if channel is not None and not channel.call.message_left:
            channel.call.message_left = channel.call.voicemail = True
            tell_change(channel.call, at, news)

    def _hangup_request(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self.board.find(event, OWN, at, news)
        if channel is not None and channel.ended_at is None:
            channel.released_at = earliest(channel.released_at, at)
            if channel.takes_back(at):  # the PBX may keep the channel of a phone that has left
                tell_hold(channel, at, news)

    def _hangup(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self.board.find(event, OWN, at, news)
        if channel is None or channel.ended_at is not None:
            return
        channel.cause = whole_number(event.get("Cause"))
        self.ended(channel, at, news)

    def _cdr(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        """Its times and dispositions are of one attempt, not of the call; these two are worth having."""
        channel = self.board.channels.get(event.get("UniqueID", ""))
        if channel is None:
            return
        if event.get("LastApplication") in _VOICEMAIL:
            self._taken_by_voicemail(channel, at, news)
        userfield = event.get("UserField", "")
        if _SOUND_FILE.fullmatch(userfield):
            self._recorded(channel, userfield, None, at, news)

    def moment(self, event: Event) -> Moment:
        """The PBX's own clock where it tells the time, else ours."""
        said = event.get("Timestamp")
        if said is None:
            return self.now
        try:
            at = float(said)
        except ValueError:
            at = math.nan
        if 0.0 <= at <= _LATEST_MOMENT:
            return at
        self.anomalies["timestamp of no time"] += 1
        return self.now

    def _meet(self, event: Event, who: Party, at: Moment, news: list[CallEvent]) -> Channel | None:
        return self.board.meet(event, who, at, self.now, news)

    def _meet_own(self, event: Event, at: Moment, news: list[CallEvent]) -> Channel | None:
        channel = self._meet(event, OWN, at, news)
        if channel is None:
            self.anomalies["event of no channel"] += 1
        return channel

    def find_alive(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        """Read one line of CoreShowChannels: a channel that is alive at ``at``, known or new."""
        known = self.board.channels.get(event.get("Uniqueid", ""))
        channel = self._meet_own(event, at, news)
        if channel is None or channel.ended_at is not None:
            return
        if known is None:
            self._read_alive(channel, event, at)
        bridge_id = event.get("BridgeId", "")
        bridged_in = channel.stays[-1].bridge.uniqueid if channel.is_bridged else ""
        came_up = event.get(OWN.state) == _UP and channel.up_at is None
        if came_up or bridge_id != bridged_in:
            # It moved while nobody listened: when, we shall never know.
            channel.call.gap = True
            if came_up:
                channel.came_up(at)
            if bridge_id:
                self._enters(channel, bridge_id, at, news)
            else:
                channel.leaves(bridged_in, at)
            tell_change(channel.call, at, news)
        tell_leg(channel, at, news)

    def _read_alive(self, channel: Channel, event: Event, at: Moment) -> None:
        """What the list says of a channel never heard of before."""
        application = event.get("Application", "")
        channel.created_at = max(at - seconds_of(event.get("Duration")), 0.0)
        channel.outgoing = application in _DIALLED_BY
        if not channel.outgoing:
            channel.exten = extension(event.get(OWN.exten))
        if application == "Queue":
            queue = event.get("ApplicationData", "").partition(",")[0]
            channel.call.joins_queue(queue, channel, channel.created_at)
        elif is_dialled_by_queue(event) and channel.call.queue_stays:
            channel.queue = channel.call.queue_stays[-1].queue

    def _dialled(self, caller: Channel | None, callee: Channel, at: Moment) -> None:
        callee.dialled_at = earliest(callee.dialled_at, at)
        if caller is not None and caller is not callee and callee.dialled_by is None:
            callee.dialled_by = caller

    def _dial_ended(self, callee: Channel, status: str, at: Moment, news: list[CallEvent]) -> None:
        if callee.dial_ended(status, at):
            tell_leg(callee, at, news)
            tell_change(callee.call, at, news)

    def _enters(self, channel: Channel, bridge_id: str, at: Moment, news: list[CallEvent]) -> None:
        bridge = self.board.bridge(bridge_id)
        if not channel.enters(bridge, at):
            return
        tell_leg(channel, at, news)
        calls = list(dict.fromkeys(stay.channel.call for stay in bridge.stays if stay.is_open))
        if len(calls) > 1 and not bridge.holding:
            calls = self._confer(calls, at, news)
        for call in calls:
            tell_call(call, at, news)

    def _confer(self, calls: list[Call], at: Moment, news: list[CallEvent]) -> list[Call]:
        """Colleagues who come to a client in a conference are part of the client's call."""
        with_client = [call for call in calls if sides.direction(call) is not Direction.INTERNAL]
        if not with_client:
            return calls
        for call in calls:
            if call not in with_client:
                self.board.merge(with_client[0], call, at, news)
        return with_client

    def joins_queue(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        """A caller waits in a queue since ``at``, by its own event or by QueueStatus."""
        channel = self._meet_own(event, at, news)
        queue = told(event.get("Queue"))
        if channel is None or queue is None or channel.ended_at is not None:
            return
        call = channel.call
        if call.joins_queue(queue, channel, at) and call.told_start:
            news.append(CallQueued(linkedid=call.linkedid, at=as_datetime(at), queue=queue))

    def _taken_by_voicemail(
        self, channel: Channel | None, at: Moment, news: list[CallEvent], *, mailbox: str | None = None
    ) -> None:
        if channel is None:
            return
        is_news = not channel.call.voicemail
        channel.call.voicemail = True
        if mailbox is not None and channel.ended_at is None:
            is_news |= channel.call.steps_aside(StopKind.VOICEMAIL, mailbox, channel, at)
        if is_news:
            tell_change(channel.call, at, news)

    def _recorded(self, channel: Channel, file: str, since: Moment | None, at: Moment, news: list[CallEvent]) -> None:
        call = channel.call
        if call.recorded(file, since, channel) and call.told_start:
            news.append(RecordingStarted(linkedid=call.linkedid, at=as_datetime(at), file=file))

    def ended(self, channel: Channel, at: Moment, news: list[CallEvent]) -> None:
        """A channel is gone."""
        channel.ends(at)
        call = channel.call
        call.alive -= 1
        tell_leg(channel, at, news)
        tell_call(call, at, news)
        tell_change(call, at, news)
        if call.alive == 0:
            self.board.rest(call, self.now)


def is_dialled_by_queue(event: Event) -> bool:
    return event.get("Application") == "AppQueue"

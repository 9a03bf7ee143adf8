"""Turn the AMI's channel chatter into the story of one call.

The tracker is a pure fold: it holds the channels it has seen, reads one event
at a time and returns what that event means. It owns no socket, clock or
database, so a recorded call replays through it exactly as it happened.

Each event only adds a fact to a channel (``tracking.facts``); what the facts
mean is concluded from all of them (``tracking.story``). That is why an event
heard twice, late, or before its neighbour changes nothing in the end, and why
joining in the middle of a call is nothing special.
"""

from __future__ import annotations

import math
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import datetime

from channels.telephony.dialect import ChannelKind, PbxDialect
from channels.telephony.tracking import legs, sides, story
from channels.telephony.tracking.alive import Alive
from channels.telephony.tracking.board import Board
from channels.telephony.tracking.events import (
    CallAnswered,
    CallChanged,
    CallEnded,
    CallEvent,
    CallQueued,
    HoldChanged,
    LegAnswered,
    LegEnded,
    LegOffered,
    RecordingStarted,
)
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
from crm_core.domain.calls import CallSnapshot, Direction
from crm_core.domain.path import StopKind

#: An ended call is remembered this long by our own clock, so that its Cdr and other stragglers still
#: find it, and in any case until somebody has looked at it.
REMEMBERED_S = 30.0
#: Within so short a time nobody puts a client on hold and takes them back, or passes them on and back.
UNTOUCHED_S = 1.0
#: However many calls that would be, no more than this are remembered.
REMEMBERED_CALLS = 10_000

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


class CallTracker:
    """The calls of one run of one PBX. A restarted PBX needs a new tracker, for its Linkedids repeat."""

    def __init__(self, dialect: PbxDialect, *, boot: str) -> None:
        self._boot = boot
        self._board = Board(dialect)
        self._resting: deque[tuple[float, Call]] = deque()
        self._now = 0.0  # our own clock, from the last `arrived`
        self._heard_at = 0.0  # the latest moment any event spoke of
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

    def feed(self, event: Event, arrived: datetime) -> list[CallEvent]:
        """Read one event; what it means, or nothing. Never raises, whatever the event holds."""
        read = self._readers.get(event.get("Event", ""))
        if read is None:
            return []
        self._now = arrived.timestamp()
        at = self._moment(event)
        self._heard_at = max(self._heard_at, at)
        news: list[CallEvent] = []
        read(event, at, news)
        self._await_a_look(news)
        if self._resting:
            self._forget_rested()
        return news

    def snapshot(self, linkedid: str) -> CallSnapshot:
        """The whole picture of one call, by any Linkedid that ever named it.

        Raises:
            KeyError: no such call, or it ended a while ago and was forgotten.
        """
        call = self._board.calls[linkedid]
        call.looked_at = True
        return story.snapshot(call, self._board.dialect, self._boot)

    def live_calls(self) -> list[str]:
        """The Linkedids of the calls that are not over, in the order they were met."""
        known = dict.fromkeys(self._board.calls.values())
        return [call.linkedid for call in known if call.told_start and call.ended_at is None]

    def forget(self, linkedid: str) -> None:
        """Let go of a call and everything known of it; one that is not known is no error."""
        call = self._board.calls.get(linkedid)
        if call is not None:
            self._board.forget(call)

    def resync(
        self, alive: Alive, at: datetime, *, heard_until: datetime | None = None, missed: bool = False
    ) -> list[CallEvent]:
        """Believe the PBX's own lists, asked for at ``at`` by our own clock.

        A channel that is no longer there ended unheard: it is closed at the
        last moment anything was heard, and its call is not complete. One that
        is new is met as it stands. What was heard since ``at`` stays.

        Nothing was heard between ``heard_until`` and now; None: we listened all the time.
        ``missed``: something was said meanwhile.
        """
        self._now = at.timestamp()
        news: list[CallEvent] = []
        if heard_until is not None:
            self._heard_at = max(self._heard_at, heard_until.timestamp())
        listed = {event.get("Uniqueid", "") for event in alive.channels}
        before = [(uniqueid, one) for uniqueid, one in self._board.channels.items() if one.met < self._now]
        for uniqueid, channel in before:
            if channel.ended_at is None and uniqueid not in listed:
                channel.lost = channel.call.gap = True
                self._ended(channel, max(self._heard_at, channel.created_at), news)
        if heard_until is not None:
            deaf_s = math.inf if missed else self._now - heard_until.timestamp()
            self._doubt_what_went_on([channel for _, channel in before], deaf_s, news)
        # Phones that a queue dialled come last: only its caller's line tells which queue it is.
        for event in sorted(alive.channels, key=_is_dialled_by_queue):
            self._find_alive(event, self._now, news)
        for event in alive.queue_callers:
            waited = whole_number(event.get("Wait")) or 0
            self._joins_queue(event, max(self._now - waited, 0.0), news)
        self._await_a_look(news)
        return news

    def doubt(self) -> None:
        """Something was said of the calls that are alive, and we did not hear it."""
        for call in self._board.calls.values():
            call.gap |= call.ended_at is None

    def _doubt_what_went_on(self, before: Iterable[Channel], deaf_s: float, news: list[CallEvent]) -> None:
        """A call that lived through a time in which nothing was heard may have been held, offered, passed on and back.

        The lists do not tell. Only of a talk and only for a moment it is believed that nothing happened.
        """
        for call in dict.fromkeys(channel.call for channel in before if channel.ended_at is None):
            if call.ended_at is not None:
                continue
            if deaf_s <= UNTOUCHED_S and any(channel.is_bridged for channel in call.channels.values()):
                call.nearly_gap = True
            else:
                call.gap = True
                self._tell_change(call, self._now, news)

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
            self._tell_leg(phone, at, news)
        self._tell_change(channel.call, at, news)

    def _newstate(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._meet_own(event, at, news)
        if channel is None or channel.ended_at is not None:
            return
        state = event.get(OWN.state)
        if state == _RINGING:
            channel.rang(at)
        elif state == _UP:
            channel.came_up(at)
        self._tell_leg(channel, at, news)

    def _new_callerid(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._board.find(event, OWN, at, news)
        if channel is None or channel.number is not None:
            return
        channel.number = number(event.get(OWN.number))
        if channel.number is not None:
            channel.display_name = told(event.get(OWN.display_name))
            self._tell_change(channel.call, at, news)

    def _rename(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        self._board.rename(event)

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
        self._tell_change(callee.call, at, news)

    def _dial_end(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        callee = self._board.find(event, DEST, at, news)
        status = told(event.get("DialStatus"))
        if callee is not None and status is not None:
            self._dial_ended(callee, status, at, news)

    def _originate_response(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._board.find(event, OWN, at, news)
        if channel is not None and channel.exten is None:
            channel.exten = extension(event.get(OWN.exten))
            self._tell_change(channel.call, at, news)

    def _bridge_enter(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._meet_own(event, at, news)
        bridge_id = told(event.get("BridgeUniqueid"))
        if channel is None or bridge_id is None or channel.ended_at is not None:
            return
        self._board.bridge(bridge_id).holding |= event.get("BridgeTechnology") == _HOLDING
        self._enters(channel, bridge_id, at, news)

    def _bridge_leave(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._board.find(event, OWN, at, news)
        if channel is not None:
            channel.leaves(event.get("BridgeUniqueid", ""), at)

    def _queue_caller_join(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        self._joins_queue(event, at, news)

    def _queue_caller_leave(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._board.find(event, OWN, at, news)
        if channel is not None:
            channel.call.leaves_queue(event.get("Queue", ""), channel, at)

    def _agent_called(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        caller = self._meet(event, OWN, at, news)
        callee = self._meet(event, DEST, at, news)
        if callee is not None and callee.queue is None:
            callee.queue = told(event.get("Queue"))
            self._dialled(caller, callee, at)
            self._tell_change(callee.call, at, news)

    def _agent_connect(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        callee = self._meet(event, DEST, at, news)
        if callee is not None:
            callee.queue = callee.queue or told(event.get("Queue"))
            self._dial_ended(callee, "ANSWER", at, news)

    def _agent_ring_no_answer(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        callee = self._board.find(event, DEST, at, news)
        if callee is not None:
            self._dial_ended(callee, "NOANSWER", at, news)

    def _hold(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._meet_own(event, at, news)
        if channel is not None and channel.ended_at is None and channel.holds_others(at):
            self._tell_hold(channel, at, news)

    def _unhold(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._board.find(event, OWN, at, news)
        if channel is None:
            return
        if channel.takes_back(at):
            self._tell_hold(channel, at, news)
        elif channel.call.nearly_gap and not channel.took_back(at):
            channel.call.gap = True  # something did happen in that moment: this hold began

    def _transfer(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        """All parties of a transfer are one call from now on, though Linkedids may say so only later."""
        if event.get("Result") != "Success":
            return
        parties = [self._board.find(event, who, at, news) for who in _TRANSFER_PARTIES]
        calls = list(dict.fromkeys(channel.call for channel in parties if channel is not None))
        for other in calls[1:]:
            self._board.merge(calls[0], other, at, news)
        consulting = self._board.find(event, _CONSULTING, at, news)
        if consulting is not None and event.get("DestType") == "App":
            consulting.handed_over = True
        for call in dict.fromkeys(channel.call for channel in parties if channel is not None):
            self._tell_call(call, at, news)
            self._tell_change(call, at, news)

    def _pickup(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        """Somebody takes the call that rings on another phone: whoever dialled ``*8`` is part of that call."""
        picker = self._meet_own(event, at, news)
        rung = self._board.find(event, _RUNG, at, news)
        if picker is None or rung is None or picker is rung:
            return
        picker.took, rung.taken = rung, True
        self._board.merge(rung.call, picker.call, at, news)
        for phone in (rung, picker):
            self._tell_leg(phone, at, news)
        self._tell_change(rung.call, at, news)

    def _parked_call(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._board.find(event, _PARKEE, at, news)
        space = told(event.get("ParkingSpace"))
        if channel is None or space is None or channel.ended_at is not None:
            return
        if channel.call.steps_aside(StopKind.PARKING, space, channel, at):
            self._tell_change(channel.call, at, news)

    def _leaves_lot(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._board.find(event, _PARKEE, at, news)
        if channel is not None:
            channel.call.comes_back(StopKind.PARKING, channel, at)
            self._tell_change(channel.call, at, news)

    def _unparked_call(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        self._leaves_lot(event, at, news)
        retriever = self._meet(event, _RETRIEVER, at, news)  # a lot's events may overtake those of channels
        if retriever is not None and retriever.is_phone:
            retriever.fetched = True
            self._tell_change(retriever.call, at, news)

    def _mixmonitor_start(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._board.find(event, OWN, at, news)
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
            self._taken_by_voicemail(self._board.find(event, OWN, at, news), at, news, mailbox=mailbox)

    def _message_waiting(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        """Sent on a channel when a message was left on it."""
        channel = self._board.find(event, OWN, at, news)
        if channel is not None and not channel.call.message_left:
            channel.call.message_left = channel.call.voicemail = True
            self._tell_change(channel.call, at, news)

    def _hangup_request(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._board.find(event, OWN, at, news)
        if channel is not None and channel.ended_at is None:
            channel.released_at = earliest(channel.released_at, at)
            if channel.takes_back(at):  # the PBX may keep the channel of a phone that has left
                self._tell_hold(channel, at, news)

    def _hangup(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        channel = self._board.find(event, OWN, at, news)
        if channel is None or channel.ended_at is not None:
            return
        channel.cause = whole_number(event.get("Cause"))
        self._ended(channel, at, news)

    def _cdr(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        """Its times and dispositions are of one attempt, not of the call; these two are worth having."""
        channel = self._board.channels.get(event.get("UniqueID", ""))
        if channel is None:
            return
        if event.get("LastApplication") in _VOICEMAIL:
            self._taken_by_voicemail(channel, at, news)
        userfield = event.get("UserField", "")
        if _SOUND_FILE.fullmatch(userfield):
            self._recorded(channel, userfield, None, at, news)

    def _moment(self, event: Event) -> Moment:
        """The PBX's own clock where it tells the time, else ours."""
        said = event.get("Timestamp")
        if said is None:
            return self._now
        try:
            at = float(said)
        except ValueError:
            at = math.nan
        if 0.0 <= at <= _LATEST_MOMENT:
            return at
        self.anomalies["timestamp of no time"] += 1
        return self._now

    def _meet(self, event: Event, who: Party, at: Moment, news: list[CallEvent]) -> Channel | None:
        return self._board.meet(event, who, at, self._now, news)

    def _meet_own(self, event: Event, at: Moment, news: list[CallEvent]) -> Channel | None:
        channel = self._meet(event, OWN, at, news)
        if channel is None:
            self.anomalies["event of no channel"] += 1
        return channel

    def _find_alive(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
        known = self._board.channels.get(event.get("Uniqueid", ""))
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
            self._tell_change(channel.call, at, news)
        self._tell_leg(channel, at, news)

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
        elif _is_dialled_by_queue(event) and channel.call.queue_stays:
            channel.queue = channel.call.queue_stays[-1].queue

    def _dialled(self, caller: Channel | None, callee: Channel, at: Moment) -> None:
        callee.dialled_at = earliest(callee.dialled_at, at)
        if caller is not None and caller is not callee and callee.dialled_by is None:
            callee.dialled_by = caller

    def _dial_ended(self, callee: Channel, status: str, at: Moment, news: list[CallEvent]) -> None:
        if callee.dial_ended(status, at):
            self._tell_leg(callee, at, news)
            self._tell_change(callee.call, at, news)

    def _enters(self, channel: Channel, bridge_id: str, at: Moment, news: list[CallEvent]) -> None:
        bridge = self._board.bridge(bridge_id)
        if not channel.enters(bridge, at):
            return
        self._tell_leg(channel, at, news)
        calls = list(dict.fromkeys(stay.channel.call for stay in bridge.stays if stay.is_open))
        if len(calls) > 1 and not bridge.holding:
            calls = self._confer(calls, at, news)
        for call in calls:
            self._tell_call(call, at, news)

    def _confer(self, calls: list[Call], at: Moment, news: list[CallEvent]) -> list[Call]:
        """Colleagues who come to a client in a conference are part of the client's call."""
        with_client = [call for call in calls if sides.direction(call) is not Direction.INTERNAL]
        if not with_client:
            return calls
        for call in calls:
            if call not in with_client:
                self._board.merge(with_client[0], call, at, news)
        return with_client

    def _joins_queue(self, event: Event, at: Moment, news: list[CallEvent]) -> None:
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
            self._tell_change(channel.call, at, news)

    def _recorded(self, channel: Channel, file: str, since: Moment | None, at: Moment, news: list[CallEvent]) -> None:
        call = channel.call
        if call.recorded(file, since, channel) and call.told_start:
            news.append(RecordingStarted(linkedid=call.linkedid, at=as_datetime(at), file=file))

    def _ended(self, channel: Channel, at: Moment, news: list[CallEvent]) -> None:
        channel.ends(at)
        call = channel.call
        call.alive -= 1
        self._tell_leg(channel, at, news)
        self._tell_call(call, at, news)
        self._tell_change(call, at, news)
        if call.alive == 0:
            self._resting.append((self._now, call))

    def _await_a_look(self, news: list[CallEvent]) -> None:
        """What is told of a call is only in its snapshot: until that was taken, the call is not forgotten."""
        for one in news:
            self._board.calls[one.linkedid].looked_at = False

    def _forget_rested(self) -> None:
        while self._resting:
            since, call = self._resting[0]
            too_soon = since > self._now - REMEMBERED_S or not call.looked_at
            if too_soon and len(self._resting) <= REMEMBERED_CALLS:
                return
            self._resting.popleft()
            if call.alive == 0 and self._board.calls.get(call.linkedid) is call:
                self._board.forget(call)

    def _tell_leg(self, phone: Channel, at: Moment, news: list[CallEvent]) -> None:
        """Say what became of a phone since it was last spoken of, each thing once."""
        if not phone.is_phone or phone.told_end:
            return
        linkedid, moment = phone.call.linkedid, as_datetime(at)
        uniqueid, interface = phone.uniqueid, phone.interface
        if not phone.told_offer and legs.rang(phone) and not legs.placed_call(phone):
            phone.told_offer = True
            news.append(LegOffered(linkedid=linkedid, at=moment, uniqueid=uniqueid, interface=interface))
        if not phone.told_answer and legs.picked_up_at(phone) is not None:
            phone.told_answer = True
            news.append(LegAnswered(linkedid=linkedid, at=moment, uniqueid=uniqueid, interface=interface))
        result = legs.leg_result(phone)
        if phone.ended_at is not None and result is not None:
            phone.told_end = True
            news.append(LegEnded(linkedid=linkedid, at=moment, uniqueid=uniqueid, interface=interface, result=result))

    def _tell_hold(self, phone: Channel, at: Moment, news: list[CallEvent]) -> None:
        if phone.is_phone:
            news.append(
                HoldChanged(
                    linkedid=phone.call.linkedid,
                    at=as_datetime(at),
                    uniqueid=phone.uniqueid,
                    interface=phone.interface,
                    on_hold=phone.on_hold,
                )
            )

    def _tell_call(self, call: Call, at: Moment, news: list[CallEvent]) -> None:
        """Say that the call was answered, or is over, each once."""
        if not call.told_start:
            return
        if not call.told_answer and sides.contacts(call, sides.direction(call)):
            call.told_answer = True
            news.append(CallAnswered(linkedid=call.linkedid, at=as_datetime(at)))
        if call.ended_at is None:
            call.ended_at = sides.end_of(call)
            if call.ended_at is not None:
                news.append(CallEnded(linkedid=call.linkedid, at=as_datetime(call.ended_at)))

    def _tell_change(self, call: Call, at: Moment, news: list[CallEvent]) -> None:
        """Say that something changed, unless something more telling was said of this call already."""
        if call.told_start and not any(one.linkedid == call.linkedid for one in news):
            news.append(CallChanged(linkedid=call.linkedid, at=as_datetime(at)))


def _is_dialled_by_queue(event: Event) -> bool:
    return event.get("Application") == "AppQueue"

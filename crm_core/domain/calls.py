"""What a phone call was, told by whoever heard it, and what we conclude from that.

A :class:`CallSnapshot` is the whole of what a PBX has let us hear of one call
so far. It is a fact: it may come again, or come again with more in it, and the
same snapshot recorded twice changes nothing. The rules below it (``outcome``,
``wait``) are pure, so a recorded call can be judged again at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from crm_core.domain.path import Span, Stay

#: Calls are timed by the PBX's clock, what people do here by ours: two machines that keep NTP time agree better than
#: this, a PBX's bills round to the second, and beyond it the check-up complains of the clocks.
CLOCKS_APART = timedelta(seconds=2)


class Direction(StrEnum):
    """Seen from the company: who placed the call."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class InteractionState(StrEnum):
    """How far an interaction has come; it only ever moves forward in this order."""

    OFFERED = "offered"
    QUEUED = "queued"
    ACTIVE = "active"
    WRAP_UP = "wrap_up"
    CLOSED = "closed"


class Outcome(StrEnum):
    """The fate of the whole interaction, decided once, at its end."""

    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    SHORT_ABANDONED = "short_abandoned"
    ABANDONED = "abandoned"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    UNANSWERED = "unanswered"


class EndedBy(StrEnum):
    """Which side let the call go."""

    CLIENT = "client"
    AGENT = "agent"
    SYSTEM = "system"


class LegRole(StrEnum):
    """Why this phone of ours was part of the call."""

    QUEUE = "queue"
    DIRECT = "direct"
    TRANSFER_BLIND = "transfer_blind"
    TRANSFER_ATTENDED = "transfer_attended"
    CONSULT = "consult"
    ORIGINATE = "originate"


class LegResult(StrEnum):
    """What became of one phone."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    CANCELLED = "cancelled"
    FAILED = "failed"


#: Contract: an inbound caller who left sooner than this was a short abandon (a setting of the queue).
DEFAULT_SHORT_ABANDON = timedelta(seconds=5)
#: How long a click-to-call may wait for the PBX before it is worth nothing: a late one surprises people.
ORIGINATE_EXPIRY = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegSnapshot:
    """One of our own phones as part of a call; trunks are never legs."""

    uniqueid: str  # AMI Uniqueid of the phone's channel; names the leg within its PBX and boot
    channel: str  # AMI channel name, "PJSIP/1001-0000002a": what a hang-up command addresses
    interface: str  # the device, "PJSIP/1001"
    extension: str | None  # "1001"; the core maps it to an agent; None for a device we cannot name
    role: LegRole
    queue: str | None  # the queue that offered it, for role queue
    offered_at: datetime  # it began to ring, or for a phone that never rang: was dialled
    rang: bool  # False: busy, unreachable or declined at once: a leg, but never an offer
    answered_at: datetime | None
    ended_at: datetime | None
    result: LegResult | None  # None while it rings
    on_hold: bool = False  # the client waits on hold on this phone at this moment
    had: tuple[Span, ...] = ()  # when this phone had the client, be it on hold, in order
    talk: timedelta = timedelta()  # of it, connected and not on hold
    hold: timedelta = timedelta()  # the client waited for this phone


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSnapshot:
    """A recording file the PBX told us about (VarSet MIXMONITOR_FILENAME, or the CDR's userfield)."""

    file: str  # as the PBX names it: absolute, or relative to its monitor directory
    started_at: datetime
    #: Uniqueids of the phones that talked while the client was not there; None: the client is heard in it.
    consultation: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """Of the file alone: its CDR may leave out the folders that the event told."""
        return self.file.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSnapshot:
    """All that is known of one call at one moment, times aware and UTC.

    ``talk`` is the union of the times a person of ours and the client were
    bridged, with hold taken out; for an internal call the client is the callee.
    """

    pbx: str  # name of the PBX in the settings
    boot: str  # names one run of that PBX: Linkedids repeat after its restart
    linkedid: str  # first Linkedid of the client's channel; for click-to-call our own interaction id
    keys: tuple[str, ...]  # every Linkedid folded into this call, `linkedid` among them
    direction: Direction
    state: InteractionState  # offered, queued, active or closed; wrap-up is the core's business
    client_number: str | None  # exactly as the trunk sent it or as it was dialled; None when withheld
    client_name: str | None  # the display name that came with it; a stranger's text
    our_number: str | None  # the DID that was called, or the number shown outbound
    queues: tuple[str, ...]  # in the order they were entered
    answered_queue: str | None
    started_at: datetime
    answered_at: datetime | None  # a person and the client were first connected
    ended_at: datetime | None
    talk: timedelta
    hold: timedelta
    ended_by: EndedBy | None
    hangup_cause: int | None  # Q.850, of the client's channel
    dial_status: str | None  # outbound: the trunk's last DialStatus, "BUSY", "CONGESTION" …
    client_channel: str | None  # AMI channel name of the client's side while it lives
    legs: tuple[LegSnapshot, ...]  # by offered_at
    recordings: tuple[RecordingSnapshot, ...] = ()
    stays: tuple[Stay, ...] = ()  # where else the client was
    voicemail: bool = False  # the caller was taken by voicemail
    complete: bool = True  # False: part of it fell in a gap and could not be repaired


def wait(call: CallSnapshot) -> timedelta | None:
    """From the first sign to the answer by a person, or to the end when nobody answered; None while undecided."""
    until = call.answered_at or call.ended_at
    return max(until - call.started_at, timedelta()) if until else None


def outcome(call: CallSnapshot, *, short_abandon: timedelta = DEFAULT_SHORT_ABANDON) -> Outcome | None:
    """The contract's outcome rule, "decided at the end, once for the whole interaction"; None before the end.

    The PBX's own words are not trusted for it: QueueCallerAbandon is sent on a
    queue's timeout too, and inside a queue busy and decline both look like no answer.
    """
    if call.ended_at is None:
        return None
    if call.answered_at is not None:
        return Outcome.ANSWERED
    if call.direction is Direction.INBOUND:
        return _inbound_outcome(call, short_abandon)
    return _outbound_outcome(call)


def _inbound_outcome(call: CallSnapshot, short_abandon: timedelta) -> Outcome:
    if call.voicemail:
        return Outcome.VOICEMAIL
    if call.ended_by is EndedBy.CLIENT:
        waited = wait(call)
        return Outcome.SHORT_ABANDONED if waited is not None and waited < short_abandon else Outcome.ABANDONED
    results = {leg.result for leg in call.legs}
    if results and results <= {LegResult.BUSY, LegResult.DECLINED}:
        return Outcome.BUSY
    # None: the phone rang until the end, and its own channel has not told of it yet.
    if results & {LegResult.NO_ANSWER, LegResult.CANCELLED, None} or call.queues:
        return Outcome.NO_ANSWER
    return Outcome.FAILED


#: Q.850 causes of the client's channel that mean the number rang, or could have, and nobody took it.
_NO_ANSWER_CAUSES = frozenset({0, 16, 18, 19})


def _outbound_outcome(call: CallSnapshot) -> Outcome:
    if call.dial_status == "BUSY" or call.hangup_cause == 17:
        return Outcome.BUSY
    if any(leg.role is LegRole.ORIGINATE and leg.answered_at is None for leg in call.legs):
        return Outcome.FAILED  # our own phone was not picked up; legs[0].result says why
    if call.dial_status == "CANCEL":
        return Outcome.NO_ANSWER  # we gave up; the cause (127) then only speaks of our own cancelling
    if call.ended_by is EndedBy.AGENT or call.dial_status in {"NOANSWER", None}:
        # Asterisk answers NOANSWER for a 404 as well: only the cause tells an invalid number.
        return Outcome.NO_ANSWER if (call.hangup_cause or 0) in _NO_ANSWER_CAUSES else Outcome.FAILED
    return Outcome.FAILED

"""The PBX's books retold in AMI's words, so that one set of rules decides the story.

CEL says everything but who dialled whom and what rang: the dialled channel is
the one that begins at no extension, its caller is whoever runs an application
in the same call. queue_log adds the queues. A CDR alone is a coarser tale, to
the second: of each attempt it knows who, whom, from when, answered or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from channels.telephony.dialect import ChannelKind, PbxDialect
from channels.telephony.frames import Event
from channels.telephony.history.records import CdrRow, CelRow, Moment, QueueLine
from channels.telephony.tracking.headers import extension, told, whole_number

_DOWN, _RING, _RINGING, _UP = "0", "4", "5", "6"
#: Q.850 causes of a phone or line that was never reached, so it did not ring: no route, out of order, congestion.
_NEVER_REACHED = frozenset({1, 2, 3, 20, 27, 28, 34, 38, 41, 42, 44, 50, 58, 88})
#: A phone that refuses at once made no sound.
_RANG_S = 0.3
#: A caller and the phones that rang for them are gone within this time of each other.
_SAME_END_S = 0.5
#: queue_log's seconds are cut off, CEL's are not.
_SECOND = 1.0
_LEAVES = frozenset({"CONNECT", "ABANDON", "EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY"})
#: No longer than an extension: such a number is not one of ours that a client calls.
_EXTENSION = 6
#: A queue's word on who ended the talk.
CALLER_ENDED, AGENT_ENDED = "COMPLETECALLER", "COMPLETEAGENT"

_DIAL_STATUS = {"ANSWERED": "ANSWER", "NO ANSWER": "NOANSWER", "BUSY": "BUSY", "CONGESTION": "CONGESTION"}
_CAUSE_OF = {"ANSWERED": "16", "BUSY": "17", "CONGESTION": "34"}


@dataclass(slots=True)
class _Life:
    """One channel of the diary, looked at from its end: what a PBX says at once, the diary tells later."""

    uniqueid: str
    name: str
    begun: Moment
    outgoing: bool
    answered: Moment | None = None
    ended: Moment | None = None
    cause: int | None = None
    dial_status: str = ""  # of the last channel it dialled
    last_dialled: str = ""  # its Uniqueid
    ended_by_itself: bool = False

    @property
    def rang(self) -> bool:
        if self.answered is not None or self.ended is None:
            return self.answered is not None
        return self.cause not in _NEVER_REACHED and self.ended - self.begun >= _RANG_S


def retell_diary(cel: Iterable[CelRow], queue_log: Sequence[QueueLine], dialect: PbxDialect) -> list[Event]:
    """Calls as CEL and queue_log have them, in the order in which they happened."""
    rows = sorted(cel, key=lambda row: row.at)
    diary = _Diary(rows, queue_log, dialect)
    return _in_order([*(event for row in rows for event in diary.tell(row)), *_queue_events(queue_log, rows)])


class _Diary:
    def __init__(self, rows: Sequence[CelRow], queue_log: Sequence[QueueLine], dialect: PbxDialect) -> None:
        self._dialect = dialect
        self._lives = _lives(rows, dialect)
        self._stays = _stays(queue_log)
        self._connected = {line.details[1]: line.queue for line in queue_log if _connects(line)}
        self._names = {(row.linkedid, row.channel): row.uniqueid for row in rows}
        self._callers = _callers(rows, self._lives)
        self._consults = {
            row.extra["channel2_uniqueid"]: row
            for row in rows
            if row.event == "ATTENDEDTRANSFER" and "channel2_uniqueid" in row.extra
        }
        self._released: set[str] = set()

    def tell(self, row: CelRow) -> Iterator[Event]:
        """What AMI would have said."""
        match row.event:
            case "CHAN_START":
                yield from self._begins(row)
            case "ANSWER":
                yield _event("Newstate", row.at, {**_own(row), "ChannelState": _UP})
            case "APP_START":
                yield from self._runs(row)
            case "BRIDGE_ENTER" | "BRIDGE_EXIT":
                name = "BridgeEnter" if row.event == "BRIDGE_ENTER" else "BridgeLeave"
                yield _event(name, row.at, {**_own(row), "BridgeUniqueid": row.extra.get("bridge_id", "")})
            case "BLINDTRANSFER" | "ATTENDEDTRANSFER":
                yield _event("AttendedTransfer", row.at, {"Result": "Success", **_parties(row)})
            case "HANGUP":
                yield from self._ends(row)

    def _begins(self, row: CelRow) -> Iterator[Event]:
        life = self._lives[row.uniqueid]
        state = _DOWN if life.outgoing else _RING
        yield _event("Newchannel", row.at, {**_own(row), "ChannelState": state, "Exten": row.exten})
        transferer = self._consults.get(row.uniqueid)
        if transferer is not None:  # who asks a colleague has let the client wait
            yield _event("Hold", row.at, _own(transferer))
        if not life.outgoing:
            return
        caller = self._callers.get(row.uniqueid)
        if caller is not None:
            yield _event("DialBegin", row.at, {**_own(caller), "Exten": caller.exten, **_dest(row)})
            queue = self._queue_of(row, caller)
            if queue is not None:
                yield _event("AgentCalled", row.at, {**_own(caller), **_dest(row), "Queue": queue})
        if life.rang:
            yield _event("Newstate", row.at, {**_own(row), "ChannelState": _RINGING})

    def _runs(self, row: CelRow) -> Iterator[Event]:
        if row.app == "Queue" and row.uniqueid not in self._stays:  # no queue_log is kept
            queue = row.app_data.partition(",")[0]
            yield _event("QueueCallerJoin", row.at, {**_own(row), "Queue": queue})
        if row.app in {"VoiceMail", "MinivmRecord"}:
            yield _event("Newexten", row.at, {**_own(row), "Application": row.app})

    def _queue_of(self, row: CelRow, caller: CelRow) -> str | None:
        """The queue that had this phone rung."""
        if row.uniqueid in self._connected:
            return self._connected[row.uniqueid]
        if caller.app not in {"", "Queue"}:
            return None
        at = [queue for queue, since, until in self._stays.get(caller.uniqueid, ()) if since <= row.at < until]
        if at:
            return at[-1]
        return caller.app_data.partition(",")[0] if caller.app == "Queue" else None

    def _ends(self, row: CelRow) -> Iterator[Event]:
        yield from self._release(row, row.extra.get("hangupsource", ""))
        life, caller = self._lives[row.uniqueid], self._callers.get(row.uniqueid)
        if caller is not None:
            dialler = self._lives[caller.uniqueid]
            status = dialler.dial_status if dialler.last_dialled == row.uniqueid else ""
            if self._still_rang(life, dialler):
                status = "CANCEL"
            if status:
                yield _event("DialEnd", row.at, {**_dest(row), "DialStatus": status})
        yield _event("Hangup", row.at, {**_own(row), "Cause": row.extra.get("hangupcause", "")})

    def _still_rang(self, life: _Life, dialler: _Life) -> bool:
        """Did its caller give up while it rang; the queue's own word for both is that nobody answered."""
        if life.answered is not None or life.ended is None or dialler.ended is None:
            return False
        return dialler.ended_by_itself and abs(dialler.ended - life.ended) < _SAME_END_S

    def _release(self, row: CelRow, channel: str) -> Iterator[Event]:
        """Who let go first, by hanging up or by refusing to be called."""
        uniqueid = self._names.get((row.linkedid, channel))
        if uniqueid is not None and uniqueid not in self._released:
            self._released.add(uniqueid)
            told = {"Channel": channel, "Uniqueid": uniqueid, "Linkedid": row.linkedid}
            yield _event("HangupRequest", row.at, told)


def _lives(rows: Iterable[CelRow], dialect: PbxDialect) -> dict[str, _Life]:
    lives: dict[str, _Life] = {}
    for row in rows:
        life = lives.get(row.uniqueid)
        if life is None:
            life = lives[row.uniqueid] = _Life(row.uniqueid, row.channel, row.at, _was_made_by_pbx(row, dialect))
        if row.event == "ANSWER" and life.answered is None:
            life.answered = row.at
        if row.event == "HANGUP":
            life.ended = row.at
            life.cause = whole_number(row.extra.get("hangupcause"))
            life.dial_status = row.extra.get("dialstatus", "")
            life.ended_by_itself = row.extra.get("hangupsource") == life.name
    return lives


def _callers(rows: Iterable[CelRow], lives: Mapping[str, _Life]) -> dict[str, CelRow]:
    """By the Uniqueid of a dialled channel: the application that had it dialled."""
    running: dict[str, CelRow] = {}  # by Linkedid
    callers: dict[str, CelRow] = {}
    for row in rows:
        if row.event == "APP_START":
            running[row.linkedid] = row
        caller = running.get(row.linkedid)
        if row.event == "CHAN_START" and caller is not None and lives[row.uniqueid].outgoing:
            callers[row.uniqueid] = caller
            lives[caller.uniqueid].last_dialled = row.uniqueid
    return callers


def _was_made_by_pbx(row: CelRow, dialect: PbxDialect) -> bool:
    """A channel that Asterisk made to reach somebody stands at no extension yet."""
    kind = dialect.kind_of(row.channel)
    if kind is ChannelKind.LOCAL:
        return row.channel.endswith(";1")
    if told(row.exten) is not None and extension(row.exten) is not None:
        return False
    return kind is ChannelKind.PHONE or row.uniqueid != row.linkedid


def _stays(queue_log: Iterable[QueueLine]) -> dict[str, list[tuple[str, Moment, Moment]]]:
    """By the caller's Uniqueid: the queues it waited in, from when until when."""
    stays: dict[str, list[tuple[str, Moment, Moment]]] = {}
    for line in queue_log:
        times = stays.setdefault(line.call_id, [])
        if line.event == "ENTERQUEUE":
            times.append((line.queue, line.at, float("inf")))
        elif line.event in _LEAVES and times:
            queue, since, _ = times[-1]
            times[-1] = (queue, since, line.at + _SECOND)
    return stays


def _queue_events(queue_log: Iterable[QueueLine], rows: Sequence[CelRow]) -> Iterator[Event]:
    """A caller's ways into queues and out of them; only of channels that the diary knows."""
    born = {row.uniqueid: row for row in reversed(rows)}
    for line in queue_log:
        row = born.get(line.call_id)
        if row is None:
            continue
        if line.event == "ENTERQUEUE":
            yield _event("QueueCallerJoin", max(line.at, row.at), {**_own(row), "Queue": line.queue})
        elif line.event in _LEAVES:
            yield _event("QueueCallerLeave", line.at + _SECOND, {**_own(row), "Queue": line.queue})


def _connects(line: QueueLine) -> bool:
    return line.event == "CONNECT" and len(line.details) > 1


def retell_bills(cdr: Iterable[CdrRow], queue_log: Sequence[QueueLine], dialect: PbxDialect) -> list[Event]:
    """Calls as the CDR and queue_log have them; what nobody wrote down is left out."""
    by_caller: dict[str, list[QueueLine]] = {}
    for line in queue_log:
        by_caller.setdefault(line.call_id, []).append(line)
    rows = sorted(cdr, key=lambda row: (row.uniqueid, row.start, row.sequence))
    events: list[Event] = []
    for uniqueid, bills in groupby(rows, key=lambda row: row.uniqueid):
        own = list(bills)
        if own[0].destination:  # else it is the mere other end of a transfer
            events += _Bill(own, by_caller.get(uniqueid, ()), dialect).tell()
    return _in_order(events)


class _Bill:
    """What one channel dialled, attempt by attempt."""

    def __init__(self, rows: Sequence[CdrRow], queue_log: Sequence[QueueLine], dialect: PbxDialect) -> None:
        self._rows = rows
        self._queue_log = queue_log
        self._connects = [line for line in queue_log if _connects(line)]
        first = rows[0]
        self._caller = {"Channel": first.channel, "Uniqueid": first.uniqueid, "Linkedid": first.linkedid}
        # A dialplan that goes on to an extension leaves only that in the bill.
        is_our_number = dialect.kind_of(first.channel) is not ChannelKind.TRUNK or len(first.destination) > _EXTENSION
        self._dialled = first.destination if is_our_number else ""

    def tell(self) -> Iterator[Event]:
        yield from self._begins()
        for line in self._queue_log:
            at = max(line.at, self._rows[0].start)
            if line.event == "ENTERQUEUE":
                yield _event("QueueCallerJoin", at, {**self._caller, "Queue": line.queue})
            elif line.event in _LEAVES:
                yield _event("QueueCallerLeave", at, {**self._caller, "Queue": line.queue})
        for row in self._rows:
            if row.dialled_channel:
                yield from self._attempt(row)
        last, ended = self._rows[-1], max(row.end for row in self._rows)
        if _caller_gave_up(last, self._queue_log):
            yield _event("HangupRequest", ended, self._caller)
        yield _event("Hangup", ended, {**self._caller, "Cause": _CAUSE_OF.get(last.disposition, "")})

    def _begins(self) -> Iterator[Event]:
        first = self._rows[0]
        if "." in first.uniqueid:
            born = {"CallerIDNum": first.source, "Exten": self._dialled, "ChannelState": _RING}
            yield _event("Newchannel", first.start, {**self._caller, **born})
            return
        # Click-to-call: the first attempt is our own phone's.
        yield _event("Newchannel", first.start, {**self._caller, "ChannelState": _DOWN})
        yield _event("Newstate", first.start, {**self._caller, "ChannelState": _RINGING})
        if first.answer is not None:
            yield _event("Newstate", first.answer, {**self._caller, "ChannelState": _UP})

    def _attempt(self, row: CdrRow) -> Iterator[Event]:
        answered = row.disposition == "ANSWERED"
        connect = self._connect(row) if answered else None
        uniqueid = connect.details[1] if connect is not None else f"{row.uniqueid}>{row.dialled_channel}"
        callee = {"Channel": row.dialled_channel, "Uniqueid": uniqueid, "Linkedid": row.linkedid}
        dest = {f"Dest{name}": value for name, value in callee.items()}
        yield _event("Newchannel", row.start, {**callee, "ChannelState": _DOWN})
        yield _event("DialBegin", row.start, {**self._caller, "Exten": row.destination, **dest})
        queue = connect.queue if connect is not None else self._queue_of(row)
        if queue:
            yield _event("AgentCalled", row.start, {**self._caller, **dest, "Queue": queue})
        if row.disposition in {"ANSWERED", "NO ANSWER"}:
            yield _event("Newstate", row.start, {**callee, "ChannelState": _RINGING})
        if answered:
            at = row.answer or row.start if connect is None else connect.at
            at = min(max(at, row.start), row.end)
            yield _event("Newstate", at, {**callee, "ChannelState": _UP})
            for side in (self._caller, callee):
                yield _event("BridgeEnter", at, {**side, "BridgeUniqueid": uniqueid})
                yield _event("BridgeLeave", row.end, {**side, "BridgeUniqueid": uniqueid})
        else:
            still_rang = row is self._rows[-1] and _caller_gave_up(row, self._queue_log)
            status = "CANCEL" if still_rang else _DIAL_STATUS.get(row.disposition, "CHANUNAVAIL")
            yield _event("DialEnd", row.end, {**dest, "DialStatus": status})
            if row.disposition == "BUSY":
                yield _event("HangupRequest", row.end, callee)
        cause = "0" if row.disposition == "NO ANSWER" else _CAUSE_OF.get(row.disposition, "")
        yield _event("Hangup", row.end, {**callee, "Cause": cause})

    def _connect(self, row: CdrRow) -> QueueLine | None:
        """The queue's own word on this answer; each is of one attempt only."""
        for line in self._connects:
            if row.start <= line.at + _SECOND and line.at <= row.end:
                self._connects.remove(line)
                return line
        return None

    def _queue_of(self, row: CdrRow) -> str:
        if self._queue_log:
            before = [line for line in self._queue_log if line.at <= row.start + _SECOND]
            left = any(line.event in _LEAVES and line.at + _SECOND <= row.start for line in before)
            return before[-1].queue if before and not left and row.disposition != "ANSWERED" else ""
        return row.app_data.partition(",")[0] if row.app == "Queue" else ""


def _caller_gave_up(last: CdrRow, queue_log: Sequence[QueueLine]) -> bool:
    """queue_log says so; elsewhere, somebody still rang when the caller was gone."""
    said = [line.event for line in queue_log if line.event in {*_LEAVES, CALLER_ENDED, AGENT_ENDED}]
    if said:
        return said[-1] in {"ABANDON", CALLER_ENDED}
    return last.disposition == "NO ANSWER" and bool(last.dialled_channel)


def files_of(cdr: Iterable[CdrRow]) -> list[Event]:
    """What only the bill knows of a call told by the diary: its recording's name."""
    return [
        _event("Cdr", row.end, {"UniqueID": row.uniqueid, "LastApplication": row.app, "UserField": row.file})
        for row in cdr
    ]


def _own(row: CelRow) -> Event:
    return {
        "Channel": row.channel,
        "Uniqueid": row.uniqueid,
        "Linkedid": row.linkedid,
        "CallerIDNum": row.number,
        "CallerIDName": row.name,
    }


def _dest(row: CelRow) -> Event:
    return {f"Dest{name}": value for name, value in _own(row).items()}


def _parties(row: CelRow) -> Event:
    return {
        "OrigTransfererUniqueid": row.uniqueid,
        "SecondTransfererUniqueid": row.extra.get("channel2_uniqueid", ""),
        "TransfereeUniqueid": row.extra.get("transferee_channel_uniqueid", ""),
        "TransferTargetUniqueid": row.extra.get("transfer_target_channel_uniqueid", ""),
    }


def _event(name: str, at: Moment, headers: Event) -> Event:
    return {"Event": name, "Timestamp": f"{at:.6f}", **headers}


#: Of what is said in the same second: first who is there, then where they are, at last who goes.
_ORDER = {"Newchannel": 0, "QueueCallerJoin": 1, "DialBegin": 2, "AgentCalled": 3, "HangupRequest": 8, "Hangup": 9}


def _in_order(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (float(event["Timestamp"]), _ORDER.get(event["Event"], 5)))

"""What Perezvon tells of a call against what Asterisk itself wrote of it: queue_log and the CDRs.

Both are witnesses with habits of their own. A CDR is of one attempt and counts
whole seconds, cut off; queue_log names the member of the queue, whoever lifted
the handset. Only what they can know is asked of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from crm_core.domain.calls import CallSnapshot, LegResult, LegRole, Outcome, outcome
from crm_core.domain.path import StopKind
from tests.lab.ami import Frame
from tests.lab.exchange import Office
from tests.lab.laboratory import Lab
from tests.lab.truth import QueueLogLine

#: A moment in their words is a whole second, cut off, and they hear of it a little later than AMI does.
_WHOLE_S = 1.05
#: What a phone that did not answer may have done, where queue_log says RINGNOANSWER.
_UNANSWERED = {LegResult.NO_ANSWER, LegResult.BUSY, LegResult.DECLINED, LegResult.FAILED}

_CONSULTED = {LegRole.CONSULT, LegRole.TRANSFER_ATTENDED}


async def records(lab: Lab, call: CallSnapshot) -> list[Mapping[str, str]]:
    """The CDRs of a call, as AMI gives them, once that of its end is among them."""
    assert call.ended_at is not None
    ended = call.ended_at.timestamp()

    def is_last(frame: Frame) -> bool:
        return _is_record_of(frame, call) and abs(_moment(frame["EndTime"]) - ended) <= _WHOLE_S

    await lab.witness.wait_for(is_last)
    return [frame.fields for frame in lab.witness.frames if _is_record_of(frame, call)]


def require_agreement_with_records(call: CallSnapshot, cdr: Sequence[Mapping[str, str]]) -> None:
    """When the call began and ended, whom the client was connected with, and how long."""
    assert call.ended_at is not None
    own = [row for row in cdr if row["UniqueID"] == call.linkedid]
    assert abs(min(_moment(row["StartTime"]) for row in own) - call.started_at.timestamp()) <= _WHOLE_S
    assert abs(max(_moment(row["EndTime"]) for row in own) - call.ended_at.timestamp()) <= _WHOLE_S
    if any(leg.role in _CONSULTED for leg in call.legs):
        return  # the rows are of who talked to whom, be it without the client
    for leg in call.legs:
        rows = [row for row in cdr if leg.channel in (row["DestinationChannel"], row["Channel"])]
        answered = [row for row in rows if row["Disposition"] == "ANSWERED"]
        if leg.role in {LegRole.QUEUE, LegRole.ORIGINATE} and leg.had:
            # A queue answers its client at once, as a click its agent: the rows are billed from then on.
            let_go = leg.had[-1][1]
            assert let_go is not None
            assert abs(max(_moment(row["EndTime"]) for row in answered) - let_go.timestamp()) <= _WHOLE_S
        elif leg.role is LegRole.ORIGINATE:
            continue  # talked with nobody, and may have been billed for the wait
        elif leg.result is LegResult.ANSWERED:
            _require_same_length((leg.talk + leg.hold).total_seconds(), answered)
        elif leg.result is not LegResult.ANSWERED_ELSEWHERE:
            assert not any(int(row["BillableSeconds"]) for row in answered), f"{leg.interface}: {leg.result}"
    for stay in call.stays:
        if stay.kind is StopKind.OUTSIDE and stay.end is not None:
            away = [row for row in cdr if row["Channel"].startswith("Local/") and "/trunk" in row["DestinationChannel"]]
            _require_same_length((stay.end - stay.start).total_seconds(), away)


def require_agreement_with_queue_log(office: Office, call: CallSnapshot, lines: Sequence[QueueLogLine]) -> None:
    """Which queues, in order; who let it ring; who answered, in which queue, how the wait ended."""
    if not call.queues:
        assert lines == []
        return
    assert tuple(line.queue for line in lines if line.event == "ENTERQUEUE") == call.queues
    offered = [leg for leg in call.legs if leg.role is LegRole.QUEUE]
    let_ring = sorted(office.agent(leg.extension or "").name for leg in offered if leg.result in _UNANSWERED)
    assert sorted(line.agent for line in lines if line.event == "RINGNOANSWER") == let_ring
    connects = [line for line in lines if line.event == "CONNECT"]
    assert bool(connects) is (call.answered_at is not None)
    if connects:
        assert connects[-1].queue == call.answered_queue
        assert call.answered_at is not None
        assert abs(connects[0].at.timestamp() - call.answered_at.timestamp()) <= _WHOLE_S
        return
    given_up = outcome(call) in {Outcome.ABANDONED, Outcome.SHORT_ABANDONED}
    assert lines[-1].event == ("ABANDON" if given_up else "EXITWITHTIMEOUT")


def _require_same_length(seconds: float, rows: Sequence[Mapping[str, str]]) -> None:
    """Each row cuts off what is not a whole second."""
    assert rows
    billed = sum(int(row["BillableSeconds"]) for row in rows)
    assert billed - _WHOLE_S <= seconds <= billed + _WHOLE_S * len(rows), f"{seconds} s, billed {billed}"


def _is_record_of(frame: Frame, call: CallSnapshot) -> bool:
    return frame.event == "Cdr" and frame["Linkedid"] in call.keys


def _moment(written: str) -> float:
    """Asterisk writes these by the clock on the wall."""
    return datetime.fromisoformat(written).timestamp()

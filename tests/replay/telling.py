"""What the tracker tells of a call, held against the truth as the laboratory wrote it, in the contract's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from crm_core.domain.calls import CallSnapshot, LegSnapshot, outcome, wait
from crm_core.domain.path import had_last, path

#: The parties' clocks and Asterisk's differ by the time a SIP message takes.
SIP_LATENCY_S = 0.15


def require_told(call: CallSnapshot, truth: Mapping[str, Any], *, within_s: float = SIP_LATENCY_S) -> None:
    """Everything the truth claims is told, times to within so many seconds; what it leaves out is not looked at."""

    def about(value: Any) -> Any:
        return pytest.approx(value, abs=within_s) if isinstance(value, float) else value

    told = in_words_of_the_contract(call)
    claimed = {name: value for name, value in truth.items() if name not in {"legs", "path"}}
    assert {name: told[name] for name in claimed} == {name: about(value) for name, value in claimed.items()}
    if "legs" in truth:
        # The second line on which an agent asks a colleague is not a phone of its own to the laboratory.
        rung = [leg for leg in told["legs"] if leg["role"] != "consult"]
        assert _phones(_sure(rung, truth["legs"])) == _phones(_sure(truth["legs"], truth["legs"]))
    if "path" in truth:
        stops = truth["path"]
        assert told["path"] == [stop | {"duration_s": about(stop["duration_s"])} for stop in stops]


def in_words_of_the_contract(call: CallSnapshot) -> dict[str, Any]:
    waited = wait(call)
    return {
        "external_id": call.linkedid,
        "direction": call.direction,
        "outcome": outcome(call),
        "queues": list(call.queues),
        "recordings": len(call.recordings),
        "queue": call.answered_queue or (call.queues[-1] if call.queues else None),
        "client_address": call.client_number,
        "our_address": call.our_number,
        "agent": _who_had_the_client(call),
        "legs": [_leg(leg) for leg in call.legs],
        "path": _path(call),
        "wait_s": waited.total_seconds() if waited is not None else None,
        "talk_s": call.talk.total_seconds(),
        "hold_s": call.hold.total_seconds(),
        "ended_by": call.ended_by,
        "hangup_cause": call.hangup_cause,
    }


def _leg(leg: LegSnapshot) -> dict[str, Any]:
    return {"interface": leg.interface, "role": leg.role, "result": leg.result, "rang": leg.rang}


def _path(call: CallSnapshot) -> list[dict[str, Any]]:
    phones = {leg.uniqueid: leg.interface for leg in call.legs}
    stops = path({leg.uniqueid: leg.had for leg in call.legs}, call.stays)
    return [
        {"kind": stop.kind, "name": phones.get(stop.name, stop.name), "duration_s": stop.duration_s} for stop in stops
    ]


def _who_had_the_client(call: CallSnapshot) -> str | None:
    if call.direction != "inbound":
        return next((leg.interface for leg in call.legs if leg.role == "originate"), None)
    last = had_last({leg.uniqueid: leg.had for leg in call.legs})
    return next((leg.interface for leg in call.legs if leg.uniqueid == last), None)


def _sure(legs: list[dict[str, Any]], truth: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The legs without their ``rang`` where the truth does not know it of such a leg."""
    unsure = {(leg["interface"], leg["role"], leg["result"]) for leg in truth if leg["rang"] is None}
    return [leg | {"rang": "?"} if (leg["interface"], leg["role"], leg["result"]) in unsure else leg for leg in legs]


def _phones(legs: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """In any order: phones of a ring-all begin to ring in the same millisecond."""
    return sorted((leg["interface"], leg["role"], leg["result"], str(leg["rang"])) for leg in legs)

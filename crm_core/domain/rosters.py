"""Who was asked in one batch of choices, each distinct answer kept once.

In one batch hundreds of promises ask the same people, and most get the same
answers. So the answers are stored once for the batch, as values, and what is
stored with each promise names them by number. The sentences about them are made
when somebody reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from crm_core.domain.distribution import Candidate, Choice, Reason, Verdict
from crm_core.domain.ids import new_id
from crm_core.domain.people import AgentState


class Roster:
    """The answers of a batch; written when it is."""

    def __init__(self, at: datetime) -> None:
        self.id = new_id(at)
        self.at = at
        self.people: list[dict[str, object]] = []
        self.verdicts: list[dict[str, object]] = []
        self._places: dict[UUID, int] = {}
        # The same object for most promises of a batch: by identity it is found without comparing what it says.
        self._numbers: dict[int, str] = {}
        self._kept: list[Verdict] = []

    def answers_of(self, choice: Choice) -> str:
        """How everybody's verdict is found again, in the order of the choice.

        Numbers in one word: as an array of jsonb each would take twelve bytes.
        """
        known = self._numbers
        for one in choice.verdicts:
            if id(one) not in known:
                self._add(one)
        return " ".join([known[id(one)] for one in choice.verdicts])

    def _add(self, verdict: Verdict) -> None:
        self._numbers[id(verdict)] = str(len(self._kept))
        self._kept.append(verdict)
        self.verdicts.append(_verdict(verdict, self._place(verdict.candidate)))

    def _place(self, candidate: Candidate) -> int:
        place = self._places.get(candidate.agent_id)
        if place is None:
            place = self._places[candidate.agent_id] = len(self.people)
            self.people.append(_person(candidate))
        return place


def read_verdicts(
    people: Sequence[Mapping[str, Any]], verdicts: Sequence[Mapping[str, Any]], answers: str
) -> tuple[Verdict, ...]:
    """The verdicts on one promise, from the ``people`` and ``verdicts`` of a stored roster."""
    return tuple(_read(people[one["person"]], one) for one in (verdicts[int(number)] for number in answers.split()))


def _person(candidate: Candidate) -> dict[str, object]:
    """What was the same about them for all of the batch."""
    return {
        "agent_id": candidate.agent_id,
        "name": candidate.name,
        "state": candidate.state.value,
        "state_since": candidate.state_since,
        "present": candidate.present,
    }


def _verdict(verdict: Verdict, place: int) -> dict[str, object]:
    """What is not there was nothing."""
    values: dict[str, object] = {
        "active_clients": verdict.candidate.active_clients,
        "given_lately": verdict.given_lately,
        "last_given_at": verdict.last_given_at,
        "talked_at": verdict.candidate.talked_at,
        "until": verdict.until,
        "missing": verdict.missing,
    }
    return {"person": place, "reason": verdict.reason.value} | {name: value for name, value in values.items() if value}


def _read(person: Mapping[str, Any], verdict: Mapping[str, Any]) -> Verdict:
    candidate = Candidate(
        agent_id=UUID(person["agent_id"]),
        name=person["name"],
        present=person["present"],
        state=AgentState(person["state"]),
        state_since=datetime.fromisoformat(person["state_since"]),
        active_clients=verdict.get("active_clients", 0),
        talked_at=_moment(verdict, "talked_at"),
    )
    return Verdict(
        candidate=candidate,
        reason=Reason(verdict["reason"]),
        until=_moment(verdict, "until"),
        missing=tuple(verdict.get("missing", ())),
        given_lately=verdict.get("given_lately", 0),
        last_given_at=_moment(verdict, "last_given_at"),
    )


def _moment(values: Mapping[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(values[name]) if name in values else None

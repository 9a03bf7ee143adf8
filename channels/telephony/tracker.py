"""Turn the AMI's channel chatter into the story of one call.

The tracker is a pure fold: it holds the channels it has seen, reads one event
at a time and returns what that event means. It owns no socket, clock or
database, so a recorded call replays through it exactly as it happened.

Each event only adds a fact to a channel (``tracking.reader``); what the facts
mean is concluded from all of them (``tracking.story``). That is why an event
heard twice, late, or before its neighbour changes nothing in the end, and why
joining in the middle of a call is nothing special.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from channels.telephony.dialect import PbxDialect
from channels.telephony.tracking import story
from channels.telephony.tracking.alive import Alive
from channels.telephony.tracking.board import Board
from channels.telephony.tracking.events import CallEvent
from channels.telephony.tracking.facts import Channel
from channels.telephony.tracking.headers import Event, whole_number
from channels.telephony.tracking.reader import Reader, is_dialled_by_queue
from channels.telephony.tracking.tells import tell_change
from crm_core.domain.calls import CallSnapshot

#: Within so short a time nobody puts a client on hold and takes them back, or passes them on and back.
UNTOUCHED_S = 1.0


class CallTracker:
    """The calls of one run of one PBX. A restarted PBX needs a new tracker, for its Linkedids repeat."""

    def __init__(self, dialect: PbxDialect, *, boot: str) -> None:
        self._boot = boot
        self._board = Board(dialect)
        self._reader = Reader(self._board)
        self._heard_at = 0.0  # the latest moment any event spoke of

    @property
    def anomalies(self) -> Counter[str]:
        """What made no sense, by kind."""
        return self._reader.anomalies

    def feed(self, event: Event, arrived: datetime) -> list[CallEvent]:
        """Read one event; what it means, or nothing. Never raises, whatever the event holds."""
        read = self._reader.reader_of(event)
        if read is None:
            return []
        self._reader.now = arrived.timestamp()
        at = self._reader.moment(event)
        self._heard_at = max(self._heard_at, at)
        news: list[CallEvent] = []
        read(event, at, news)
        self._await_a_look(news)
        self._board.forget_rested(self._reader.now)
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
        now = self._reader.now = at.timestamp()
        news: list[CallEvent] = []
        if heard_until is not None:
            self._heard_at = max(self._heard_at, heard_until.timestamp())
        listed = {event.get("Uniqueid", "") for event in alive.channels}
        before = [(uniqueid, one) for uniqueid, one in self._board.channels.items() if one.met < now]
        for uniqueid, channel in before:
            if channel.ended_at is None and uniqueid not in listed:
                channel.lost = channel.call.gap = True
                self._reader.ended(channel, max(self._heard_at, channel.created_at), news)
        if heard_until is not None:
            deaf_s = math.inf if missed else now - heard_until.timestamp()
            self._doubt_what_went_on([channel for _, channel in before], deaf_s, news)
        # Phones that a queue dialled come last: only its caller's line tells which queue it is.
        for event in sorted(alive.channels, key=is_dialled_by_queue):
            self._reader.find_alive(event, now, news)
        for event in alive.queue_callers:
            waited = whole_number(event.get("Wait")) or 0
            self._reader.joins_queue(event, max(now - waited, 0.0), news)
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
                tell_change(call, self._reader.now, news)

    def _await_a_look(self, news: list[CallEvent]) -> None:
        """What is told of a call is only in its snapshot: until that was taken, the call is not forgotten."""
        for one in news:
            self._board.calls[one.linkedid].looked_at = False

"""Whose voices a recording holds: the client's, or those of colleagues who consulted while the client waited."""

from __future__ import annotations

from collections.abc import Iterator

from channels.telephony.dialect import ChannelKind
from channels.telephony.tracking import sides
from channels.telephony.tracking.facts import Call, Channel, Recorded, as_datetime
from channels.telephony.tracking.paths import Meeting, meetings
from crm_core.domain.calls import Direction, RecordingSnapshot

#: A transfer lets the client and the consulting channel pass each other in one bridge; that is no talk.
_PASSING_S = 0.5


def recordings(call: Call, client: Channel | None, way: Direction) -> tuple[RecordingSnapshot, ...]:
    """Every recording of the call in which somebody spoke, be it to a machine, in the order they began.

    A recorder is often switched on before it is known whether anybody will answer.
    """
    if not call.message_left and not sides.contacts(call, way):
        return ()
    begun = sides.first(call).created_at if call.recorder_on is None else call.recorder_on
    named = (
        RecordingSnapshot(
            file=one.file,
            started_at=as_datetime(begun if one.since is None else one.since),
            consultation=None if way is Direction.INTERNAL else _consultation(one, call, client),
        )
        for one in call.recordings.values()
    )
    return tuple(sorted(named, key=lambda one: (one.started_at, one.file)))


def _consultation(recorded: Recorded, call: Call, client: Channel | None) -> tuple[str, ...] | None:
    """The phones heard in the recording of a consultation; None when the client is heard in it, or nobody yet."""
    channel = recorded.channel
    if not _is_of_another_talk(channel, call):
        return None
    met = [one for one in _heard(channel) if one.end - one.start > _PASSING_S]
    # A recorder on the colleague's own channel goes on when the client is put through.
    if any(one.other is client for one in met):
        return None
    phones = {one.other.uniqueid for one in met if one.other.is_phone}
    return tuple(sorted(phones | {channel.uniqueid} if channel.is_phone and phones else phones)) or None


def _is_of_another_talk(channel: Channel, call: Call) -> bool:
    """It came with a consultation: as a call of its own, or through a Local pair that nobody dialled (``*2``)."""
    if channel.folded:
        return True
    halves = (channel, channel.twin)
    is_wire = channel.kind is ChannelKind.LOCAL and sides.first(call) not in halves
    return is_wire and all(half is None or half.dialled_by is None for half in halves)


def _heard(channel: Channel) -> Iterator[Meeting]:
    yield from meetings(channel)
    if channel.twin is not None:
        yield from meetings(channel.twin)

"""What a PBX says is alive, asked after every login."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """The lists of one PBX at one moment, their events as they came."""

    channels: tuple[Mapping[str, str], ...]  # CoreShowChannel; its BridgeId says who is bridged
    queue_callers: tuple[Mapping[str, str], ...] = ()  # QueueEntry, of QueueStatus

"""Whether a row about a link to a PBX is still the truth: a killed process takes nothing back."""

from __future__ import annotations

from typing import Final

#: Of ``pbx_links link``: its owner's connection still holds a lock, and has said so lately (its heartbeat is 5 s).
IS_ALIVE: Final = """(
    link.told_at > now() - interval '15 seconds'
    AND EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = link.owner)
)"""

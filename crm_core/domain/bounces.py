"""Mails that came back, address by address: of many receivers one may be gone, and the others have it.

A mail is lost when nobody it was written to is left; a copy that came back is
told, and no more. Where mail is sent on, the address that comes back is none that
we wrote to: it counts as one of those the mail was for, because to believe a lost
mail arrived is worse than to look once too often.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

#: Kept of one mail: anybody who got it can write reports.
MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """Who did not get a mail, in lower case, and why in the words of their server; None: it does not say who."""

    address: str | None
    words: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.address, self.words)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """Whom a mail of ours was for, who got copies, and what came back of it until now."""

    to: tuple[str, ...]
    cc: tuple[str, ...]
    bounces: tuple[Bounce, ...] = ()

    def news(self, told: Sequence[Bounce]) -> tuple[Bounce, ...]:
        """Of what is told now, those that were not known: the same report may come twice."""
        known = {one.address for one in self.bounces}
        fresh: dict[str | None, Bounce] = {}
        for one in told:
            if one.address not in known:
                fresh.setdefault(one.address, one)
        return tuple(fresh.values())[: max(MOST - len(known), 0)]

    def lost(self, bounces: Collection[Bounce]) -> tuple[Bounce, ...]:
        """Those of ``bounces`` that make it a lost mail; empty while somebody it was for may have it."""
        copies = {one.lower() for one in self.cc} - {one.lower() for one in self.to}
        meant = tuple(one for one in bounces if one.address not in copies)
        return meant if len(meant) >= max(len(self.to), 1) else ()

"""Which Asterisk this is, and what its version can do for us."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NUMBER: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?")

#: The first minor of each branch whose eventfilter can look at one header of one event (September 2024's change).
_FILTERS_BY_HEADER: Final = {18: 26, 20: 11, 21: 6, 22: 1}
_ALWAYS_SINCE: Final = 23

#: A banner names the manager interface, not Asterisk; its major number grows with each branch.
_ASTERISK_OF_AMI: Final = {5: 16, 6: 17, 7: 18, 8: 19, 9: 20, 10: 21, 11: 22, 12: 23}


@dataclass(frozen=True, slots=True, order=True)
class AsteriskVersion:
    """``minor`` is -1 where only the branch is known."""

    major: int
    minor: int = -1

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}" if self.minor >= 0 else str(self.major)

    @property
    def filters_by_header(self) -> bool:
        """Can ``eventfilter(name(VarSet),header(Variable),…)`` let one variable through and no other."""
        if self.major >= _ALWAYS_SINCE:
            return True
        return self.minor >= _FILTERS_BY_HEADER.get(self.major, 1_000)


def read_version(text: str) -> AsteriskVersion | None:
    """``22.10.1+dfsg`` or ``certified/22.8-cert1`` as a version; None when there is no number in it."""
    found = _NUMBER.search(text)
    if found is None:
        return None
    return AsteriskVersion(int(found[1]), int(found[2]) if found[2] else -1)


def version_of_banner(ami: str) -> AsteriskVersion | None:
    """The branch that speaks this version of AMI."""
    read = read_version(ami)
    major = _ASTERISK_OF_AMI.get(read.major) if read else None
    return AsteriskVersion(major) if major else None

"""Whether our own mail server found that a mail comes from where it says.

Anybody can write any From. A server that checks (DMARC, RFC 7489) says what it
found in a header of its own, ``Authentication-Results`` (RFC 8601); a stranger can
write that as well. So one is believed only if it names our server, as the operator
told us it is called, and only the topmost: what our server wrote stands above
whatever came with the mail.
"""

from __future__ import annotations

import re

from channels.email.message import Head

_COMMENT = re.compile(r"\([^()]*\)")
_METHOD = re.compile(r"\s*(dmarc|dkim|spf)\s*=\s*(\w+)(.*)", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"\b(header\.from|header\.d|header\.i|smtp\.mailfrom)\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


def is_proven(head: Head, trusted: str | None) -> bool:
    """``trusted``: the name under which our server writes what it found; None: nobody is believed."""
    if trusted is None or head.sender is None:
        return False
    domain = head.sender.key.rpartition("@")[2]
    for raw in head.vouched:
        name, *results = _COMMENT.sub(" ", raw).split(";")
        if name.lower().split()[:1] == [trusted.lower()]:
            return any(_proves(result, domain) for result in results)
    return False


def _proves(result: str, domain: str) -> bool:
    """DMARC passed for that very domain, or a signature of that very domain is good."""
    method = _METHOD.match(result)
    if method is None or method[2].lower() != "pass":
        return False
    told = {name.lower(): value.lower().rpartition("@")[2] for name, value in _PROPERTY.findall(method[3])}
    match method[1].lower():
        case "dmarc":
            return told.get("header.from") == domain
        case "dkim":
            return told.get("header.d", told.get("header.i")) == domain
        case _:
            return False  # who brought it is not who wrote it

"""SIP messages as the laboratory's telephone needs them: read, look at, write."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class SipMessage:
    """A request or a response; header order and repetitions kept."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        head, _, body = raw.decode(errors="replace").partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return cls(start, tuple((name.strip(), value.strip()) for name, _, value in pairs), body)

    def encode(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        lines.append(f"Content-Length: {len(self.body.encode())}")
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()

    def __getitem__(self, name: str) -> str:
        return next(value for key, value in self.headers if key.lower() == name.lower())

    def every(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def status(self) -> int | None:
        """Of a response; None for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0") else None

    @property
    def transaction(self) -> tuple[int, str]:
        """The CSeq: what pairs a response with its request."""
        number, method = self["CSeq"].split()
        return int(number), method


def new_branch() -> str:
    return f"z9hG4bK{secrets.token_hex(8)}"


def new_tag() -> str:
    return secrets.token_hex(6)


def tag_of(party: str) -> str:
    """The tag of a From or To header."""
    found = re.search(r";tag=([^;]+)", party)
    return found.group(1) if found else ""


def uri_of(party: str) -> str:
    """The address inside a From, To or Contact header."""
    found = re.search(r"<([^>]+)>", party)
    return found.group(1) if found else party.partition(";")[0]


def user_of(party: str) -> str:
    """The number in it: ``+77011234567`` of ``"A" <sip:+77011234567@host>``."""
    found = re.search(r"sips?:([^@>;]*)@", party)
    return found.group(1) if found else ""

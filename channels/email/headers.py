"""What a header says: words, people, ids, moments and parameters.

The standard library's own header classes raise on some of what is sent, decode
addresses inside encoded words, and are slow; these never raise. Structure is
read first and words are decoded after, so that an encoded name can hold any
sign and still never become an address, another person or another header.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from channels.email.charsets import decoded
from crm_core.domain.contact_points import ContactPointKind, ContactPointRejected
from crm_core.domain.contact_points import address as contact_address
from crm_core.domain.strangers_words import LONGEST_LINE, one_line

_MOST_PEOPLE = 1000
#: A reply names those before it; of a longer list the first and the nearest are kept.
_FIRST_IDS, _LAST_IDS = 10, 90

_ENCODED = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,40})?\?([bq])\?([^?]*)\?=", re.IGNORECASE)
_ENCODED_RUN = re.compile(rf"{_ENCODED.pattern}(?:\s*{_ENCODED.pattern})*", re.IGNORECASE)

_ADDRESS_TOKEN = re.compile(
    r'"((?:[^"\\]|\\.)*)"?|\(((?:[^()\\]|\\.)*)\)?|<([^<>]*)>?|([,;:])|([^\s",;:<>()]+)|(\s+|.)', re.DOTALL
)
#: What nearly every header is; anything else is cut into tokens.
_ONE_PERSON = re.compile(r"\s*([^\s\"\\<>,;:()@]*(?:\s+[^\s\"\\<>,;:()@]+)*)\s*<([^\s<>,;:()\"\\]+)>\s*")
_SALVAGE = re.compile(r"[^\s<>\",;:()\[\]\\@]{1,64}@[^\s<>\",;:()\[\]\\@]{1,255}")
_MESSAGE_ID = re.compile(r"<([^<>]{1,998})>|([^\s<>,;]{1,498}@[^\s<>,;]{1,498})")
_PARAMETER = re.compile(r';\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))', re.DOTALL)
_CONTINUED = re.compile(r"(.+?)(?:\*(\d{1,3}))?(\*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Somebody's mailbox as a header names it."""

    name: str  # may be anything, also somebody else's address: never a proof of who it is
    address: str  # as written; hosts and most mailboxes do not tell cases apart, so compare ``key``

    @property
    def key(self) -> str:
        return self.address.lower()


def words(raw: str) -> str:
    """An unstructured header: encoded words decoded, raw bytes read as what they seem to be."""
    text = _readable(raw[: 8 * LONGEST_LINE])
    return one_line(_ENCODED_RUN.sub(lambda run: _run(run.group()), text) if "=?" in text else text)


def _readable(raw: str) -> str:
    """What the parser of bytes left as surrogates."""
    if raw.isascii():
        return raw
    return decoded(raw.encode("utf-8", "surrogateescape"), None)


def _run(run: str) -> str:
    """Words beside each other are one text: senders cut them in the middle of a letter."""
    text = ""
    pending, charset = b"", ""
    for named, encoding, payload in _ENCODED.findall(run):
        if named.lower() != charset:
            text += decoded(pending, charset) if pending else ""
            pending, charset = b"", named.lower()
        pending += _base64(payload) if encoding in "bB" else quopri.decodestring(payload.encode(), header=True)
    return text + decoded(pending, charset)


def _base64(payload: str) -> bytes:
    letters = re.sub("[^A-Za-z0-9+/]", "", payload)
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4))
    except binascii.Error:
        return base64.b64decode(letters[:-1])


def addresses(raw: str) -> tuple[Address, ...]:
    """The mailboxes in a header, in order; what is none is left out, groups are opened."""
    raw = raw[: 300 * _MOST_PEOPLE]
    plain = _ONE_PERSON.fullmatch(raw)
    if plain is not None and is_address(plain[2]):
        return (Address(name=words(plain[1]), address=plain[2]),)
    found = tuple(_addresses(raw)) or tuple(_salvaged(raw))
    return found[:_MOST_PEOPLE]


def _addresses(raw: str) -> Iterator[Address]:
    name: list[str] = []
    angle: str | None = None
    comment = ""
    for token in _ADDRESS_TOKEN.finditer(raw + ","):
        quoted, in_brackets, in_angle, sign, atom, space = token.groups()
        if sign == ":" and angle is None:
            name.clear()  # so far it was the name of a group
        elif sign is not None:
            if (found := _mailbox("".join(name).strip(), angle, comment)) is not None:
                yield found
            name, angle, comment = [], None, ""
        elif in_angle is not None:
            angle = in_angle
        elif in_brackets is not None:
            comment = in_brackets
        else:
            name.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else atom or space)


def _salvaged(raw: str) -> Iterator[Address]:
    """Of a header that cannot be cut apart (a quote never closed), the last thing that looks like an address."""
    for candidate in reversed(_SALVAGE.findall(_readable(raw))):
        if is_address(candidate):
            yield Address(name="", address=candidate)
            return


def _mailbox(name: str, angle: str | None, comment: str) -> Address | None:
    if angle is not None:
        # A route (<@a,@b:c@d>) is history; white space in a folded address is the folding's.
        address = _readable("".join(angle.split()).rpartition(":")[2])
        shown = name or comment
    else:
        address, shown = _readable(name), comment
    if not is_address(address):
        return None
    return Address(name=words(shown), address=address)


def is_address(text: str) -> bool:
    """Whether mail could be sent there; raw bytes and control signs never."""
    if not text.isprintable():
        return False
    try:
        contact_address(ContactPointKind.EMAIL, text, country="")
    except ContactPointRejected:
        return False
    return True


def message_ids(raw: str) -> tuple[str, ...]:
    """The ids without their angle brackets, in order, each once. Folding inside an id is taken out."""
    found: dict[str, None] = {}
    for bracketed, bare in _MESSAGE_ID.findall(raw[: 300 * (_FIRST_IDS + _LAST_IDS)]):
        one = "".join((bracketed or bare).split())
        if one and one.isascii() and one.isprintable():
            found.setdefault(one)
    ids = tuple(found)
    return ids if len(ids) <= _FIRST_IDS + _LAST_IDS else ids[:_FIRST_IDS] + ids[-_LAST_IDS:]


def moment(raw: str) -> datetime | None:
    """In UTC; a date that cannot be is none."""
    try:
        told = parsedate_to_datetime(raw.strip())
        return (told if told.tzinfo is not None else told.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def value_of(raw: str) -> str:
    """What stands before the parameters, in lower case: ``text/plain``, ``attachment``, ``auto-replied``."""
    return raw.partition(";")[0].partition("(")[0].strip().lower()


def parameters(raw: str) -> dict[str, str]:
    """By lower-case name: RFC 2231 put together and decoded, encoded words decoded although they may not be there.

    The plain spelling of a name loses against the encoded one: it is the fallback for old programs.
    """
    if ";" not in raw:
        return {}
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, quoted, bare in _PARAMETER.findall(";" + raw[: 10 * LONGEST_LINE].partition(";")[2]):
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted else bare.strip()
        matched = _CONTINUED.fullmatch(name.lower())
        if matched is None or (matched[2] is None and matched[3] is None):
            plain.setdefault(name.lower(), words(value))
        else:
            pieces.setdefault(matched[1], {}).setdefault(int(matched[2] or 0), (value, matched[3] is not None))
    return plain | {name: _joined([part for _, part in sorted(numbered.items())]) for name, numbered in pieces.items()}


def _joined(pieces: list[tuple[str, bool]]) -> str:
    """RFC 2231: ``charset'language'percent-encoded``, in numbered pieces of which some are encoded."""
    charset: str | None = None
    data = b""
    for number, (value, encoded) in enumerate(pieces):
        if number == 0 and encoded and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        raw = value.encode("utf-8", "surrogateescape")
        data += unquote_to_bytes(raw) if encoded else raw
    return one_line(decoded(data, charset))

"""``winmail.dat``: the files and the body that Outlook packed into one part (Microsoft's MS-OXTNEF).

Only what a reader needs: attachments with their names and types, and the body
where it is text or HTML. Everything is length-prefixed and every length is
checked against what is there; a part that is cut ends where it is cut.
Own code because the one library for it had its last release in 2021.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from channels.email.charsets import decoded

_SIGNATURE = b"\x78\x9f\x3e\x22"
_HEADER = struct.Struct("<BII")  # level, attribute, length; a checksum follows the data

# Attributes: the low half is the name, the high half the type.
_BODY = 0x0002800C
_MESSAGE_PROPERTIES = 0x00069003
_ATTACHMENT_BEGINS = 0x00069002
_ATTACHMENT_DATA = 0x0006800F
_ATTACHMENT_TITLE = 0x00018010
_ATTACHMENT_PROPERTIES = 0x00069005
_CODE_PAGE = 0x00069007

# MAPI properties.
_PR_BODY, _PR_HTML, _PR_CODE_PAGE = 0x1000, 0x1013, 0x3FDE
_PR_LONG_NAME, _PR_NAME, _PR_TYPE, _PR_CONTENT_ID, _PR_DATA = 0x3707, 0x3704, 0x370E, 0x3712, 0x3701
_STRING, _UNICODE, _BINARY, _OBJECT = 0x001E, 0x001F, 0x0102, 0x000D
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_SEVERAL = 0x1000
_NAMED = 0x8000
_MOST_VALUES = 10_000
_OBJECT_ID_BYTES = 16  # says what kind of object follows

#: Attributes that stand for a property of their own.
_OF_MESSAGE = {_BODY: _PR_BODY, _CODE_PAGE: _PR_CODE_PAGE}
_OF_FILE = {_ATTACHMENT_TITLE: _PR_NAME, _ATTACHMENT_DATA: _PR_DATA}

_Properties = dict[int, bytes | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    name: str  # as Outlook named it: not safe
    type: str | None
    content_id: str | None
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    text: str | None
    html: str | None = field(repr=False)
    files: tuple[PackedFile, ...]


class _Cut(Exception):
    """The part ends in the middle of something."""


class _Bytes:
    """A reader that cannot read further than there is."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, length: int) -> bytes:
        if length > self.left:
            raise _Cut
        self._at += length
        return self._data[self._at - length : self._at]

    def number(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def padded(self, length: int) -> bytes:
        taken = self.take(length)
        self.take(min(-length % 4, self.left))
        return taken


def unpacked(data: bytes) -> Unpacked | None:
    """What is in it; None when it is no TNEF."""
    if not data.startswith(_SIGNATURE):
        return None
    message: _Properties = {}
    files: list[_Properties] = []
    for attribute, value in _attributes(_Bytes(data[len(_SIGNATURE) + 2 :])):
        if attribute == _ATTACHMENT_BEGINS:
            files.append({})
        elif attribute in _OF_MESSAGE:
            message.setdefault(_OF_MESSAGE[attribute], value)
        elif attribute == _MESSAGE_PROPERTIES:
            message |= _properties(value)
        elif files and attribute in _OF_FILE:
            files[-1].setdefault(_OF_FILE[attribute], value)
        elif files and attribute == _ATTACHMENT_PROPERTIES:
            files[-1] |= _properties(value)
    charset = _charset(message)
    return Unpacked(
        text=_text(message, _PR_BODY, charset),
        html=_text(message, _PR_HTML, charset),
        files=tuple(_file(one, charset) for one in files if one.get(_PR_DATA)),
    )


def _file(properties: _Properties, charset: str) -> PackedFile:
    data = properties[_PR_DATA]
    return PackedFile(
        name=_text(properties, _PR_LONG_NAME, charset) or _text(properties, _PR_NAME, charset) or "",
        type=_text(properties, _PR_TYPE, charset),
        content_id=_text(properties, _PR_CONTENT_ID, charset),
        data=data if isinstance(data, bytes) else data.encode(),
    )


def _text(properties: _Properties, name: int, charset: str) -> str | None:
    value = properties.get(name)
    if isinstance(value, bytes):
        value = decoded(value, charset)
    return value.rstrip("\0") if value else None


def _charset(message: _Properties) -> str:
    """By the number of its Windows code page; without one, that of this market."""
    value = message.get(_PR_CODE_PAGE)
    number = int.from_bytes(value[:4], "little") if isinstance(value, bytes) else 0
    return "utf-8" if number == 65001 else f"cp{number or 1251}"


def _attributes(source: _Bytes) -> Iterator[tuple[int, bytes]]:
    try:
        while source.left:
            _, attribute, length = _HEADER.unpack(source.take(_HEADER.size))
            yield attribute, source.take(length)
            source.take(2)
    except _Cut:
        return


def _properties(data: bytes) -> _Properties:
    """MAPI properties by number; several values of one are passed over."""
    source = _Bytes(data)
    found: _Properties = {}
    try:
        for _ in range(min(source.number(), _MOST_VALUES)):
            header = source.number()
            kind, number = header & 0xFFFF, header >> 16
            if number >= _NAMED:
                _skip_name(source)
            value = _value(source, kind)
            if value is not None:
                found[number] = value
    except _Cut:
        pass
    return found


def _skip_name(source: _Bytes) -> None:
    source.take(16)
    if source.number() == 0:
        source.take(4)
    else:
        source.padded(source.number())


def _value(source: _Bytes, kind: int) -> bytes | str | None:
    """None for several values; they are read all the same, because the next property begins after them."""
    single = kind & ~_SEVERAL
    if single in _SIZES:
        count = source.number() if kind & _SEVERAL else 1
        taken = source.take(_SIZES[single] * count)
        return None if kind & _SEVERAL else taken
    if single not in {_STRING, _UNICODE, _BINARY, _OBJECT}:
        raise _Cut  # of unknown length, so nothing after it can be found
    values = [source.padded(source.number()) for _ in range(min(source.number(), _MOST_VALUES))]
    if kind & _SEVERAL or not values:
        return None
    if single == _OBJECT:
        return values[0][_OBJECT_ID_BYTES:]
    return values[0].decode("utf-16-le", "replace") if single == _UNICODE else values[0]

"""A ``winmail.dat`` as Outlook packs it, written from MS-OXTNEF; other TNEF readers open it too."""

from __future__ import annotations

import struct
from collections.abc import Mapping

Value = str | bytes | int


def parcel(*files: Mapping[int, Value], body: str = "", html: str = "", code_page: int = 1251) -> bytes:
    """``files``: MAPI properties by number; 0x3701 is the data, 0x3707 the long name."""
    told = struct.pack("<IH", 0x223E9F78, 1)
    told += _attribute(1, 0x00089006, struct.pack("<I", 0x00010000))
    told += _attribute(1, 0x00069007, struct.pack("<II", code_page, 0))
    message: dict[int, Value] = {0x8001: 7, 0x1000: body}
    if html:
        message[0x1013] = html.encode(f"cp{code_page}")
    told += _attribute(1, 0x00069003, _properties(message))
    for file in files:
        title = str(file.get(0x3707, "")).encode(f"cp{code_page}", "replace") + b"\0"
        told += _attribute(2, 0x00069002, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 0x20, 0x20, 0))
        told += _attribute(2, 0x00018010, title)
        told += _attribute(2, 0x0006800F, bytes(file[0x3701]))  # type: ignore[arg-type]
        told += _attribute(2, 0x00069005, _properties({n: value for n, value in file.items() if n != 0x3701}))
    return told


def _attribute(level: int, number: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def _properties(properties: Mapping[int, Value]) -> bytes:
    told = struct.pack("<I", len(properties))
    for number, value in properties.items():
        kind = 0x0003 if isinstance(value, int) else 0x001F if isinstance(value, str) else 0x0102
        told += struct.pack("<HH", kind, number)
        if number >= 0x8000:  # named by a number in a set of names
            told += b"\x08\x20\x06\0\0\0\0\0\xc0\0\0\0\0\0\0\x46" + struct.pack("<II", 0, 0x8501)
        if isinstance(value, int):
            told += struct.pack("<I", value)
            continue
        data = value.encode("utf-16-le") + b"\0\0" if isinstance(value, str) else value
        told += struct.pack("<II", 1, len(data)) + data + b"\0" * (-len(data) % 4)
    return told

"""What we may say to Asterisk: every action is checked, then written by us.

AMI is lines. A value that holds a line break is not a value but further
headers, and a further empty line a further action; so nothing that could be
read as more than one line of text ever reaches the socket. Asterisk itself cuts
or drops a longer line than its buffer holds, which is as bad: it is refused too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from crm_core.domain.errors import InputRejected

#: Asterisk reads a line into 1,024 bytes, line end included.
MAX_LINE_BYTES = 1000
#: Asterisk's AST_MAX_MANHEADERS.
MAX_HEADERS = 120

Action = Mapping[str, str | Sequence[str]]

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
#: Control characters, and what some readers take for a line's end: U+0085, U+2028, U+2029; lone surrogates.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Zl", "Zp", "Cs"})


class ActionRejected(InputRejected):
    """This cannot be said to the telephone system."""

    code = "action_rejected"


def serialise(action: Action) -> bytes:
    """The action as AMI writes it, headers in the given order, ended by an empty line.

    Raises:
        ActionRejected: a name or value could be read as anything but one header.
    """
    lines = [
        _line(name, value)
        for name, given in action.items()
        for value in ((given,) if isinstance(given, str) else given)
    ]
    if len(lines) > MAX_HEADERS:
        raise ActionRejected(f"An action has at most {MAX_HEADERS} headers.")
    return b"\r\n".join([*lines, b"", b""])


def is_plain(text: str) -> bool:
    """Whether the text is one line without control characters."""
    return not any(unicodedata.category(character) in _FORBIDDEN_CATEGORIES for character in text)


def _line(name: str, value: str) -> bytes:
    if _HEADER_NAME.fullmatch(name) is None:
        raise ActionRejected("This is not the name of a header.", header=name)
    if not is_plain(value):
        raise ActionRejected(f"The value of {name} holds a line break or control character.", header=name)
    line = f"{name}: {value}".encode()
    if len(line) > MAX_LINE_BYTES:
        raise ActionRejected(f"The value of {name} is too long.", header=name)
    return line

"""The writer's own words apart from the mails they quote and the signature below.

Mail programs introduce a quote each in their own words and language; what they
share is a moment and a name before a colon, or a block of From, Sent, To,
Subject. Every line is kept in exactly one of the three: folding hides nothing
for good, so a guess that is wrong costs a click. Russian, English, German.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: An introduction is wrapped by some programs; so many lines are read as one.
_WRAPPED = 3
_LONGEST_INTRODUCTION = 400
#: A sign-off this near the end begins the signature.
_LONGEST_SIGNATURE = 10
#: Header lines that follow each other before they are the head of a quoted mail.
_FEWEST_HEADERS = 3

_INTRODUCTION = re.compile(
    r"""(?:
        On\b.{6,}\bwrote:                                  # Gmail, Apple Mail, Thunderbird
      | Am\b.{6,}\bschrieb\b.*:
      | (?=.*\d).{5,}(?:написала?|пишет|писала?)(?:\(а\))?:  # Thunderbird, Apple Mail, Outlook for the web
      # Gmail, Yandex, Mail.ru: a time, a day, an address
      | (?=.*\d{1,2}:\d\d)(?=.*(?:\b20\d\d\b|\d\d\.\d\d\.\d\d)).*<[^<>\s]+@[^<>\s]+>\W{0,3}
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_DIVIDER = re.compile(
    r"""\s*(?:
        (?:-{2,}|_{2,})\s?(?:original\s(?:message|appointment)|forwarded\smessage|исходное\sсообщение|пересылаемое\sсообщение
            |пересланное\sсообщение|переадресованное\sсообщение|конец\sпереадресованного\sсообщения
            |ursprüngliche\snachricht|weitergeleitete\snachricht|originalnachricht)\s?(?:-{2,}|_{2,})
      | begin\sforwarded\smessage: | начало\sпересылаемого\sсообщения: | начало\sпереадресованного\sсообщения:
      | anfang\sder\sweitergeleiteten\s(?:e-mail|nachricht):
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_RULE = re.compile(r"\s*_{20,}\s*")
_HEADER = re.compile(
    r"\s*[*_]{0,2}(from|sent|date|to|cc|subject|reply-to|importance|attachments|от кого|от|отправлено|дата|кому|копия"
    r"|тема|вложения|von|gesendet|datum|an|betreff)\s?:[*_]{0,2}(?:\s|$)",
    re.IGNORECASE,
)
_FIRST_HEADERS = frozenset({"from", "от кого", "от", "von", "date", "дата"})
_SUBJECTS = frozenset({"subject", "тема", "betreff"})
_SIGN_OFF = re.compile(
    r"\s*(?:с\s+(?:глубоким\s+|большим\s+)?уважением|с\s+наилучшими\s+пожеланиями|best\s+regards|kind\s+regards|warm\s+regards|regards"
    r"|yours\s+(?:sincerely|faithfully)|sincerely|mit\s+freundlichen\s+grüßen|viele\s+grüße|құрметпен)\b.{0,60}",
    re.IGNORECASE,
)
_SENT_FROM = re.compile(
    r"\s*(?:отправлено\s+(?:с|из|через)\b|sent\s+from\b|sent\s+via\b|get\s+outlook\s+for\b|von\s+meinem\s+\S+\s+gesendet|gesendet\s+von\b"
    r"|скачать\s+outlook\b|послано\s+с\b).{0,80}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A mail's text in three; each line is in one of them."""

    own: str
    quoted: str
    signature: str


def folded(text: str) -> Folded:
    """A mail that says nothing of its own (forwarded as it is) is all own."""
    lines = text.split("\n")
    start = _quote_start(lines)
    kept, quoted = _without_marked(lines[:start])
    own, signature = _without_signature(kept)
    if not any(line.strip() for line in own):
        return Folded(own=text.strip("\n"), quoted="", signature="")
    return Folded(own=_text(own), quoted=_text([*quoted, *lines[start:]]), signature=_text(signature))


def _text(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")


def _quote_start(lines: list[str]) -> int:
    """Where the rest of the mail is a quoted one; after the last line when nowhere."""
    for number, line in enumerate(lines):
        if _begins_rest(lines, number, line):
            return number
    return len(lines)


def _begins_rest(lines: list[str], number: int, line: str) -> bool:
    if not line.strip() or line.startswith(">"):
        return False
    if _DIVIDER.fullmatch(line) or (_RULE.fullmatch(line) and _is_header_block(lines[number + 1 :])):
        return True
    if _HEADER.match(line):
        return _is_header_block(lines[number:])
    length = _introduction(lines, number)
    if not length:
        return False
    # Quotes under it are marked line by line when the answer goes on between or below them.
    following = [after for after in lines[number + length :] if after.strip()]
    return not (following and following[0].startswith(">"))


def _introduction(lines: list[str], number: int) -> int:
    """Of how many lines an introduction that begins here consists; 0: there is none."""
    for length in range(1, _WRAPPED + 1):
        piece = lines[number : number + length]
        if len(piece) < length or not piece[-1].strip() or piece[-1].startswith(">"):
            return 0
        if piece[-1].rstrip().endswith(":"):
            # The answer may stand right above it: as few lines as make an introduction are one.
            enough = next((n for n in range(length) if _introduces(piece[length - 1 - n :])), None)
            return length if enough == length - 1 else 0
    return 0


def _introduces(lines: list[str]) -> bool:
    joined = " ".join(line.strip() for line in lines)
    return len(joined) <= _LONGEST_INTRODUCTION and _INTRODUCTION.fullmatch(joined) is not None


def _is_header_block(lines: list[str]) -> bool:
    """From, Sent, To, Subject below each other, in any language."""
    names: list[str] = []
    for line in lines[:12]:
        header = _HEADER.match(line)
        if header:
            names.append(header[1].lower())
        elif line.strip() and not names:
            return False
    # A client's own "From: Almaty, To: Antalya" has no subject line.
    return len(names) >= _FEWEST_HEADERS and names[0] in _FIRST_HEADERS and not _SUBJECTS.isdisjoint(names)


def _without_marked(lines: list[str]) -> tuple[list[str], list[str]]:
    """Lines that begin with ``>``, and the words that introduce them, taken out."""
    kept: list[str] = []
    quoted: list[str] = []
    number = 0
    while number < len(lines):
        if lines[number].startswith(">"):
            quoted.append(lines[number])
            number += 1
        elif length := _introduction(lines, number):
            quoted += lines[number : number + length]
            number += length
        else:
            kept.append(lines[number])
            number += 1
    return kept, quoted


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    filled = [number for number, line in enumerate(lines) if line.strip()]
    for number in filled:
        if lines[number].rstrip("\r") in {"-- ", "--"}:
            return lines[:number], lines[number:]
    end = len(lines)
    if filled and _SENT_FROM.fullmatch(lines[filled[-1]]):
        end = filled.pop()
    for number in filled[-_LONGEST_SIGNATURE:]:
        if _SIGN_OFF.fullmatch(lines[number]):
            end = number
            break
    return lines[:end], lines[end:]

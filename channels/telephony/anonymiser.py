"""Takes the people out of what an Asterisk said, and leaves the story.

A number becomes another one of the same length: its last seven digits are
enciphered with a key, so that equal numbers stay equal in every spelling
(``+7701…``, ``8701…``), different ones stay different, and country and
operator can still be told. Names, account codes, user fields, the names of
sound files, values of the dialplan and SIP addresses become pseudonyms.

What is kept is said by name; a header nobody here knows loses its words. Kept
as they are: ids, times, extensions shorter than a phone number, and the names
that an operator gave to devices, trunks, queues and contexts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

from channels.telephony.frames import Header
from channels.telephony.recording_format import About, RecordedFrame

#: Shorter ones are extensions.
_SHORTEST_NUMBER: Final = 6
#: The part of a number that is one person's, in every country near enough.
_PERSONAL_DIGITS: Final = 7
_ROUNDS: Final = 8

_NUMBER = re.compile(r"\d{6,}")
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_SIP = re.compile(r"(sips?:)(?:([^@;>,\s]+)@)?([^;>,\s&]+)", re.IGNORECASE)
_SOUND = re.compile(r"[^/,;|&=()\s]+(?=\.(?:wav|wav49|gsm|mp3|ogg|opus|g722|sln\d*|ulaw|alaw|flac)\b)", re.IGNORECASE)
_SPELLED = re.compile(r"\d(?:[ ().-]*\d){5,}")
_FIGURES = re.compile(r"[\d.,:+%/ ]*|\d{4}-\d\d-\d\d[ T][\d:.]+")
_ID = re.compile(
    r"1\d{9}|[0-9]{0,5}|(?:[A-Za-z]+-)?1\d{9}\.\d{1,9}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE
)
_INSTANCE = re.compile(r"(.+)(-[0-9a-f]{8}(?:;[12])?(?:<ZOMBIE>|<MASQ>)?)", re.IGNORECASE)
_NAME_AND_NUMBER = re.compile(r'"?([^"<]*?)"?\s*<([^>]*)>')
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_()-]{0,60}")

#: What stands for nobody.
_NOBODY = frozenset({"", "<unknown>", "<none>", "(none)", "anonymous", "unknown", "restricted", "private"})
_NOBODY_TOO = frozenset({"unavailable", "withheld"})

#: Headers by what they end with: Asterisk puts ``Dest``, ``Transferee`` and the like before them.
_NAMES = ("CallerIDName", "CallerIDname", "ConnectedLineName", "MemberName")
_NUMBERS = ("CallerIDNum", "CallerIDnum", "CallerIDani", "CallerIDdnid", "CallerIDrdnis", "ConnectedLineNum")
_IDS = (
    *("Uniqueid", "UniqueID", "Linkedid", "LinkedID", "BridgeId", "BridgeID", "ActionID"),
    *("Timestamp", "LoginTime", "LastCall", "LastPause"),
)
_CHANNELS = (
    *("Channel", "Newname", "Oldname", "Interface", "Location", "Device", "Peer", "Endpoint"),
    *("ParkingSpace", "BRIDGEPEER", "DIALEDPEERNAME", "MEMBERINTERFACE"),
)
_FILES = ("File", "UserField", "Userfield", "MIXMONITOR_FILENAME", "VM_MESSAGEFILE")
_WORDS = (
    *("Event", "Response", "Privilege", "EventList", "Queue", "Context", "DialStatus", "DialString", "Forward"),
    *("ChannelState", "ChannelStateDesc", "State", "Status", "Cause", "Cause-txt", "TechCause", "Result", "Reason"),
    *("BridgeType", "BridgeTechnology", "BridgeVideoSourceMode", "Membership", "MusicClass", "Language", "Type"),
    *("Application", "LastApplication", "Disposition", "AMAFlags", "Variable", "EventName", "IsExternal", "Module"),
    *("Paused", "PausedReason", "Parkinglot", "ParkingLot", "Strategy", "DIALSTATUS", "QUEUESTATUS", "HANGUPCAUSE"),
    *("Hint", "StatusText", "Duration"),
)
#: Applications whose arguments are the operator's own words, and tell of the call.
_TELLING_APPLICATIONS = frozenset(
    {"Queue", "Dial", "MixMonitor", "VoiceMail", "Answer", "Hangup", "AppQueue", "AppDial", "AppDial2", "Park"}
)
#: Folders that say nothing of anybody.
_PLAIN_FOLDERS = frozenset({"", "/", "var", "spool", "asterisk", "monitor", "voicemail", "default", "INBOX", "tmp"})


class Anonymiser:
    """Replaces the same by the same for as long as its key is the same; nothing is remembered but a cache."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._scramble = lru_cache(maxsize=20_000)(self._permuted)

    def about(self, about: About) -> About:
        """What a person wrote of the story is left out: nobody knows what is in it."""
        return replace(about, story="")

    def frame(self, frame: RecordedFrame) -> RecordedFrame | None:
        """The frame with other people in it; None for a malformed one, in which nothing can be told apart."""
        return None if frame.raw is not None else replace(frame, headers=tuple(self.headers(frame.headers)))

    def headers(self, headers: Iterable[Header]) -> list[Header]:
        """One event with other people in it."""
        given = dict(headers := list(headers))
        return [(name, self._value(name, value, given)) for name, value in headers if _is_plain(name)]

    def number(self, text: str) -> str:
        """Every phone number in it replaced by another of its length."""
        return _NUMBER.sub(lambda found: self._scramble(found.group()), text)

    def name(self, text: str) -> str:
        """A pseudonym, unless it names nobody."""
        if _is_nobody(text):
            return text
        return self._pseudonym("Person", text) if _has_letters(text) else self.number(text)

    def file(self, text: str) -> str:
        """Another name for a sound, in folders that tell nobody."""
        path = PurePosixPath(text)
        folders = [part if _is_plain_folder(part) else self._pseudonym("folder", part) for part in path.parts[:-1]]
        return str(PurePosixPath(*folders, self._pseudonym("sound", path.stem) + path.suffix)) if path.name else ""

    def _value(self, name: str, value: str, given: Mapping[str, str]) -> str:
        if name == "Value":
            name = given.get("Variable", "")
        if name.endswith(_NUMBERS):
            return self._caller(value)
        if name.endswith(_NAMES) or (name == "Name" and given.get("Event", "").startswith("QueueMember")):
            # A member without a name of its own is called by its device.
            return self._channel(value) if value in _devices(given) else self.name(value)
        if name.endswith(_IDS):
            return value if _is_id(value) else self._pseudonym("id", value)
        if name.endswith(("Exten", "Extension")):
            return self._caller(value)
        return self._words(name, value, given)

    def _words(self, name: str, value: str, given: Mapping[str, str]) -> str:
        if "ChanVariable" in name:
            return self._free(value)
        if name.endswith(_FILES):
            return self.file(value) if PurePosixPath(value).suffix or "/" in value else self._free(value)
        if name == "CallerID":
            return self._name_and_number(value)
        if name.endswith(_CHANNELS):
            return self._channel(value)
        if name in {"AppData", "ApplicationData", "LastData"}:
            application = given.get("LastApplication" if name == "LastData" else "Application", "")
            return self._text(value) if application in _TELLING_APPLICATIONS else self._free(value)
        return self._text(value) if name.endswith(_WORDS) else self._free(value)

    def _caller(self, value: str) -> str:
        """A number, or what somebody dialled; letters are a person's SIP name, unless they stand for nobody."""
        if _is_nobody(value) or len(value) <= 2:
            return value
        if not _has_letters(value):
            return _SPELLED.sub(self._spelled, value)
        letters = self._pseudonym("x", value, hex_digits=64)[2:]
        return (letters * (1 + len(value) // len(letters)))[: len(value)].translate(_AS_LETTERS)

    def _spelled(self, found: re.Match[str]) -> str:
        """A number with its brackets and dashes where they were."""
        digits = iter(self._scramble("".join(filter(str.isdecimal, found.group()))))
        return "".join(next(digits) if letter.isdecimal() else letter for letter in found.group())

    def _channel(self, value: str) -> str:
        """A device by its operator's name; a number in it is somebody's."""
        instance = _INSTANCE.fullmatch(value)
        if instance is not None:
            return self._text(instance[1]) + instance[2]
        return self._text(value)

    def _name_and_number(self, value: str) -> str:
        parts = _NAME_AND_NUMBER.fullmatch(value)
        if parts is None:
            return self._free(value)
        return f'"{self.name(parts[1])}" <{self._caller(parts[2])}>'

    def _text(self, value: str) -> str:
        """The operator's own words, with numbers, addresses and the names of files taken out."""
        value = _SIP.sub(self._sip, value)
        value = _SOUND.sub(lambda found: self._pseudonym("sound", found.group()), value)
        return self.number(_ADDRESS.sub(self._address, value))

    def _free(self, value: str) -> str:
        """Anybody's words: nothing of them is kept."""
        if _is_nobody(value):
            return value
        return self._text(value) if _FIGURES.fullmatch(value) else self._pseudonym("text", value)

    def _sip(self, found: re.Match[str]) -> str:
        user = f"{self._caller(found[2])}@" if found[2] else ""
        return f"{found[1]}{user}{self._pseudonym('host', found[3])}.invalid"

    def _address(self, found: re.Match[str]) -> str:
        return f"192.0.2.{self._hash('address', found.group())[0]}"

    def _pseudonym(self, kind: str, text: str, *, hex_digits: int = 10) -> str:
        """Letters among the digits, so that no part of it can be taken for a number."""
        digits = self._hash(kind, text).hex()[:hex_digits].translate(_AS_LETTERS)
        return f"{kind}-{digits}"

    def _permuted(self, number: str) -> str:
        """A Feistel network over decimal digits: a permutation, so that no two numbers become one."""
        kept, personal = number[:-_PERSONAL_DIGITS], number[-_PERSONAL_DIGITS:]
        middle = len(personal) // 2
        halves = [personal[:middle], personal[middle:]]
        for turn in range(_ROUNDS):
            mine, other = halves[turn % 2], halves[1 - turn % 2]
            moved = int(mine) + int.from_bytes(self._hash(f"{turn}/{len(personal)}", other)[:8])
            halves[turn % 2] = f"{moved % 10 ** len(mine):0{len(mine)}}"
        return kept + "".join(halves)

    def _hash(self, kind: str, text: str) -> bytes:
        return hashlib.blake2b(f"{kind}\0{text}".encode(), key=self._key, digest_size=32).digest()


_AS_LETTERS = str.maketrans("0123456789", "ghijkmnpqr")


def _is_nobody(text: str) -> bool:
    return text.lower() in _NOBODY or text.lower() in _NOBODY_TOO


def _is_id(value: str) -> bool:
    return _ID.fullmatch(value) is not None


def _devices(given: Mapping[str, str]) -> set[str | None]:
    return {given.get("Interface"), given.get("StateInterface"), given.get("Location")}


def _is_plain(header: str) -> bool:
    return _HEADER_NAME.fullmatch(header) is not None and _NUMBER.search(header) is None


def _is_plain_folder(part: str) -> bool:
    return part in _PLAIN_FOLDERS or (part.isdigit() and len(part) < _SHORTEST_NUMBER)


def _has_letters(text: str) -> bool:
    return any(letter.isalpha() for letter in text)

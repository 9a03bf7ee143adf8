"""One client of the player: lets it in, reads what it asks, writes what it may hear."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog

from channels.telephony.frames import FrameCutter, Header, read_headers
from channels.telephony.played_pbx import Headers

logger = structlog.get_logger(__name__)

#: An action as it was asked: header → value, names in lower case as AMI does not care.
Heard = dict[str, str]
#: What is written in return: the response first, then the items of a list.
Answer = list[Headers]

#: A client that does not read is cut off, as Asterisk does.
MAX_UNREAD_BYTES = 16 * 1024 * 1024
_PATIENCE_S = 5.0
_MAX_ACTION_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024
_AMI_VERSION = "11.0.0"
_FULLY_BOOTED: Headers = [("Event", "FullyBooted"), ("Privilege", "system,all"), ("Status", "Fully Booted")]


class Session:
    """A connection. Any user and secret may log in; ``answer`` gives what the PBX itself would say."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        answer: Callable[[Heard], Answer],
        on_login: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._answer = answer
        self._on_login = on_login
        self._classes: frozenset[str] | None = None  # of events it hears; None: all of them
        self.is_logged_in = False

    async def run(self) -> None:
        """Serve the client until it goes."""
        cutter = FrameCutter(limit=_MAX_ACTION_BYTES)
        try:
            self._writer.write(f"Asterisk Call Manager/{_AMI_VERSION}\r\n".encode())
            while data := await self._reader.read(_READ_BYTES):
                for frame in cutter.feed(data):
                    self._hear_action(frame)
                await self._writer.drain()
        except ConnectionError:
            pass  # it went without a word
        finally:
            self._writer.close()

    def tell(self, headers: Headers) -> None:
        """Write an event, if this client is logged in and listens to its class."""
        if self.is_logged_in and self._listens_to(dict(headers).get("Privilege", "")):
            self.write(as_bytes(headers))

    def write(self, data: bytes) -> None:
        """Write bytes; a client with too much unread is cut off."""
        transport = self._writer.transport
        if transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            logger.warning("ami client does not read", action="ami_player_client_cut_off")
            transport.abort()
        elif not transport.is_closing():
            self._writer.write(data)

    async def drain(self) -> None:
        """Wait until the client has read most of what was written, or cut it off."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._writer.drain()
        except TimeoutError:
            self.cut_off()
        except ConnectionError:
            pass  # `run` notices by itself

    def cut_off(self) -> None:
        """End the connection now."""
        self._writer.transport.abort()

    def _hear_action(self, frame: bytes) -> None:
        heard = {name.lower(): value.strip() for name, value in read_headers(frame)[0]}
        action = heard.get("action", "").lower()
        if not action:
            return
        answer, *items = self._own_answer(action, heard) or self._answer(heard)
        action_id = [("ActionID", heard["actionid"])] if "actionid" in heard else []
        for first, *rest in (answer, *items):
            self.write(as_bytes([first, *action_id, *rest]))
        if action == "login" and self.is_logged_in:
            self.tell(_FULLY_BOOTED)
            self._on_login()
        elif action == "logoff":
            self._writer.close()

    def _own_answer(self, action: str, heard: Heard) -> Answer | None:
        """What is between this client and us, and nobody else's business."""
        match action:
            case "challenge":
                return [[("Response", "Success"), ("Challenge", "123456789")]]
            case "login":
                self.is_logged_in = True
                self._classes = _classes_of(heard.get("events", "on"))
                return [[("Response", "Success"), ("Message", "Authentication accepted")]]
            case "logoff":
                return [[("Response", "Goodbye"), ("Message", "Thanks for all the fish.")]]
            case _ if not self.is_logged_in:
                return refusal("Permission denied")
            case "events":
                self._classes = _classes_of(heard.get("eventmask", "on"))
                return [[("Response", "Success"), ("Events", "Off" if self._classes == frozenset() else "On")]]
        return None

    def _listens_to(self, privilege: str) -> bool:
        if self._classes is None:
            return True
        return bool(self._classes and (not privilege or self._classes.intersection(privilege.split(","))))


def as_bytes(headers: Iterable[Header]) -> bytes:
    """A frame as AMI writes it."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode() + b"\r\n"


def refusal(message: str) -> Answer:
    """``Response: Error``."""
    return [[("Response", "Error"), ("Message", message)]]


def success(**headers: str) -> Answer:
    """``Response: Success``."""
    return [[("Response", "Success"), *headers.items()]]


def listing(items: list[Headers], *, complete: str) -> Answer:
    """A response list as Asterisk sends it, ended by its Complete event."""
    begin = [("Response", "Success"), ("EventList", "start"), ("Message", "A list will follow")]
    end = [("Event", complete), ("EventList", "Complete"), ("ListItems", str(len(items)))]
    return [begin, *items, end]


def _classes_of(mask: str) -> frozenset[str] | None:
    """AMI's event mask: ``on`` and ``off``, or classes by name; every event also bears the class ``all``."""
    match mask.strip().lower():
        case "on" | "all" | "":
            return None
        case "off":
            return frozenset()
        case classes:
            return frozenset(name.strip() for name in classes.split(",")) - {"all"}

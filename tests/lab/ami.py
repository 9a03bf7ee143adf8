"""A small honest AMI client: the laboratory's own ears, independent of the product's.

It keeps every frame as the list of header pairs that came over the wire, in
order and with repetitions, because that is what recordings are made of.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.lab.exchange import AmiLogin

_ANSWER_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Frame:
    """One AMI message; ``at`` is the event loop's clock when its last byte was read."""

    at: float
    headers: tuple[tuple[str, str], ...]
    fields: Mapping[str, str] = field(repr=False)

    @classmethod
    def parse(cls, raw: bytes, at: float) -> Self:
        pairs = (line.partition(":") for line in raw.decode(errors="surrogateescape").split("\r\n") if line)
        headers = tuple((name, value.removeprefix(" ")) for name, _, value in pairs)
        return cls(at, headers, dict(headers))

    @property
    def event(self) -> str | None:
        return self.fields.get("Event")

    def __getitem__(self, name: str) -> str:
        return self.fields[name]

    def get(self, name: str) -> str | None:
        return self.fields.get(name)


class ActionRefused(Exception):
    """Asterisk answered ``Response: Error``."""


class AmiClient:
    """One logged-in connection; ``frames`` is everything heard, ``wait_for`` sees the past and the future."""

    def __init__(self, host: str, port: int, login: AmiLogin) -> None:
        self._host, self._port, self._login = host, port, login
        self._ids = itertools.count(1)
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._heard = asyncio.Condition()
        self.frames: list[Frame] = []

    async def __aenter__(self) -> Self:
        reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=1 << 22)
        await reader.readline()  # "Asterisk Call Manager/…"
        self._reading = asyncio.create_task(self._read(reader))
        await self.action("Login", Username=self._login.username, Secret=self._login.secret)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)

    async def action(self, name: str, **headers: str) -> Frame:
        """Send an action and return its response.

        Raises:
            ActionRefused: the response was an error.
        """
        action_id = f"lab-{next(self._ids)}"
        answer = self._answers[action_id] = asyncio.get_running_loop().create_future()
        lines = [f"Action: {name}", f"ActionID: {action_id}", *(f"{key}: {headers[key]}" for key in headers)]
        self._writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        async with asyncio.timeout(_ANSWER_TIMEOUT_S):
            frame: Frame = await answer
        if frame["Response"] == "Error":
            raise ActionRefused(f"{name}: {frame.get('Message')}")
        return frame

    async def wait_for(
        self, wanted: Callable[[Frame], bool], *, since: int = 0, timeout_s: float = _ANSWER_TIMEOUT_S
    ) -> Frame:
        """The first event from ``frames[since:]`` on that is ``wanted``, heard already or yet to come."""
        position = since
        async with asyncio.timeout(timeout_s), self._heard:
            while True:
                for frame in itertools.islice(self.frames, position, None):
                    if wanted(frame):
                        return frame
                position = len(self.frames)
                await self._heard.wait()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                raw = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            frame = Frame.parse(raw, loop.time())
            if frame.event is None:
                answer = self._answers.pop(frame.get("ActionID") or "", None)
                if answer is not None and not answer.done():
                    answer.set_result(frame)
                continue
            async with self._heard:
                self.frames.append(frame)
                self._heard.notify_all()

"""The flight recorder: writes down everything one Asterisk says, as it says it.

It listens on a link of its own, to all classes of events its user may hear,
and asks nothing but what the first line of the recording needs.
"""

from __future__ import annotations

import asyncio
import gzip
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Protocol, cast

import structlog

from channels.telephony.ami import AmiLink, LinkState, LinkStatus, LinkTimings
from channels.telephony.anonymiser import Anonymiser
from channels.telephony.frames import read_headers
from channels.telephony.recording_format import About, RecordedFrame, RecordingWriter, load
from channels.telephony.recording_segments import Limits, SegmentedWriter
from config.sections import PbxSettings
from crm_core.domain.errors import CrmError, PeerRefused, PeerUnavailable

logger = structlog.get_logger(__name__)

#: A recorder that runs beside the program is started again so long after it failed.
START_AGAIN = timedelta(seconds=30)
#: A killed recorder loses no more than this.
FLUSH_EVERY_S = 1.0
#: Frames kept while Asterisk is asked for what the first line says.
_KEPT_BEFORE_THE_FIRST_LINE = 100_000


async def record(
    pbx: PbxSettings,
    path: Path,
    *,
    limits: Limits | None = None,
    anonymise: bool = False,
    story: str = "",
    on_state: Callable[[LinkState], None] | None = None,
    timings: LinkTimings | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Record until cancelled; a link lost in between is noted there and comes back by itself.

    ``path`` is a file, or with ``limits`` a directory of segments. ``anonymise``
    uses a key of this run alone: nobody can tell who was who, not even we.

    Raises:
        PeerRefused: user or secret is wrong.
        PeerUnavailable: the PBX could not be reached to begin with.
        OSError: the file cannot be written, or not any more.
    """
    tape = _Tape(clock, Anonymiser(secrets.token_bytes(32)) if anonymise else None)
    first: asyncio.Future[LinkState] = asyncio.get_running_loop().create_future()

    def tell(state: LinkState) -> None:
        tape.note(f"link {state.status}: {state.error or state.boot}")
        if not first.done():
            first.set_result(state)
        if on_state is not None:
            on_state(state)

    link = AmiLink(pbx, on_event=_pass_over, on_state=tell, on_frame=tape.frame, event_classes="on", timings=timings)
    started_at = datetime.now(UTC)
    failure: OSError | CrmError | None = None
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(link.run())
        state = await first
        try:
            _require_up(state)
            about = About(
                pbx=pbx.name,
                asterisk=await _asterisk_version(link),
                boot=state.boot or "",
                started_at=started_at.isoformat(timespec="milliseconds"),
                story=story,
            )
            with _opened(path, about, limits) as writer:
                await tape.run(writer)
        except (OSError, CrmError) as given_up:  # told outside, not as a group
            failure = given_up
        listening.cancel()
    if failure is not None:
        raise failure


async def keep_recording(pbx: PbxSettings, folder: Path, limits: Limits) -> None:
    """The recorder that runs beside the program: whatever happens to it, it is started again."""
    while True:
        try:
            await record(pbx, folder, limits=limits)
        except (OSError, CrmError) as failure:
            logger.warning("flight recorder stopped", action="recorder_stopped", pbx=pbx.name, error=str(failure))
        await asyncio.sleep(START_AGAIN.total_seconds())


def anonymise(source: Path, target: Path, *, key: bytes | None = None) -> int:
    """Write a recording again with other people in it; returns how many malformed frames were left out.

    Raises:
        RecordingUnreadable: ``source`` is no recording.
        OSError: ``target`` cannot be written.
    """
    recording = load(source)
    anonymiser = Anonymiser(key or secrets.token_bytes(32))
    left_out = 0
    with _opened(target, anonymiser.about(recording.about), None) as writer:
        for frame in recording.frames:
            retold = anonymiser.frame(frame)
            if retold is None:
                left_out += 1
            else:
                writer.recorded(retold)
    return left_out


class _Writer(Protocol):
    def recorded(self, frame: RecordedFrame) -> None: ...
    def frame(self, at: float, frame: bytes) -> None: ...
    def note(self, at: float, note: str) -> None: ...
    def flush(self) -> None: ...


@contextmanager
def _opened(path: Path, about: About, limits: Limits | None) -> Iterator[_Writer]:
    """A new file is compressed if it is called so; nobody but its owner may read it."""
    if limits is not None:
        writer = SegmentedWriter(path, about, limits)
        try:
            yield writer
        finally:
            writer.close()
        return
    with path.open("wb") as plain:
        if path.suffix == ".gz":
            with gzip.open(plain, "wb") as zipped:
                yield RecordingWriter(cast("IO[bytes]", zipped), about)
        else:
            yield RecordingWriter(plain, about)


class _Tape:
    """Frames on their way to the file: kept in memory until there is a first line to put them under."""

    def __init__(self, clock: Callable[[], float], anonymiser: Anonymiser | None) -> None:
        self._clock = clock
        self._anonymiser = anonymiser
        self._begun = clock()
        self._writing = threading.Lock()
        self._waiting: deque[tuple[float, bytes | str]] = deque(maxlen=_KEPT_BEFORE_THE_FIRST_LINE)

    def frame(self, frame: bytes) -> None:
        if not frame.startswith(b"Response:"):  # an answer to ourselves
            self._waiting.append((self._clock() - self._begun, frame))

    def note(self, note: str) -> None:
        self._waiting.append((self._clock() - self._begun, note))

    async def run(self, writer: _Writer) -> None:
        """Write what has come, once a second, until cancelled; the rest at the end.

        In a thread: a disk may be slow, and compressing a segment takes a while.
        """
        try:
            while True:
                await asyncio.to_thread(self._write_waiting, writer)
                await asyncio.sleep(FLUSH_EVERY_S)
        finally:
            self._write_waiting(writer)

    def _write_waiting(self, writer: _Writer) -> None:
        with self._writing:  # a cancelled run may leave its thread writing
            while self._waiting:
                at, what = self._waiting.popleft()
                if isinstance(what, str):
                    writer.note(at, what)
                elif self._anonymiser is None:
                    writer.frame(at, what)
                else:
                    self._write_anonymised(writer, at, what, self._anonymiser)
            writer.flush()

    def _write_anonymised(self, writer: _Writer, at: float, frame: bytes, anonymiser: Anonymiser) -> None:
        headers, broken = read_headers(frame)
        if broken or not headers:
            writer.note(at, f"a malformed frame of {len(frame)} bytes was left out")
        else:
            writer.recorded(RecordedFrame(at=round(max(at, 0.0), 6), headers=tuple(anonymiser.headers(headers))))


def _require_up(state: LinkState) -> None:
    match state.status:
        case LinkStatus.REFUSED:
            raise PeerRefused(state.error)
        case LinkStatus.DOWN:
            raise PeerUnavailable(state.error)
        case LinkStatus.UP:
            pass


async def _asterisk_version(link: AmiLink) -> str:
    try:
        settings = await link.request({"Action": "CoreSettings"})
    except PeerUnavailable:
        return ""
    return settings.headers.get("AsteriskVersion", "").partition("+")[0]


def _pass_over(event: dict[str, str]) -> None:
    """The tape has the whole frame already."""

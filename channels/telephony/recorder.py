"""The flight recorder: writes down everything one Asterisk says, as it says it.

It listens on a link of its own, to all classes of events its user may hear,
and asks nothing but what the first line of the recording needs.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from channels.telephony.ami import AmiLink, LinkState, LinkStatus, LinkTimings
from channels.telephony.recording_format import About, RecordingWriter
from config.sections import PbxSettings
from crm_core.domain.errors import CrmError, PeerRefused, PeerUnavailable

#: A killed recorder loses no more than this.
FLUSH_EVERY_S = 1.0
#: Frames kept while Asterisk is asked for what the first line says.
_KEPT_BEFORE_THE_FIRST_LINE = 100_000


async def record(
    pbx: PbxSettings,
    path: Path,
    *,
    story: str = "",
    on_state: Callable[[LinkState], None] | None = None,
    timings: LinkTimings | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Record into ``path`` until cancelled; a link lost in between is noted there and comes back by itself.

    Raises:
        PeerRefused: user or secret is wrong.
        PeerUnavailable: the PBX could not be reached to begin with.
        OSError: the file cannot be written, or not any more.
    """
    tape = _Tape(clock)
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
            with path.open("wb") as file:
                about = About(
                    pbx=pbx.name,
                    asterisk=await _asterisk_version(link),
                    boot=state.boot or "",
                    started_at=started_at.isoformat(timespec="milliseconds"),
                    story=story,
                )
                await tape.run(RecordingWriter(file, about))
        except (OSError, CrmError) as given_up:  # told outside, not as a group
            failure = given_up
        listening.cancel()
    if failure is not None:
        raise failure


class _Tape:
    """Frames on their way to the file: kept in memory until there is a first line to put them under."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begun = clock()
        self._waiting: deque[tuple[float, bytes | str]] = deque(maxlen=_KEPT_BEFORE_THE_FIRST_LINE)

    def frame(self, frame: bytes) -> None:
        if not frame.startswith(b"Response:"):  # an answer to ourselves
            self._waiting.append((self._clock() - self._begun, frame))

    def note(self, note: str) -> None:
        self._waiting.append((self._clock() - self._begun, note))

    async def run(self, writer: RecordingWriter) -> None:
        """Write what has come, once a second, until cancelled; the rest at the end."""
        try:
            while True:
                self._write_waiting(writer)
                await asyncio.sleep(FLUSH_EVERY_S)
        finally:
            self._write_waiting(writer)

    def _write_waiting(self, writer: RecordingWriter) -> None:
        while self._waiting:
            at, what = self._waiting.popleft()
            if isinstance(what, str):
                writer.note(at, what)
            else:
                writer.frame(at, what)
        writer.flush()


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

"""Record what AMI says while the scenes are played: ``python -m tests.lab.record [SCENE …]``.

Each scene becomes ``tests/fixtures/ami/SCENE.ami.jsonl``: a first line about the
recording, then one line an event, with its headers in the order they came and
none left out. Beside it ``SCENE.expected.json`` holds the truth of the parties,
and for some scenes ``SCENE.books/`` what Asterisk wrote down itself meanwhile.
The listener has the rights and the event filters Perezvon asks its
administrators for, except under load, where the benchmarks want to hear
everything. The only thing changed is the laboratory's own directory,
which becomes the one a real Asterisk uses.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from tests.lab.ami import AmiClient, Frame
from tests.lab.asterisk import Asterisk
from tests.lab.exchange import AmiLogin
from tests.lab.expected import ExpectedCall, ScenesDisagree
from tests.lab.install import install
from tests.lab.laboratory import Lab
from tests.lab.scenes.catalogue import DEMO, LOADS, SCENES, Scene
from tests.lab.scenes.direct import direct_busy, direct_no_answer
from tests.lab.scenes.outbound import (
    click_to_call_agent_no_answer,
    click_to_call_answered,
    click_to_call_client_busy,
    outbound_dialled_answered,
)
from tests.lab.scenes.queue import (
    queue_abandoned,
    queue_answered_agent_hangs_up,
    queue_answered_client_hangs_up,
    queue_first_no_answer_second_answers,
    queue_timeout_nobody,
)
from tests.lab.scenes.transfers import attended_transfer_answered, blind_transfer_answered

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ami"
#: What the demo plays is part of the product, and has no truth beside it.
DEMO_RECORDINGS = Path(__file__).parents[2] / "gateway" / "demo" / "recordings"
#: Scenes of which the replay tests also read what Asterisk wrote down: a handful, one of each kind.
WITH_BOOKS: tuple[Scene, ...] = (
    queue_answered_client_hangs_up,
    queue_answered_agent_hangs_up,
    queue_abandoned,
    queue_first_no_answer_second_answers,
    queue_timeout_nobody,
    direct_busy,
    direct_no_answer,
    outbound_dialled_answered,
    click_to_call_answered,
    click_to_call_client_busy,
    click_to_call_agent_no_answer,
    blind_transfer_answered,
    attended_transfer_answered,
)
_SILENCE_S = 0.5
_USUAL_SPOOL = "/var/spool/asterisk"


async def record(asterisk: Asterisk, scene: Scene, login: AmiLogin) -> None:
    """Play one scene and write down what was heard by ``login`` and what was true."""
    ears = AmiClient(asterisk.host, asterisk.ami_port, login)
    async with Lab(asterisk) as lab, ears as listener:
        boot = await lab.witness.action("CoreStatus")
        version = (await lab.witness.action("CoreSettings"))["AsteriskVersion"]
        begun, started_at = asyncio.get_running_loop().time(), datetime.now(UTC)
        written = {book: book.stat().st_size if book.exists() else 0 for book in _books(asterisk)}
        calls = await scene(lab)
        await lab.everything_is_over()
        await _silence(listener)
        about = {
            "format": "perezvon-ami",
            "version": 1,
            "pbx": "main",
            "asterisk": version.partition("+")[0],
            "boot": f"{boot['CoreStartupDate']} {boot['CoreStartupTime']}",
            "started_at": started_at.isoformat(timespec="milliseconds"),
            "story": (scene.__doc__ or "").strip(),
        }
        for call in calls:
            _require_agreement(lab, call)
        with _recording(scene) as file:
            _write(file, about, listener.frames, begun=begun, spool=f"{asterisk.state}/spool")
        if scene in DEMO:
            return
        if scene in WITH_BOOKS:
            _keep_books(FIXTURES / f"{scene.__name__}.books", written)
        expected = {"story": about["story"], "calls": [call.as_json() for call in calls]}
        text = json.dumps(expected, ensure_ascii=False, indent=2)
        (FIXTURES / f"{scene.__name__}.expected.json").write_text(text + "\n")


async def _silence(listener: AmiClient) -> None:
    """Records are written a little after the last hang-up; wait until nothing more comes."""
    heard = -1
    while heard < len(listener.frames):
        heard = len(listener.frames)
        await asyncio.sleep(_SILENCE_S)


def _books(asterisk: Asterisk) -> tuple[Path, ...]:
    return asterisk.cel_csv, asterisk.linked_cdr_csv, asterisk.cdr_csv, asterisk.queue_log


def _keep_books(folder: Path, before: Mapping[Path, int]) -> None:
    """What each book has grown by; Asterisk's own name for its diary of channels says nothing, so it gets one."""
    folder.mkdir(exist_ok=True)
    for book, size in before.items():
        name = "cel.csv" if book.parent.name == "cel-custom" else book.name
        (folder / name).write_bytes(book.read_bytes()[size:] if book.exists() else b"")


def _recording(scene: Scene) -> IO[str]:
    path = (DEMO_RECORDINGS if scene in DEMO else FIXTURES) / f"{scene.__name__}.ami.jsonl"
    if scene in LOADS:
        return gzip.open(path.with_suffix(".jsonl.gz"), "wt", encoding="utf-8")
    return path.open("w", encoding="utf-8")


def _write(file: IO[str], about: dict[str, object], frames: Iterable[Frame], *, begun: float, spool: str) -> None:
    file.write(json.dumps(about, ensure_ascii=False) + "\n")
    for frame in frames:
        headers = [[name, value.replace(spool, _USUAL_SPOOL)] for name, value in frame.headers]
        line = {"at": round(max(frame.at - begun, 0.0), 6), "headers": headers}
        file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def _require_agreement(lab: Lab, call: ExpectedCall) -> None:
    """The scene's word against Asterisk's CDR, queue_log and the hang-up of the client's channel."""
    rows = [row for row in lab.cdr() if row["linkedid"] == call.external_id]
    answered = any(
        row["disposition"] == "ANSWERED" and "trunk" in row["channel"] + row["destination_channel"] for row in rows
    )
    if not rows:
        raise ScenesDisagree(f"{call.external_id}: no CDR")
    log = [line.event for line in lab.queue_log(call.external_id)]
    if call.queue and ("CONNECT" in log) is not (call.outcome == "answered"):
        raise ScenesDisagree(f"{call.external_id}: {call.outcome}, but queue_log says {log}")
    if not call.queue and call.direction == "outbound" and call.outcome == "answered" and not answered:
        raise ScenesDisagree(f"{call.external_id}: {call.outcome}, but the CDR says {rows}")
    causes = [
        int(frame["Cause"])
        for frame in lab.witness.frames
        if frame.event == "Hangup" and frame["Linkedid"] == call.external_id and _is_client(frame, call)
    ]
    if call.direction != "internal" and "hangup_cause" not in call.unclaimed and causes != [call.hangup_cause]:
        raise ScenesDisagree(f"{call.external_id}: cause {call.hangup_cause}, but Asterisk says {causes}")


def _is_client(hangup: Frame, call: ExpectedCall) -> bool:
    """The client's own channel; a call forwarded outside has another one on the trunk."""
    if call.direction == "inbound":
        return hangup["Uniqueid"] == call.external_id
    return "/trunk" in hangup["Channel"]


def main() -> None:
    """Record the scenes named on the command line, or all."""
    parser = argparse.ArgumentParser(description="Record AMI while scenes are played on a real Asterisk.")
    parser.add_argument("scenes", nargs="*", help="names of scenes (default: all)")
    wanted = parser.parse_args().scenes
    for folder in (FIXTURES, DEMO_RECORDINGS):
        folder.mkdir(parents=True, exist_ok=True)
    failed = False
    asterisk = Asterisk(install())
    asterisk.start()
    try:
        for scene in (*SCENES, *LOADS, *DEMO):
            if not wanted or scene.__name__ in wanted:
                try:
                    login = asterisk.witness_login if scene in LOADS else asterisk.product_login
                    asyncio.run(record(asterisk, scene, login))
                    print(scene.__name__, flush=True)
                except ScenesDisagree as disagreement:
                    failed = True
                    print(f"{scene.__name__}: {disagreement}", flush=True)
    finally:
        asterisk.close()
    raise SystemExit(failed)


if __name__ == "__main__":
    main()

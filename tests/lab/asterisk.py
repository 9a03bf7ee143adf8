"""A real Asterisk 22, configured from the office, started and ended by the tests.

Each one has a loopback network and a state directory of its own, so nothing it
does outlives it and several can run at once. It tells when it is ready by the
same message it would send to systemd; nobody has to guess or poll. It dies with
the process that started it.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.lab.configuration import configuration
from tests.lab.exchange import (
    AMI_PORT,
    OFFICE,
    PRODUCT_LOGIN,
    SIP_PORT,
    WITNESS_LOGIN,
    AmiLogin,
    Network,
    Office,
)
from tests.lab.install import LabUnavailable, Toolbox

_STATIC_CONFIGURATION = Path(__file__).parent / "conf"
_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 15.0
_LOOK_AGAIN_S = 0.2


class AsteriskFailed(Exception):
    """Asterisk did not start, or a CLI command went wrong; the message carries its own words."""


class ClaimedNetwork:
    """A loopback network nobody else uses, held by a socket that the kernel frees with the process."""

    def __init__(self) -> None:
        for number in range(16, 250):
            network = Network(number)
            guard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                guard.bind((network.guard, SIP_PORT))
                _require_free(network)
            except OSError:
                guard.close()
                continue
            self.network = network
            self._guard = guard
            return
        raise LabUnavailable("no free network in 127.0.0.0/8 for the telephony lab")

    def release(self) -> None:
        self._guard.close()


def _require_free(network: Network) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip,
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as ami,
    ):
        ami.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sip.bind((network.pbx, SIP_PORT))
        ami.bind((network.pbx, AMI_PORT))


class Asterisk:
    """One Asterisk. ``start`` … ``stop`` or ``kill``, again and again; ``close`` throws its state away.

    Starting ties its life to the calling thread: call it from the main one.
    """

    def __init__(self, toolbox: Toolbox, office: Office = OFFICE) -> None:
        self.toolbox = toolbox
        self.office = office
        self._claim = ClaimedNetwork()
        self.network = self._claim.network
        # A short path on purpose: the control socket lives below it, and 107 bytes is the limit.
        self.state = Path(tempfile.mkdtemp(prefix="perezvon-asterisk-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._write_configuration()

    @property
    def host(self) -> str:
        return self.network.pbx

    @property
    def ami_port(self) -> int:
        return AMI_PORT

    @property
    def product_login(self) -> AmiLogin:
        """Least rights, only the wanted events: what Perezvon connects with."""
        return PRODUCT_LOGIN

    @property
    def witness_login(self) -> AmiLogin:
        """Everything, for the tests' own eyes."""
        return WITNESS_LOGIN

    @property
    def queue_log(self) -> Path:
        return self.state / "log" / "queue_log"

    @property
    def cdr_csv(self) -> Path:
        """Asterisk's own columns (``cdr_csv``); they lack the linkedid."""
        return self.state / "log" / "cdr-csv" / "Master.csv"

    @property
    def linked_cdr_csv(self) -> Path:
        """The columns of ``tests.lab.truth.CDR_COLUMNS``, linkedid first."""
        return self.state / "log" / "cdr-custom" / "linked.csv"

    @property
    def cel_csv(self) -> Path:
        return self.state / "log" / "cel-custom" / "linked.csv"

    @property
    def recordings(self) -> Path:
        return self.state / "spool" / "monitor"

    @property
    def full_log(self) -> Path:
        return self.state / "log" / "full.log"

    @property
    def pid(self) -> int:
        return self._running.pid

    def start(self) -> None:
        """Start and return once fully booted: modules loaded, AMI and SIP listening.

        Raises:
            AsteriskFailed: it ended instead, or was not ready in time.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as readiness:
            address = self.state / "run" / "ready"
            address.unlink(missing_ok=True)
            readiness.bind(str(address))
            readiness.settimeout(_LOOK_AGAIN_S)
            with (self.state / "log" / "console.log").open("ab") as console:
                self._process = subprocess.Popen(
                    ["setpriv", "--pdeathsig", "KILL", *self._command("-f")],
                    env={"NOTIFY_SOCKET": str(address), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
                    stdin=subprocess.DEVNULL,
                    stdout=console,
                    stderr=console,
                    start_new_session=True,
                )
            self._await_ready(readiness)

    def rewrite(self, files: Mapping[str, str]) -> None:
        """Other configuration files than the laboratory's own: name → text. Before ``start``."""
        for name, text in files.items():
            (self._etc / name).write_text(text)

    def rx(self, command: str) -> str:
        """What the CLI answers to ``command``."""
        answer = subprocess.run(
            self._command("-rx", command), capture_output=True, text=True, check=False, timeout=_STOP_TIMEOUT_S
        )
        if answer.returncode:
            raise AsteriskFailed(f"{command!r}: {answer.stdout}{answer.stderr}")
        return answer.stdout

    def stop(self) -> None:
        """End cleanly: calls are hung up, records written."""
        if self._process is None:
            return
        self.rx("core stop now")
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End as a power cut would."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def close(self) -> None:
        """Stop if need be, give the network back and remove the state directory."""
        self.stop()
        self._claim.release()
        shutil.rmtree(self.state, ignore_errors=True)

    def _await_ready(self, readiness: socket.socket) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while self._running.poll() is None and time.monotonic() < deadline:
            try:
                if b"READY=1" in readiness.recv(4096):
                    return
            except TimeoutError:
                continue
        self.kill()
        last_words = (self.state / "log" / "console.log").read_text(errors="replace")[-2000:]
        raise AsteriskFailed(f"it ended, or was not ready within {_START_TIMEOUT_S:g} s: {last_words}")

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise AsteriskFailed("Asterisk is not running")
        return self._process

    def _command(self, *arguments: str) -> list[str]:
        return self.toolbox.command("usr/sbin/asterisk", "-C", str(self._etc / "asterisk.conf"), *arguments)

    @property
    def _etc(self) -> Path:
        return self.state / "etc"

    def _write_configuration(self) -> None:
        for directory in (
            *("etc", "run", "lib", "db", "spool/monitor", "spool/tmp"),
            *("log/cdr-csv", "log/cdr-custom", "log/cel-custom"),
        ):
            (self.state / directory).mkdir(parents=True)
        for static in _STATIC_CONFIGURATION.glob("*.conf"):
            shutil.copy(static, self._etc)
        for name, text in configuration(self.office, self.network).items():
            (self._etc / name).write_text(text)
        (self._etc / "asterisk.conf").write_text(f"""\
[directories]
astetcdir => {self._etc}
astmoddir => {self.toolbox.modules}
astvarlibdir => {self.state}/lib
astdbdir => {self.state}/db
astkeydir => {self.state}/lib
astdatadir => {self.toolbox.data}
astagidir => {self.state}/lib
astspooldir => {self.state}/spool
astrundir => {self.state}/run
astlogdir => {self.state}/log
""")

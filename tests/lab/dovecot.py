"""A real IMAP server: Debian's Dovecot on loopback, with mailboxes of its own, gone when the test is.

Mail is put into a mailbox by IMAP's APPEND, or comes from a mail server by LMTP.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from imapclient import IMAPClient

from tests.lab.peers import require_package

PROGRAM = Path("/usr/sbin/dovecot")
PASSWORD = "p%40ss"  # in a URL; the server knows it without the escape
_START_S = 20.0

_CONFIG = """
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/log
protocols = {protocols}
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{dir}/mail/%u
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
imap_idle_notify_interval = 2 mins
passdb {{
  driver = static
  args = password=p@ss
}}
userdb {{
  driver = static
  args = uid=5000 gid=5000 home={dir}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
}}
namespace inbox {{
  inbox = yes
  mailbox Отправленные {{
    special_use = \\Sent
    auto = create
  }}
}}
service anvil {{
  chroot =
}}
{lmtp}
"""

_LMTP = """
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@localhost
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dovecot:
    """Any user may log in; each has a mailbox of their own."""

    def __init__(self, *, takes_mail: bool = False) -> None:
        """``takes_mail``: by LMTP, at ``lmtp_port``."""
        require_package("dovecot-imapd", provides=PROGRAM)
        if takes_mail:
            require_package("dovecot-lmtpd", provides=Path("/usr/lib/dovecot/lmtp"))
        self._dir = Path(tempfile.mkdtemp(prefix="pz-dovecot-", dir="/tmp"))
        self._dir.chmod(0o755)
        for name in ("run", "state", "mail"):
            (self._dir / name).mkdir()
        os.chown(self._dir / "mail", 5000, 5000)
        self.port, self.lmtp_port = free_port(), free_port()
        config = _CONFIG.format(
            dir=self._dir,
            port=self.port,
            user="dovecot",
            group="dovecot",
            protocols="imap lmtp" if takes_mail else "imap",
            lmtp=_LMTP.format(port=self.lmtp_port) if takes_mail else "",
        )
        (self._dir / "dovecot.conf").write_text(config)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Dovecot:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self._dir, ignore_errors=True)

    def start(self) -> None:
        self._process = subprocess.Popen(
            [PROGRAM, "-F", "-c", self._dir / "dovecot.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + _START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise RuntimeError(f"dovecot did not start: {self._log()}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """At once, with all its connections."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)
            self._process = None

    def url(self, user: str, folder: str = "INBOX") -> str:
        return f"imap://{quote(user, safe='')}:{PASSWORD}@127.0.0.1:{self.port}/{folder}?tls=none"

    def client(self, user: str) -> IMAPClient:
        """Somebody else who looks into that mailbox, or puts mail there."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=10)
        client.login(user, "p@ss")
        return client

    def _log(self) -> str:
        log = self._dir / "log"
        return log.read_text()[-500:] if log.exists() else ""

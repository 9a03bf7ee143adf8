"""A real mail server: Debian's Postfix on loopback, which hands what it takes to the Dovecot beside it.

It knows no other world: mail to any other domain is taken, and comes back.
"""

from __future__ import annotations

import shutil
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.dovecot import Dovecot, free_port
from tests.lab.peers import require_package

PROGRAM = Path("/usr/sbin/postfix")
#: Of clients and of ours; all else is outside.
DOMAINS = "client.test, agency.test"

_CONFIG = """
compatibility_level = 3.6
config_directory = {dir}/conf
queue_directory = {dir}/queue
data_directory = {dir}/data
maillog_file = {dir}/log
maillog_file_prefixes = /tmp
myhostname = mx.agency.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
virtual_mailbox_domains = {domains}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = error:nobody lives there
smtp_dns_support_level = disabled
smtpd_reject_unlisted_recipient = no
recipient_delimiter = +
message_size_limit = 50000000
"""

#: What is handed to the Dovecot is delivered for good: reports say so.
_SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
lmtp unix - - n - - lmtp flags=X
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
flush unix n - n 1000? 0 flush
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Takes mail from anybody on this machine."""

    def __init__(self, dovecot: Dovecot, place: Path) -> None:
        self.port = free_port()
        self._dir = place
        for name in ("conf", "queue", "data"):
            (place / name).mkdir()
        shutil.chown(place / "data", "postfix", "postfix")
        (place / "conf" / "main.cf").write_text(_CONFIG.format(dir=place, domains=DOMAINS, lmtp=dovecot.lmtp_port))
        (place / "conf" / "master.cf").write_text(_SERVICES.format(port=self.port))

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def send(self, mail: bytes, *, sender: str, to: str) -> None:
        """As somebody's mail program does."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as session:
            session.sendmail(sender, [to], mail)

    def control(self, command: str) -> None:
        done = subprocess.run(
            [PROGRAM, "-c", self._dir / "conf", command], capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode:
            log = self._dir / "log"
            raise RuntimeError(f"postfix {command}: {done.stderr} {log.read_text()[-500:] if log.exists() else ''}")


@contextmanager
def mail_server() -> Iterator[tuple[Postfix, Dovecot]]:
    """Both, until the block ends.

    Raises:
        LabUnavailable: this machine cannot have them.
    """
    require_package("postfix", provides=PROGRAM)
    dovecot = Dovecot(takes_mail=True)
    place = Path(tempfile.mkdtemp(prefix="pz-postfix-", dir="/tmp"))
    place.chmod(0o755)
    try:
        postfix = Postfix(dovecot, place)
        with dovecot:
            postfix.control("start")
            try:
                yield postfix, dovecot
            finally:
                postfix.control("stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)

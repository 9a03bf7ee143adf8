"""Is there an Asterisk manager behind this address at all: looked at before anybody logs in.

The first line tells an AMI from a web server, a TLS port from a plain one, and
a firewall from a program that is not running. Our own end of the connection is
the address that ``permit`` must name.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

from channels.telephony.checkup.observations import Observation, fault
from channels.telephony.frames import BANNER
from config.sections import PbxSettings
from crm_core.domain.findings import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What the address did when we knocked; ``wrong`` is why nobody can log in there."""

    our_address: str | None
    wrong: Observation | None


async def knock(pbx: PbxSettings, *, limit_s: float) -> Door:
    """Connect, read the first line, leave."""
    subject = f"pbx {pbx.name}"
    address = f"{pbx.host}:{pbx.port}"
    try:
        async with asyncio.timeout(limit_s):
            reader, writer = await asyncio.open_connection(
                pbx.host, pbx.port, ssl=ssl.create_default_context() if pbx.tls else None
            )
    except ssl.SSLCertVerificationError as error:
        return _shut(fault("tls_certificate", subject, address=address, reason=error.verify_message))
    except ssl.SSLError as error:
        return _shut(fault("tls_failed", subject, address=address, reason=error.reason or str(error)))
    except TimeoutError:
        return _shut(fault("door_silent", subject, address=address, seconds=f"{limit_s:g}"))
    except ConnectionRefusedError:
        enabled = Change(file="manager.conf", lines=("[general]", "enabled = yes", f"port = {pbx.port}"))
        return _shut(fault("door_closed", subject, address=address, change=enabled))
    except (OSError, UnicodeError) as error:
        return _shut(fault("door_unreachable", subject, address=address, reason=str(error)))
    our_address = str(writer.get_extra_info("sockname")[0])
    try:
        async with asyncio.timeout(limit_s):
            said = await reader.readline()
    except (TimeoutError, OSError, ValueError):  # ValueError: a line that does not end
        said = b""
    finally:
        writer.transport.abort()
    return Door(our_address=our_address, wrong=_read(said, subject, address, tls=pbx.tls))


def _shut(wrong: Observation) -> Door:
    return Door(our_address=None, wrong=wrong)


def _read(said: bytes, subject: str, address: str, *, tls: bool) -> Observation | None:
    if said.startswith(BANNER):
        return None
    if not said:
        return fault("says_nothing", subject, address=address, tls="true" if not tls else "false")
    return fault("no_manager", subject, address=address, said=repr(said[:40].decode("ascii", "replace")))

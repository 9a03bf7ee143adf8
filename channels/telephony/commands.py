"""What a person may have Asterisk do: ring two phones together, hang up, decline, pause.

Everything that could reach a dial string is built here from parts that are
checked one by one against what they may be, never cleaned: ``&`` rings a second
phone, ``${…}`` runs a function of the dialplan, a channel name in slashes is a
pattern that hangs up every call in the house. The context comes from the
settings only, and of applications only the harmless Echo is ever named.

A command has an expiry: a call that was asked for a minute ago is not placed now.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import phonenumbers

from channels.telephony.actions import Action, ActionRejected, is_plain
from channels.telephony.ami import AmiLink, AmiResponse
from channels.telephony.dialect import PbxDialect
from crm_core.domain.errors import NoOutboundContext, NumberNotDiallable, PbxUnavailable

DialFormat = Literal["e164", "digits", "national"]

#: Q.850: what the other side hears of us.
NORMAL_CLEARING = 16
CALL_REJECTED = 21

#: Asked and not done by then, it is not done at all; with the answer's own time this stays under a ring.
DEFAULT_EXPIRY = timedelta(seconds=10)
#: How long the agent's own phone rings for a click-to-call.
DEFAULT_RING = timedelta(seconds=30)

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_EXTENSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}/[A-Za-z0-9_.+*#:@/-]{1,79}")
_CHANNEL = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}/[A-Za-z0-9_.+*#:@/-]{1,99}(?:;[12])?")
_LONGEST_NAME = 40
_LONGEST_REASON = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One action, and the moment after which it must not be sent any more."""

    action: Action
    expires_at: datetime


async def send(link: AmiLink, command: Command, *, now: datetime) -> AmiResponse:
    """Say it once, or not at all when it is too late for it.

    Raises:
        PbxUnavailable: no link, no answer in time, or expired; only after an
            unanswered one it is uncertain whether it was done.
    """
    left = command.expires_at - now
    if left <= timedelta():
        raise PbxUnavailable("It took too long to reach the telephone system; nothing was done.")
    return await link.request(command.action, timeout=left)


def originate(
    dialect: PbxDialect,
    *,
    extension: str,
    number: str,
    channel_id: str,
    outbound_context: str | None,
    dial_format: DialFormat,
    country: str,
    now: datetime,
    caller_name: str = "",
    ring: timedelta = DEFAULT_RING,
    expiry: timedelta = DEFAULT_EXPIRY,
) -> Command:
    """Ring the agent's phone, then dial the client from it.

    ``channel_id`` becomes the Uniqueid and Linkedid of the call and the
    ActionID of its OriginateResponse. ``number`` is E.164. The agent's phone
    shows ``caller_name``; its number is the extension itself, so that the
    dialplan treats the call as one the agent dialled.

    Raises:
        NumberNotDiallable: the number is not E.164.
        ActionRejected: the extension, the id or the channel it makes is not what it may be.
        NoOutboundContext: the settings do not say where clients are dialled.
    """
    exten = dialled(number, dial_format=dial_format, country=country)
    if outbound_context is None:
        raise NoOutboundContext
    client = {"Context": outbound_context, "Exten": exten, "Priority": "1"}
    action = _ring(dialect, extension, client, channel_id=channel_id, caller_name=caller_name, ring=ring)
    return Command(action=action, expires_at=now + expiry)


def originate_echo(
    dialect: PbxDialect,
    *,
    extension: str,
    channel_id: str,
    now: datetime,
    caller_name: str = "",
    ring: timedelta = DEFAULT_RING,
    expiry: timedelta = DEFAULT_EXPIRY,
) -> Command:
    """Ring a phone and, when it is picked up, let it hear itself: a click-to-call that reaches nobody.

    Raises:
        ActionRejected: as :func:`originate`.
    """
    echo = {"Application": "Echo"}
    action = _ring(dialect, extension, echo, channel_id=channel_id, caller_name=caller_name, ring=ring)
    return Command(action=action, expires_at=now + expiry)


def _ring(
    dialect: PbxDialect,
    extension: str,
    then: Mapping[str, str],
    *,
    channel_id: str,
    caller_name: str,
    ring: timedelta,
) -> Action:
    """Ring our own phone, and put it through to ``then`` when it is picked up."""
    _check(extension, _EXTENSION, "extension")
    _check(channel_id, _ID, "channel id")
    channel = dialect.interface_for(extension)
    _check(channel, _INTERFACE, "channel")
    return {
        "Action": "Originate",
        "ActionID": channel_id,
        "Channel": channel,
        "ChannelId": channel_id,
        **then,
        "Async": "true",
        "Timeout": str(int(ring.total_seconds() * 1000)),
        "CallerID": f'"{_safe_name(caller_name)}" <{extension}>',
    }


def hang_up(
    channel: str, *, now: datetime, cause: int = NORMAL_CLEARING, expiry: timedelta = DEFAULT_EXPIRY
) -> Command:
    """End one channel; the rest of its call follows by the dialplan.

    Raises:
        ActionRejected: this is not the name of one channel.
    """
    _check(channel, _CHANNEL, "channel")
    return Command(action={"Action": "Hangup", "Channel": channel, "Cause": str(cause)}, expires_at=now + expiry)


def decline(channel: str, *, now: datetime, expiry: timedelta = DEFAULT_EXPIRY) -> Command:
    """Let a ringing phone say no, as its own button would; the queue goes on to the next.

    Raises:
        ActionRejected: this is not the name of one channel.
    """
    return hang_up(channel, now=now, cause=CALL_REJECTED, expiry=expiry)


def pause(
    interface: str,
    *,
    paused: bool,
    reason: str = "",
    now: datetime,
    queue: str | None = None,
    expiry: timedelta = DEFAULT_EXPIRY,
) -> Command:
    """Keep the queues (or one) from ringing a phone, or let them again; the reason stands in queue_log.

    Raises:
        ActionRejected: the device or the reason is not what it may be.
    """
    _check(interface, _INTERFACE, "interface")
    if len(reason) > _LONGEST_REASON or "|" in reason or not is_plain(reason):
        raise ActionRejected("This is not a reason for a pause.")  # "|" parts the fields of queue_log
    action = {"Action": "QueuePause", "Interface": interface, "Paused": "true" if paused else "false"}
    if reason:
        action["Reason"] = reason
    if queue is not None:
        action["Queue"] = queue
    return Command(action=action, expires_at=now + expiry)


def dialled(number: str, *, dial_format: DialFormat, country: str) -> str:
    """An E.164 number as the dialplan wants it: digits, and the plus in ``e164`` only.

    ``national`` is as a person in ``country`` would dial it: ``+77011234567``
    is ``87011234567`` in Kazakhstan and Russia, ``+49…`` is ``81049…``.

    Raises:
        NumberNotDiallable: the number is not E.164.
    """
    if _E164.fullmatch(number) is None:
        raise NumberNotDiallable
    match dial_format:
        case "e164":
            return number
        case "digits":
            return number.removeprefix("+")
        case "national":
            try:
                parsed = phonenumbers.parse(number)
            except phonenumbers.NumberParseException:
                raise NumberNotDiallable from None
            written = phonenumbers.format_out_of_country_calling_number(parsed, country)
            return "".join(character for character in written if character in "0123456789")


def _check(text: str, pattern: re.Pattern[str], what: str) -> None:
    if pattern.fullmatch(text) is None:
        raise ActionRejected(f"This {what} cannot be given to the telephone system.")


def _safe_name(name: str) -> str:
    """A display name: letters, digits and a little punctuation, for quoting, ``<>`` and ``${}`` mean things."""
    kept = "".join(character for character in name if character.isalnum() or character in " .,+-'")
    return " ".join(kept.split())[:_LONGEST_NAME]

"""The parts of the settings: one model a section, each field with what may stand in it.

A field's ``description`` finishes the sentence "allowed: …" in the message an
operator reads, so a setting cannot be added without saying what it takes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from config import checks

Line = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(checks.one_line)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$")]
Secret = Annotated[SecretStr, AfterValidator(checks.secret_line)]
Port = Annotated[int, Field(ge=1, le=65_535)]
CallRecords = Annotated[str, AfterValidator(checks.call_records)]
WebAddress = Annotated[str, AfterValidator(checks.web_address)]
Seconds = Annotated[float, Field(gt=0, le=86_400 * 30)]
Count = Annotated[int, Field(ge=1)]

_SHORT_NAME = "a short name of a-z, 0-9, - and _, unique in its list"
_ONE_LINE = "any text of one line"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpSettings(_Section):
    """Where the program listens."""

    host: Line = Field(default="127.0.0.1", description="an address of this machine; 0.0.0.0 means all of them")
    port: Port = Field(default=8080, description="a port, 1 to 65535")


class PbxSettings(_Section):
    """One Asterisk: its AMI, how its channels are named, where its records lie."""

    name: Slug = Field(description=_SHORT_NAME)
    host: Line = Field(description="a host name or an address")
    port: Port = Field(default=5038, description="a port, 1 to 65535")
    username: Line = Field(description="a user of manager.conf")
    secret: Secret = Field(description=_ONE_LINE)
    tls: bool = Field(default=False, description="true or false")
    trunk_prefixes: tuple[Line, ...] = Field(
        default=(), description='a list of beginnings of channel names, such as ["PJSIP/trunk"]'
    )
    extension_channel: Annotated[Line, AfterValidator(checks.extension_template)] = Field(
        default="PJSIP/{extension}", description="a channel name with {extension} in it, such as PJSIP/{extension}"
    )
    outbound_context: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$")] | None = Field(
        default=None, description="a context of the dialplan, such as from-internal"
    )
    dial_format: Literal["e164", "digits", "national"] = Field(default="e164", description="e164, digits or national")
    cdr_url: CallRecords | None = Field(
        default=None, repr=False, description="file:///….csv, postgresql://… or mysql://…"
    )
    cel_url: CallRecords | None = Field(
        default=None, repr=False, description="file:///….csv, postgresql://… or mysql://…"
    )
    queue_log: Path | None = Field(default=None, description="the path of Asterisk's queue_log file")
    recordings: Annotated[Line, AfterValidator(checks.recordings_place)] | None = Field(
        default=None, repr=False, description="a directory, or a base URL that begins with http:// or https://"
    )
    recorder_bytes: Annotated[int, Field(ge=2**20)] | None = Field(
        default=None, description="what a flight recorder beside the program may keep on disk, at least 1048576"
    )
    recorder_days: Annotated[float, Field(gt=0, le=3650)] | None = Field(
        default=None, description="how long it keeps it, in days"
    )
    demo: bool = Field(default=False, description="true or false")


class MailboxSettings(_Section):
    """One mail account that is read and answered from."""

    name: Slug = Field(description=_SHORT_NAME)
    address: Annotated[str, StringConstraints(pattern=r"^[^\s@<>\",;]+@[^\s@<>\",;]+$")] = Field(
        description="a mail address, such as sales@example.com"
    )
    imap_url: Annotated[SecretStr, AfterValidator(checks.imap_url)] = Field(
        description="imaps://user:password@host:port/INBOX, or imap:// with ?tls=starttls (none only to loopback)"
    )
    smtp_url: Annotated[SecretStr, AfterValidator(checks.smtp_url)] = Field(
        description="smtps://user:password@host:port, or smtp:// with ?tls=starttls (none only to loopback)"
    )
    queue: Line = Field(description="the name of the queue its mail goes to")
    sender_name: Line | None = Field(
        default=None, description="the name clients see beside the address; without it that of whoever writes"
    )
    sent_folder: Line = Field(
        default="auto",
        description="the folder that gets a copy of what is sent; auto: the one the server marks as \\Sent; off: none",
    )
    ask_read_receipts: bool = Field(default=False, description="true or false: whether clients are asked for receipts")
    opened_link: bool = Field(
        default=False,
        description="true or false: whether mails carry a picture that tells that they were opened; needs public_url",
    )
    trusted_authserv: Line | None = Field(
        default=None,
        description="the name under which your mail server writes Authentication-Results, such as mx.example.com",
    )


_TELEGRAM = "https://api.telegram.org"


class TelegramSettings(_Section):
    """One Telegram bot."""

    name: Slug = Field(description=_SHORT_NAME)
    token: Secret = Field(description="the token that BotFather gave")
    api_base: WebAddress = Field(default=_TELEGRAM, description="a URL that begins with http:// or https://")
    mode: Literal["polling", "webhook"] = Field(default="polling", description="polling or webhook")
    webhook_secret: Annotated[SecretStr, AfterValidator(checks.telegram_secret)] | None = Field(
        default=None, description="1 to 256 of A-Z, a-z, 0-9, _ and -; required when mode is webhook"
    )
    queue: Line = Field(description="the name of the queue its messages go to")
    hotline_queue: Line | None = Field(default=None, description="the name of the queue that /hotline calls")
    hotline_phone: Line | None = Field(default=None, description="the number that /hotline tells, as people dial it")

    @model_validator(mode="after")
    def _webhook_has_a_secret(self) -> Self:
        if self.mode == "webhook" and self.webhook_secret is None:
            raise ValueError("mode webhook needs webhook_secret: without it anybody could write messages")
        return self

    @property
    def needs_https(self) -> bool:
        """A Bot API server of one's own brings updates over plain HTTP as well."""
        return self.mode == "webhook" and self.api_base == _TELEGRAM


class WebchatSettings(_Section):
    """One site that carries the chat widget."""

    name: Slug = Field(description=_SHORT_NAME)
    site_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = Field(
        description="1 to 64 of A-Z, a-z, 0-9, _ and -, unique in its list"
    )
    origins: tuple[Annotated[str, AfterValidator(checks.site_origin)], ...] = Field(
        min_length=1, description='a list of origins of the site\'s pages, such as ["https://example.com"]'
    )
    identity_secret: Secret | None = Field(default=None, description=_ONE_LINE)
    queue: Line = Field(description="the name of the queue its chats go to")


class Limits(_Section):
    """How long the program waits, how often it looks and how much it holds, each under one name."""

    drain_s: Seconds = Field(default=20, description="seconds: from SIGTERM to the end of the program")
    ami_connect_s: Seconds = Field(default=5, description="seconds: for connecting and logging in to a PBX")
    ami_ping_s: Seconds = Field(default=5, description="seconds: between pings of a PBX")
    ami_answer_s: Seconds = Field(default=5, description="seconds: within which a PBX must answer")
    ami_reconnect_max_s: Seconds = Field(
        default=30, description="seconds: the longest pause between attempts to reconnect"
    )
    ami_inbox: Count = Field(default=20_000, description="events held in memory before they go to the spool on disk")
    ami_spool_bytes: Count = Field(default=256 * 1024 * 1024, description="bytes: the largest spool on disk")
    command_s: Seconds = Field(default=10, description="seconds: after which a command to a PBX is given up")
    presence_grace_s: Seconds = Field(default=10, description="seconds: without a desk before an agent counts as away")
    resume_window_s: Seconds = Field(default=86_400, description="seconds: how far back a desk may resume")
    resume_events: Count = Field(default=100_000, description="events: how far back a desk may resume")
    relay_poll_s: Seconds = Field(default=0.5, description="seconds: between looks at the outbox when nobody wakes us")
    slow_socket_events: Count = Field(default=4_096, description="events waiting for one browser before it is cut off")
    slow_socket_s: Seconds = Field(default=30, description="seconds: a browser may stay behind before it is cut off")
    chat_sockets: Count = Field(default=5_000, description="chats of visitors open at one node")
    chat_address_sockets: Count = Field(default=200, description="chats open from one address, such as an office")
    chat_file_bytes: Count = Field(default=10 * 1024 * 1024, description="bytes: the largest file of a visitor")
    session_s: Seconds = Field(default=43_200, description="seconds: a session lives without use")
    request_s: Seconds = Field(default=30, description="seconds: after which a request is given up")
    body_s: Seconds = Field(default=15, description="seconds: within which a request's body must have arrived")
    file_s: Seconds = Field(default=300, description="seconds: within which a file that is handed over must arrive")
    file_bytes: Annotated[int, Field(ge=1, le=25 * 1024 * 1024)] = Field(
        default=25 * 1024 * 1024, description="bytes: the largest file that is handed over, at most 26214400"
    )
    body_bytes: Count = Field(default=1024 * 1024, description="bytes: the largest body of a request")

"""What a single value must be like; each check returns the value or says in a few words what is wrong with it.

They are pydantic validators: a ``ValueError`` becomes part of the message that
:mod:`config.refusal` shows to the operator, so its words must never repeat the
value, which may hold a password.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from urllib.parse import SplitResult, parse_qs, urlsplit
from zoneinfo import available_timezones

import phonenumbers
from pydantic import SecretStr

#: What libpq allows in an address and our driver understands.
_DATABASE_PARAMETERS = frozenset({"host", "port", "sslmode", "target_session_attrs"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  (recognised, not listened on)


def one_line(text: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("line breaks and control characters are not allowed")
    return text


def comma_list(value: object) -> object:
    """``a, b`` of the environment as the list it is in a file."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def secret_line(secret: SecretStr) -> SecretStr:
    if not one_line(secret.get_secret_value()):
        raise ValueError("it is empty")
    return secret


def country(code: str) -> str:
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("there is no such country")
    return code


def extension_template(template: str) -> str:
    fields = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
    if fields != ["extension"]:
        raise ValueError("{extension} must stand in it once, and nothing else in braces")
    return template


def telegram_secret(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not 1 <= len(text) <= 256 or not set(text) <= {*string.ascii_letters, *string.digits, "_", "-"}:
        raise ValueError("Telegram does not accept it")
    return secret


def database_url(url: str) -> str:
    parts = _parsed(url, {"postgresql", "postgres"}, host_required=False)
    unknown = set(parse_qs(parts.query, keep_blank_values=True)) - _DATABASE_PARAMETERS
    if unknown:
        raise ValueError(f"unknown parameter {', '.join(sorted(unknown))}")
    if not parts.path.strip("/"):
        raise ValueError("it names no database")
    return url


def redis_url(url: str) -> str:
    _parsed(url, {"redis", "rediss"})
    return url


def call_records(url: str) -> str:
    """Where Asterisk's CDR or CEL can be read: a CSV file or a database.

    A file may say which columns it has, ``?columns=linkedid,uniqueid,…``, and where its dates are at home,
    ``?timezone=Asia/Almaty``; both are found out by themselves where the layout is a usual one.
    """
    if url.startswith("file:"):
        _check_csv(_parsed(url, {"file"}, host_required=False))
    elif url.startswith("postgresql:"):
        database_url(url)
    elif not _parsed(url, {"postgresql", "mysql"}).path.strip("/"):
        raise ValueError("it names no database")
    return url


def _check_csv(parts: SplitResult) -> None:
    if parts.netloc not in {"", "localhost"} or not parts.path.lower().endswith(".csv"):
        raise ValueError("it names no .csv file")
    options = parse_qs(parts.query, keep_blank_values=True)
    if set(options) - {"columns", "timezone"}:
        raise ValueError("its only parameters are columns and timezone")
    if "timezone" in options and options["timezone"][-1] not in available_timezones():
        raise ValueError("there is no such time zone")


def web_address(url: str) -> str:
    """An http(s) address to build on, without a slash at its end."""
    parts = _parsed(url, {"http", "https"})
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("no user, query or fragment is allowed")
    return url.rstrip("/")


def web_origin(origin: str) -> str:
    if urlsplit(web_address(origin)).path.strip("/"):
        raise ValueError("an origin has no path")
    return origin.rstrip("/").lower()


def site_origin(origin: str) -> str:
    """Of pages that carry the chat: encrypted, or on this very machine."""
    parts = urlsplit(found := web_origin(origin))
    host = parts.hostname or ""
    if parts.scheme != "https" and host not in _LOOPBACK and not host.endswith(".localhost"):
        raise ValueError("it must begin with https:// unless it is on loopback")
    return found


def is_for_this_machine(url: str) -> bool:
    """Nobody else can load what lies there; so is what the program listens on by itself."""
    host = urlsplit(url).hostname or ""
    return host in _LOOPBACK or host in _ANY_ADDRESS or host.endswith(".localhost") or not host


def recordings_place(place: str) -> str:
    """A directory, or where a web server keeps them; a user and password in it are that server's."""
    if "://" not in place:
        return place
    parts = _parsed(place, {"http", "https"})
    if parts.query or parts.fragment:
        raise ValueError("no query or fragment is allowed")
    return place.rstrip("/")


def imap_url(secret: SecretStr) -> SecretStr:
    parts = _mail_server(secret, {"imap", "imaps"})
    if parts.username is None or parts.password is None:
        raise ValueError("it names no user and password")
    return secret


def smtp_url(secret: SecretStr) -> SecretStr:
    _mail_server(secret, {"smtp", "smtps"})
    return secret


def _mail_server(secret: SecretStr, schemes: Iterable[str]) -> SplitResult:
    parts = _parsed(secret.get_secret_value(), schemes)
    parameters = parse_qs(parts.query, keep_blank_values=True)
    if set(parameters) - {"tls"}:
        raise ValueError("its only parameter is tls")
    tls = parameters.get("tls", [None])[-1]
    if tls is not None and (parts.scheme.endswith("s") or tls not in {"none", "starttls"}):
        raise ValueError("tls=none or tls=starttls goes with the plain scheme only")
    if tls == "none" and parts.hostname not in _LOOPBACK:
        raise ValueError("tls=none is for loopback only: the password would travel in the clear")
    return parts


def _parsed(url: str, schemes: Iterable[str], *, host_required: bool = True) -> SplitResult:
    parts = urlsplit(one_line(url))
    if parts.scheme not in schemes:
        raise ValueError(f"it must begin with {' or '.join(f'{scheme}://' for scheme in sorted(schemes))}")
    if host_required and not parts.hostname:
        raise ValueError("it names no host")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("its port is not 0 to 65535") from None
    return parts

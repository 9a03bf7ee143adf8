"""What an operator may set, checked before anything starts.

Settings come from ``perezvon.toml`` and from the environment (``PEREZVON_…``,
nested with ``__``); the environment wins. A wrong or unknown one stops the
start with a message that names it in both spellings, shows what was given
(never a secret) and says what is allowed.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from config import checks
from config.refusal import ENV_DELIMITER, ENV_PREFIX, SettingsError, complaints, did_you_mean, shown
from config.sections import (
    HttpSettings,
    Limits,
    MailboxSettings,
    PbxSettings,
    TelegramSettings,
    WebAddress,
    WebchatSettings,
)

__all__ = [
    "HttpSettings",
    "Limits",
    "MailboxSettings",
    "PbxSettings",
    "Settings",
    "SettingsError",
    "TelegramSettings",
    "WebchatSettings",
    "load_settings",
]

DEFAULT_FILE = "perezvon.toml"
#: Read by the test suite, not by the program.
NAMES_OF_THE_TESTS = frozenset({f"{ENV_PREFIX}REQUIRE_LABS", f"{ENV_PREFIX}CHROMIUM"})
PREFIX_OF_THE_TESTS = f"{ENV_PREFIX}TEST_"


class Settings(BaseSettings):
    """Everything an operator may set."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter=ENV_DELIMITER,
        extra="forbid",
        frozen=True,
    )

    database_url: Annotated[str, AfterValidator(checks.database_url)] | None = Field(
        default=None,
        repr=False,
        description="postgresql://user:password@host:port/database, perhaps with ?sslmode=require; "
        "without it Perezvon runs its own PostgreSQL",
    )
    data_dir: Path = Field(default=Path("var"), description="a directory that may be written to")
    http: HttpSettings = Field(default=HttpSettings(), description="a table with host and port")
    public_url: WebAddress = Field(
        default_factory=lambda given: _listening_url(given["http"]),
        description="the address browsers use: http:// or https://, a host, perhaps a port and a path",
    )
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(checks.comma_list)] = (
        Field(
            default=(), description="addresses or networks of reverse proxies, separated by commas, such as 10.0.0.0/8"
        )
    )
    redis_url: Annotated[str, AfterValidator(checks.redis_url)] | None = Field(
        default=None, repr=False, description="redis://host:port/0 or rediss://…"
    )
    locale: Literal["ru", "en"] = Field(default="ru", description="ru or en")
    timezone: ZoneInfo = Field(
        default=ZoneInfo("Asia/Almaty"), description="a name of the IANA time zone database, such as Asia/Almaty"
    )
    country: Annotated[str, AfterValidator(checks.country)] = Field(
        default="KZ", description="two letters of ISO 3166, such as KZ or RU: how numbers without a country are read"
    )
    pbx: tuple[PbxSettings, ...] = Field(default=(), description="an array of objects, or [[pbx]] tables")
    mailbox: tuple[MailboxSettings, ...] = Field(default=(), description="an array of objects, or [[mailbox]] tables")
    telegram: tuple[TelegramSettings, ...] = Field(
        default=(), description="an array of objects, or [[telegram]] tables"
    )
    webchat: tuple[WebchatSettings, ...] = Field(default=(), description="an array of objects, or [[webchat]] tables")
    limits: Limits = Field(default=Limits(), description="a table of numbers")

    @property
    def own_addresses(self) -> frozenset[str]:
        """Of all our mailboxes, in lower case."""
        return frozenset(mailbox.address.lower() for mailbox in self.mailbox)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is handed over: ``load_settings`` reads the file and the environment it was given."""
        return (init_settings,)

    @field_validator("pbx", "mailbox", "telegram", "webchat")
    @classmethod
    def _names_differ(cls, rows: tuple[_Named, ...]) -> tuple[_Named, ...]:
        _all_differ("name", [row.name for row in rows])
        return rows

    @field_validator("telegram")
    @classmethod
    def _webhooks_are_encrypted(
        cls, rows: tuple[TelegramSettings, ...], info: ValidationInfo
    ) -> tuple[TelegramSettings, ...]:
        public_url = info.data.get("public_url", "")
        for bot in rows:
            if bot.needs_https and not public_url.startswith("https://"):
                raise ValueError(
                    f"{bot.name} has mode webhook, and Telegram knocks only at https: "
                    f"public_url must begin with https://, it is {public_url or 'wrong'}"
                )
        return rows

    @field_validator("mailbox")
    @classmethod
    def _pictures_can_be_loaded(
        cls, rows: tuple[MailboxSettings, ...], info: ValidationInfo
    ) -> tuple[MailboxSettings, ...]:
        public_url = info.data.get("public_url", "")
        for mailbox in rows:
            if mailbox.opened_link and checks.is_for_this_machine(public_url):
                raise ValueError(
                    f"{mailbox.name} has opened_link, and clients load its picture from public_url: "
                    f"say there how the world reaches Perezvon, it is {public_url or 'wrong'}"
                )
        return rows

    @field_validator("webchat")
    @classmethod
    def _site_keys_differ(cls, rows: tuple[WebchatSettings, ...]) -> tuple[WebchatSettings, ...]:
        _all_differ("site_key", [row.site_key for row in rows])
        return rows


_Named = PbxSettings | MailboxSettings | TelegramSettings | WebchatSettings


def load_settings(config: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read ``config`` (default: ``perezvon.toml`` of the working directory, if there is one) and the environment.

    Raises:
        SettingsError: something in them is wrong or unknown.
    """
    known = list(_known_names(Settings, ENV_PREFIX))
    refused = list(_unknown_names(environ, known))
    ours = {name: environ[name] for name in known if name in environ}
    given = _merged(_read_file(config), _Environment(ours)())
    try:
        settings = Settings(**given)
    except ValidationError as error:
        refused.extend(complaints(Settings, error))
    if refused:
        # Not `from error`: a traceback would show the values that the sentences hide.
        raise SettingsError(refused) from None
    return settings


class _Environment(EnvSettingsSource):
    """pydantic-settings' reading of the environment, of the one we are given."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        # Compose files pass `NAME=` for what is not set.
        return {name.lower(): value for name, value in self._environ.items() if value}

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except json.JSONDecodeError as error:
            reason = f"{error.msg} at character {error.pos + 1}"
            name = f"{field_name} ({ENV_PREFIX}{field_name.upper()})"
            raise SettingsError(
                [f"{name} = {shown(field_name, value)} is no JSON: {reason}; allowed: {field.description}"]
            ) from None


def _read_file(config: Path | None) -> dict[str, Any]:
    path = config or Path(DEFAULT_FILE)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if config is None:
            return {}
        raise SettingsError([f"--config {config}: there is no such file"]) from None
    except OSError as error:
        raise SettingsError([f"{path} cannot be read: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path} is no TOML file: {error}"]) from None


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged key by key; anything else of ``over`` replaces what lies under it."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _unknown_names(environ: Mapping[str, str], known: Sequence[str]) -> Iterator[str]:
    unknown = [
        name
        for name in sorted(environ)
        if name.startswith(ENV_PREFIX)
        and name not in known
        and name not in NAMES_OF_THE_TESTS
        and not name.startswith(PREFIX_OF_THE_TESTS)
    ]
    for name in unknown:
        yield f"{name} = {shown(name, environ[name])} is not a setting{did_you_mean(name, known)}"
    if unknown:
        yield f"allowed: {', '.join(known)}"


def _known_names(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for key, field in model.model_fields.items():
        name = f"{prefix}{key.upper()}"
        yield name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _known_names(field.annotation, f"{name}{ENV_DELIMITER}")


def _all_differ(field: str, values: list[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"{field} {', '.join(twice)} stands there twice")


def _listening_url(http: HttpSettings) -> str:
    host = f"[{http.host}]" if ":" in http.host else http.host
    return f"http://{host}:{http.port}"

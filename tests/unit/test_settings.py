"""Settings: where they come from, and what an operator is told when one is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path

import pytest

from config.sections import PbxSettings
from config.settings import Settings, SettingsError, load_settings

PBX = {"name": "main", "host": "pbx.example", "port": 5038, "username": "perezvon", "secret": "s3cret"}
MAILBOX = {
    "name": "sales",
    "address": "sales@example.com",
    "imap_url": "imaps://sales%40example.com:s3cret@mail.example/INBOX",
    "smtp_url": "smtps://sales%40example.com:s3cret@mail.example",
    "queue": "sales",
}
TELEGRAM = {"name": "bot", "token": "123:s3cret", "queue": "sales"}
WEBCHAT = {"name": "site", "site_key": "pk_1", "origins": ["https://example.com"], "queue": "sales"}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a perezvon.toml."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def given(**environ: object) -> Settings:
    return load_settings(None, _environ(environ))


def refusal(**environ: object) -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings(None, _environ(environ))
    return str(refused.value)


def _environ(values: Mapping[str, object]) -> dict[str, str]:
    return {
        f"PEREZVON_{name}": value if isinstance(value, str) else json.dumps(value) for name, value in values.items()
    }


def test_nothing_need_be_set() -> None:
    settings = given()

    assert settings.database_url is None
    assert settings.data_dir == Path("var")
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    assert settings.public_url == "http://127.0.0.1:8080"
    assert (settings.locale, settings.timezone.key, settings.country) == ("ru", "Asia/Almaty", "KZ")
    assert settings.trusted_proxies == settings.pbx == settings.mailbox == settings.telegram == settings.webchat == ()
    assert settings.redis_url is None


def test_the_environment_says_it_all() -> None:
    settings = given(
        DATABASE_URL="postgresql://crm:pw@db.example/crm?sslmode=require",
        DATA_DIR="/srv/perezvon",
        HTTP__HOST="0.0.0.0",
        HTTP__PORT="80",
        PUBLIC_URL="https://crm.example/",
        TRUSTED_PROXIES="10.0.0.0/8, 192.0.2.1",
        REDIS_URL="redis://cache.example:6379/0",
        LOCALE="en",
        TIMEZONE="Europe/Moscow",
        COUNTRY="RU",
        LIMITS__DRAIN_S="5",
    )

    assert settings.public_url == "https://crm.example"
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("192.0.2.1"))
    assert settings.timezone.key == "Europe/Moscow"
    assert settings.limits.drain_s == 5


def test_a_pbx_has_the_defaults_of_the_contract() -> None:
    (pbx,) = given(PBX=[PBX]).pbx

    assert pbx.secret.get_secret_value() == "s3cret"
    assert (pbx.tls, pbx.trunk_prefixes, pbx.extension_channel) == (False, (), "PJSIP/{extension}")
    assert (pbx.dial_format, pbx.outbound_context, pbx.demo) == ("e164", None, False)
    assert pbx.cdr_url is pbx.cel_url is pbx.queue_log is pbx.recordings is None


def test_a_pbx_may_say_where_everything_is() -> None:
    (pbx,) = given(
        PBX=[
            PBX
            | {
                "tls": True,
                "trunk_prefixes": ["PJSIP/trunk"],
                "extension_channel": "SIP/{extension}",
                "outbound_context": "from-internal",
                "dial_format": "national",
                "cdr_url": "file:///var/log/asterisk/cdr-csv/Master.csv",
                "cel_url": "mysql://crm:pw@pbx.example/asteriskcdrdb",
                "queue_log": "/var/log/asterisk/queue_log",
                "recordings": "https://pbx.example/recordings/",
                "demo": True,
            }
        ]
    ).pbx

    assert pbx.trunk_prefixes == ("PJSIP/trunk",)
    assert pbx.queue_log == Path("/var/log/asterisk/queue_log")
    assert pbx.recordings == "https://pbx.example/recordings"


def test_a_web_server_of_recordings_may_want_a_password_which_is_never_shown() -> None:
    pbx = PbxSettings(
        name="main", host="pbx", username="crm", secret="s", recordings="https://crm:hush@pbx.example/monitor/"
    )

    assert pbx.recordings == "https://crm:hush@pbx.example/monitor"
    assert "hush" not in repr(pbx)


def test_the_file_of_the_working_directory_is_read_and_the_environment_wins(elsewhere: Path) -> None:
    (elsewhere / "perezvon.toml").write_text(
        """
        locale = "en"
        [http]
        host = "0.0.0.0"
        port = 80
        [[pbx]]
        name = "main"
        host = "pbx.example"
        username = "perezvon"
        secret = "s3cret"
        """
    )

    settings = given(HTTP__PORT="8081")

    assert (settings.http.host, settings.http.port) == ("0.0.0.0", 8081)
    assert settings.locale == "en"
    assert settings.pbx[0].port == 5038


def test_another_file_is_read_when_it_is_named(elsewhere: Path) -> None:
    (elsewhere / "perezvon.toml").write_text('locale = "en"')
    (elsewhere / "other.toml").write_text('country = "RU"')

    settings = load_settings(elsewhere / "other.toml", {})

    assert (settings.locale, settings.country) == ("ru", "RU")


def test_what_is_set_to_nothing_is_not_set() -> None:
    # Compose files pass `PEREZVON_REDIS_URL=` for a variable that nobody gave.
    settings = given(REDIS_URL="", DATA_DIR="", DATABASE_URL="", PBX="")

    assert settings == given()


def test_the_names_of_the_tests_are_passed_over() -> None:
    assert given(REQUIRE_LABS="1", CHROMIUM="/usr/bin/chromium", TEST_DATABASE_URL="x") == given()


def test_nothing_can_be_changed_later() -> None:
    settings = given(PBX=[PBX])

    with pytest.raises(ValueError, match="frozen"):
        settings.locale = "en"
    with pytest.raises(ValueError, match="frozen"):
        settings.pbx[0].port = 1


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("HTTP__PORT", "99999", ["http.port", "PEREZVON_HTTP__PORT", "99999", "1 to 65535"]),
        ("HTTP__PORT", "many", ["many", "1 to 65535"]),
        ("HTTP__HOST", "a\nb", ["http.host", "line breaks"]),
        ("LOCALE", "de", ["locale", "PEREZVON_LOCALE", "de", "ru or en"]),
        ("TIMEZONE", "Mars/Olympus", ["timezone", "Mars/Olympus", "Asia/Almaty"]),
        ("COUNTRY", "ZZ", ["country", "ZZ", "KZ or RU"]),
        ("COUNTRY", "kz", ["country", "kz", "KZ or RU"]),
        ("PUBLIC_URL", "crm.example", ["public_url", "crm.example", "http://"]),
        ("PUBLIC_URL", "https://crm.example/?a=1", ["no user, query or fragment"]),
        ("PUBLIC_URL", "http://crm.example:99999", ["port"]),
        ("DATABASE_URL", "mysql://db.example/crm", ["database_url", "mysql://db.example/crm", "postgresql://"]),
        ("DATABASE_URL", "postgresql://db.example", ["it names no database"]),
        ("DATABASE_URL", "postgresql://db.example/crm?pool=3", ["unknown parameter pool"]),
        ("REDIS_URL", "http://cache.example", ["redis_url", "redis://"]),
        ("REDIS_URL", "redis://", ["it names no host"]),
        ("TRUSTED_PROXIES", "10.0.0.0/8, proxy", ["trusted_proxies", "proxy", "10.0.0.0/8"]),
        ("LIMITS__DRAIN_S", "-1", ["limits.drain_s", "PEREZVON_LIMITS__DRAIN_S", "-1", "seconds"]),
        ("PBX", "[{", ["pbx", "PEREZVON_PBX", "at character 3", "an array of objects"]),
        ("PBX", '"main"', ["pbx", "an array of objects"]),
    ],
)
def test_a_wrong_setting_is_named_shown_and_explained(name: str, value: str, told: list[str]) -> None:
    message = refusal(**{name: value})

    for part in told:
        assert part in message


@pytest.mark.parametrize(
    ("section", "row", "told"),
    [
        ("PBX", PBX | {"name": "Main office"}, "pbx[0].name"),
        ("PBX", PBX | {"port": 0}, "pbx[0].port (PEREZVON_PBX[0].port) = 0 is wrong; allowed: a port, 1 to 65535"),
        ("PBX", PBX | {"username": "crm\r\nAction: Originate"}, "line breaks and control characters"),
        ("PBX", PBX | {"secret": "a\r\nb"}, "line breaks and control characters"),
        ("PBX", PBX | {"secret": ""}, "pbx[0].secret (PEREZVON_PBX[0].secret) = (hidden) is wrong: it is empty"),
        ("PBX", PBX | {"extension_channel": "PJSIP/1001"}, "{extension} must stand in it once"),
        ("PBX", PBX | {"extension_channel": "PJSIP/{extension}{0}"}, "nothing else in braces"),
        ("PBX", PBX | {"outbound_context": "from internal"}, "pbx[0].outbound_context"),
        ("PBX", PBX | {"dial_format": "full"}, "allowed: e164, digits or national"),
        ("PBX", PBX | {"cdr_url": "file:///var/log/cdr.db"}, "it names no .csv file"),
        ("PBX", PBX | {"cdr_url": "file:///x.csv?separator=;"}, "its only parameters are columns and timezone"),
        ("PBX", PBX | {"cdr_url": "file:///x.csv?timezone=Mars/Base"}, "there is no such time zone"),
        ("PBX", PBX | {"cdr_url": "file://pbx.example/x.csv"}, "it names no .csv file"),
        ("PBX", PBX | {"cdr_url": "mysql://crm:pw@pbx.example"}, "it names no database"),
        ("PBX", PBX | {"cel_url": "sqlite:///cel.db"}, "it must begin with mysql:// or postgresql://"),
        ("PBX", PBX | {"recordings": "ftp://pbx.example"}, "it must begin with http:// or https://"),
        ("PBX", PBX | {"prot": 1}, "did you mean port?; allowed: name, host, port"),
        ("PBX", {"name": "main"}, "pbx[0].host (PEREZVON_PBX[0].host) is missing; allowed: a host name"),
        ("MAILBOX", MAILBOX | {"address": "sales"}, "allowed: a mail address"),
        ("MAILBOX", MAILBOX | {"imap_url": "imaps://mail.example"}, "it names no user and password"),
        ("MAILBOX", MAILBOX | {"imap_url": "imap://u:p@mail.example?tls=none"}, "tls=none is for loopback only"),
        ("MAILBOX", MAILBOX | {"smtp_url": "smtp://mail.example?tls=maybe"}, "plain scheme only"),
        ("MAILBOX", MAILBOX | {"smtp_url": "smtps://mail.example?timeout=3"}, "its only parameter is tls"),
        ("MAILBOX", MAILBOX | {"opened_link": True}, "public_url: say there how the world reaches Perezvon"),
        ("TELEGRAM", TELEGRAM | {"mode": "webhook"}, "mode webhook needs webhook_secret"),
        ("TELEGRAM", TELEGRAM | {"mode": "webhook", "webhook_secret": "s"}, "public_url must begin with https://"),
        ("TELEGRAM", TELEGRAM | {"webhook_secret": "пароль"}, "Telegram does not accept it"),
        ("TELEGRAM", TELEGRAM | {"api_base": "telegram"}, "telegram[0].api_base"),
        ("WEBCHAT", WEBCHAT | {"origins": []}, "webchat[0].origins"),
        ("WEBCHAT", WEBCHAT | {"origins": ["https://example.com/chat"]}, "an origin has no path"),
        ("WEBCHAT", WEBCHAT | {"site_key": "a b"}, 'webchat[0].site_key (PEREZVON_WEBCHAT[0].site_key) = "a b"'),
    ],
)
def test_a_wrong_value_inside_a_section_is_found_by_its_place(section: str, row: dict[str, object], told: str) -> None:
    assert told in refusal(**{section: [row]})


def test_plain_mail_on_loopback_needs_no_encryption() -> None:
    (mailbox,) = given(MAILBOX=[MAILBOX | {"imap_url": "imap://u:p@127.0.0.1:10143/INBOX?tls=none"}]).mailbox

    assert mailbox.imap_url.get_secret_value().endswith("tls=none")


@pytest.mark.parametrize("public_url", ["http://0.0.0.0:8080", "https://localhost", "http://[::1]:8080"])
def test_a_picture_in_mails_that_nobody_could_load_is_refused(public_url: str) -> None:
    asked = MAILBOX | {"opened_link": True}

    assert f"it is {public_url}" in refusal(MAILBOX=[asked], PUBLIC_URL=public_url)
    assert given(MAILBOX=[asked], PUBLIC_URL="https://crm.example").mailbox[0].opened_link
    assert not given(MAILBOX=[MAILBOX]).mailbox[0].opened_link


@pytest.mark.parametrize(("section", "row"), [("PBX", PBX), ("MAILBOX", MAILBOX), ("TELEGRAM", TELEGRAM)])
def test_two_of_a_kind_need_different_names(section: str, row: dict[str, object]) -> None:
    assert "stands there twice" in refusal(**{section: [row, row]})


def test_two_sites_need_different_keys() -> None:
    assert "site_key pk_1 stands there twice" in refusal(WEBCHAT=[WEBCHAT, WEBCHAT | {"name": "other"}])


@pytest.mark.parametrize(
    ("name", "meant"),
    [("HTTP_PORT", "HTTP__PORT"), ("HTTP__PROT", "HTTP__PORT"), ("DATABSE_URL", "DATABASE_URL"), ("LANG", "")],
)
def test_an_unknown_name_in_the_environment_stops_the_start(name: str, meant: str) -> None:
    message = refusal(**{name: "17"})

    assert f'PEREZVON_{name} = "17" is not a setting' in message
    assert f"did you mean PEREZVON_{meant}?" in message or not meant
    assert "PEREZVON_TIMEZONE" in message  # what is allowed


def test_an_unknown_key_in_the_file_stops_the_start(elsewhere: Path) -> None:
    (elsewhere / "perezvon.toml").write_text('[http]\nprot = 80\n\n[mailboxes]\nname = "sales"\n')

    message = refusal()

    assert "http.prot (PEREZVON_HTTP__PROT) = 80 is not a setting; did you mean port?" in message
    assert "mailboxes (PEREZVON_MAILBOXES)" in message
    assert "did you mean mailbox?" in message


def test_all_that_is_wrong_is_said_at_once() -> None:
    message = refusal(LOCALE="de", COUNTRY="ZZ", HTTP__PORT="0", HTTP_PORT="1")

    assert [line.split()[0] for line in message.splitlines()] == [
        "PEREZVON_HTTP_PORT",
        "allowed:",
        "http.port",
        "locale",
        "country",
    ]


@pytest.mark.parametrize(
    "environ",
    [
        {"DATABASE_URL": "mysql://crm:s3cret@db.example/crm"},
        {"DATABASE_URL": "crm:s3cret@db.example/crm"},
        {"DATABASE_URL": "postgresql://db.example/crm?password=s3cret"},
        {"REDIS_URL": "rediss://:s3cret@"},
        {"PBX": [PBX | {"name": "A B", "secret": "s3cret\n"}]},
        {"PBX": [PBX | {"secrte": "s3cret"}]},
        {"PBX": [PBX | {"password": "s3cret"}]},
        {"PBX": [PBX | {"cdr_url": "oracle://crm:s3cret@db.example/x"}]},
        {"PBX": [PBX, PBX]},
        {"PBX": '[{"secret": "s3cret"'},
        {"PBX__0__SECRET": "s3cret"},
        {"MAILBOX": [MAILBOX | {"imap_url": "pop3://u:s3cret@mail.example"}]},
        {"TELEGRAM": [TELEGRAM | {"mode": "webhook"}]},
        {"TELEGRAM_TOKEN": "s3cret"},
    ],
)
def test_a_secret_never_reaches_the_message(environ: dict[str, object]) -> None:
    assert "s3cret" not in refusal(**environ)


def test_a_secret_never_reaches_a_log_of_the_settings() -> None:
    settings = given(
        DATABASE_URL="postgresql://crm:s3cret@db.example/crm",
        REDIS_URL="redis://:s3cret@cache.example",
        PBX=[PBX | {"cdr_url": "mysql://crm:s3cret@pbx.example/cdr"}],
        MAILBOX=[MAILBOX],
        PUBLIC_URL="https://crm.example",
        TELEGRAM=[TELEGRAM | {"mode": "webhook", "webhook_secret": "s3cret"}],
        WEBCHAT=[WEBCHAT | {"identity_secret": "s3cret"}],
    )

    assert "s3cret" not in repr(settings)


def test_a_file_that_is_named_must_be_there(elsewhere: Path) -> None:
    with pytest.raises(SettingsError, match=r"missing.toml: there is no such file"):
        load_settings(elsewhere / "missing.toml", {})


def test_a_file_that_is_no_toml_is_said_with_its_line(elsewhere: Path) -> None:
    (elsewhere / "perezvon.toml").write_text('locale = "ru"\nport 80\n')

    assert "perezvon.toml is no TOML file" in refusal()
    assert "line 2" in refusal()


def test_a_file_that_cannot_be_read_is_said(elsewhere: Path) -> None:
    (elsewhere / "perezvon.toml").mkdir()

    assert "perezvon.toml cannot be read" in refusal()

"""The mails of ``tests/fixtures/mail``."""

from __future__ import annotations

from pathlib import Path

from channels.email.message import Mail
from channels.email.mime import read

FOLDER = Path(__file__).parents[2] / "fixtures" / "mail"
NAMES = sorted(path.stem for path in FOLDER.glob("*.eml"))


def raw(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def mail(name: str) -> Mail:
    found = read(raw(name))
    assert isinstance(found, Mail), found
    return found

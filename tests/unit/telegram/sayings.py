"""Messages of ours as the database gives them to whoever says them."""

from __future__ import annotations

from uuid import uuid4

from crm_core.store.messages import SaidFile, Saying
from tests.builders import NOON


def pdf(name: str, data: bytes = b"x") -> SaidFile:
    return SaidFile(name=name, type="application/pdf", data=data)


def saying(body: str, *files: SaidFile) -> Saying:
    """A message of ours to a person in Telegram, before any of it has left."""
    return Saying(
        id=uuid4(),
        interaction_id=uuid4(),
        external_id="1",
        thread="7001",
        client_address="7001",
        our_address=None,
        author_name=None,
        to=("7001",),
        cc=(),
        subject=None,
        body=body,
        answers=None,
        at=NOON,
        files=files,
    )

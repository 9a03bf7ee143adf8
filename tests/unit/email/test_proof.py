"""A sender is proven only by the words of our own server, and only for the domain they write from."""

from __future__ import annotations

import pytest

from channels.email.head import head_of
from channels.email.proof import is_proven


def proven(*results: str, trusted: str | None = "mx.agency.example", froms: int = 1) -> bool:
    headers = {"from": ["Anna <Anna@Client.example>"] * froms, "authentication-results": list(results)}
    return is_proven(head_of(headers), trusted)


@pytest.mark.parametrize(
    "result",
    [
        "mx.agency.example; dmarc=pass header.from=client.example",
        "mx.agency.example 1; spf=pass smtp.mailfrom=a@b.example;\r\n dmarc=pass (p=REJECT) header.from=Client.example",
        "MX.agency.example; dkim=pass header.d=client.example header.s=k1",
        "mx.agency.example; dkim=fail header.d=x.example; dkim=pass header.i=@client.example",
    ],
)
def test_our_server_proves(result: str) -> None:
    assert proven(result)
    assert not proven(result, trusted=None)


@pytest.mark.parametrize(
    "results",
    [
        [],
        ["mx.agency.example; none"],
        ["mx.evil.example; dmarc=pass header.from=client.example"],
        ["mx.agency.example.evil.example; dmarc=pass header.from=client.example"],
        ["mx.agency.example; dmarc=fail header.from=client.example"],
        ["mx.agency.example; dmarc=pass header.from=evil.example"],
        ["mx.agency.example; dkim=pass header.d=evil.example"],
        ["mx.agency.example; spf=pass smtp.mailfrom=anna@client.example"],
        ["mx.agency.example; dkim=fail (dmarc=pass header.from=client.example) header.d=client.example"],
        [
            "mx.agency.example; dmarc=fail header.from=client.example",
            "mx.agency.example; dmarc=pass header.from=client.example",
        ],
    ],
)
def test_nothing_else_does(results: list[str]) -> None:
    assert not proven(*results)


def test_two_senders_are_none() -> None:
    assert not proven("mx.agency.example; dmarc=pass header.from=client.example", froms=2)

"""Whose voices a recording holds is told by who met on the recorded channel."""

from __future__ import annotations

import pytest

from tests.unit.telephony.exchange import Exchange, Line


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


def records(exchange: Exchange, line: Line, file: str) -> None:
    exchange.say("VarSet", Variable="MIXMONITOR_FILENAME", Value=file, **line.headers())


def handed_on(exchange: Exchange, *, recorded: str) -> tuple[Line, Line, Line]:
    """Anna consults Boris, one of whose channels is recorded, and gives him the client: who has the client, and how."""
    client, anna = exchange.queue_call_answered("1001")
    records(exchange, client, "client.wav")
    exchange.holds(anna)
    aside = exchange.agent_dials("1001", "1002")
    boris = exchange.dial(aside, "PJSIP/1002")
    records(exchange, {"asking": aside, "asked": boris}[recorded], "aside.wav")
    exchange.passes(1)
    exchange.answers(aside, boris)
    exchange.enters("b2", boris, aside)
    exchange.passes(4)
    for line in (aside, boris):
        line.linkedid = client.linkedid
    exchange.leaves("b1", anna)
    exchange.leaves("b2", aside)
    exchange.enters("b2", client)
    exchange.passes(6)
    return client, aside, boris


def heard(exchange: Exchange, client: Line) -> dict[str, tuple[str, ...] | None]:
    return {one.name: one.consultation for one in exchange.call(client).recordings}


def test_a_consultation_holds_the_voices_of_colleagues_alone(exchange: Exchange) -> None:
    client, aside, boris = handed_on(exchange, recorded="asking")

    assert heard(exchange, client) == {
        "client.wav": None,
        "aside.wav": tuple(sorted((aside.uniqueid, boris.uniqueid))),
    }


def test_a_recorder_on_the_colleagues_own_channel_goes_on_with_the_client(exchange: Exchange) -> None:
    client, _, _ = handed_on(exchange, recorded="asked")

    assert heard(exchange, client) == {"client.wav": None, "aside.wav": None}


def test_every_piece_of_a_talk_is_told_in_its_order(exchange: Exchange) -> None:
    client, anna = exchange.queue_call_answered("1001")
    records(exchange, client, "first.wav")
    exchange.passes(5)
    records(exchange, client, "second.wav")
    exchange.client_hangs_up(client, anna)

    assert [one.file for one in exchange.call(client).recordings] == ["first.wav", "second.wav"]

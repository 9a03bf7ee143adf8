"""The laboratory's telephone speaks SIP as RFC 3261 has it where a busy machine makes the PBX repeat itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from tests.lab.sip import SipMessage, new_branch
from tests.lab.softphone import SoftPhone

HOST, PBX = "127.0.0.1", "127.0.0.2"


@dataclass
class Wire(asyncio.DatagramTransport):
    """What the phone said to the PBX."""

    said: list[SipMessage] = field(default_factory=list)

    def sendto(self, data: bytes, addr: object = None) -> None:
        self.said.append(SipMessage.parse(data))


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def phone(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> SoftPhone:
    phone = SoftPhone("1008", HOST, PBX)
    monkeypatch.setattr(phone, "_transport", wire, raising=False)
    return phone


def asked(method: str, number: int) -> bytes:
    return SipMessage(
        f"{method} sip:1008@{HOST} SIP/2.0",
        (
            ("Via", f"SIP/2.0/UDP {PBX}:5060;branch={new_branch()}"),
            ("From", f"<sip:+77010000105@{PBX}>;tag=pbx"),
            ("To", f"<sip:1008@{HOST}>"),
            ("Call-ID", "one-call"),
            ("CSeq", f"{number} {method}"),
            ("Contact", f"<sip:pbx@{PBX}>"),
        ),
    ).encode()


async def test_a_call_offered_again_before_it_is_answered_goes_on_ringing(phone: SoftPhone, wire: Wire) -> None:
    offer = asked("INVITE", 1)

    phone.datagram_received(offer, (PBX, 5060))
    phone.datagram_received(offer, (PBX, 5060))

    assert [message.status for message in wire.said] == [180, 180]
    assert len(phone.calls) == 1


async def test_a_call_offered_again_after_it_was_refused_is_refused_again(phone: SoftPhone, wire: Wire) -> None:
    offer = asked("INVITE", 1)
    phone.datagram_received(offer, (PBX, 5060))
    (await phone.ringing()).refuse(486)

    phone.datagram_received(offer, (PBX, 5060))

    assert [message.status for message in wire.said] == [180, 486, 486]


async def test_a_second_goodbye_gets_the_same_answer_as_the_first(phone: SoftPhone, wire: Wire) -> None:
    phone.datagram_received(asked("INVITE", 1), (PBX, 5060))
    goodbye = asked("BYE", 2)

    phone.datagram_received(goodbye, (PBX, 5060))
    phone.datagram_received(goodbye, (PBX, 5060))

    assert [message.status for message in wire.said] == [180, 200, 200]

"""The voice on a laboratory call: a quiet tone in A-law, twenty milliseconds a packet.

Enough for Asterisk to have something to record, and for a test to know whether
anything came back.
"""

from __future__ import annotations

import asyncio
import math
import re
import secrets
import struct
from itertools import count
from typing import Self

A_LAW = 8  # payload type of G.711 A-law
_SAMPLES_PER_PACKET = 160
_PACKET_S = 0.02


def alaw(sample: int) -> int:
    """One 16-bit linear sample as G.711 A-law."""
    sign, magnitude = (0x80, sample) if sample >= 0 else (0x00, -sample - 1)
    exponent = max(magnitude.bit_length() - 8, 0)
    mantissa = (magnitude >> (exponent + 3 if exponent else 4)) & 0x0F
    return (sign | exponent << 4 | mantissa) ^ 0x55


def tone(frequency_hz: int, duration_s: float) -> bytes:
    """A sine of a quarter of full scale, 8,000 A-law samples a second."""
    step = 2 * math.pi * frequency_hz / 8000
    return bytes(alaw(round(8000 * math.sin(step * i))) for i in range(round(8000 * duration_s)))


_SECOND = tone(425, 1.0)


class Voice(asyncio.DatagramProtocol):
    """One end of a call's audio."""

    def __init__(self) -> None:
        self._talking: asyncio.Task[None] | None = None
        self.packets = 0  # that have come from the other end
        self._more = asyncio.Event()

    @classmethod
    async def open(cls, host: str) -> Self:
        transport, voice = await asyncio.get_running_loop().create_datagram_endpoint(cls, (host, 0))
        voice._transport = transport
        return voice

    def offer(self, direction: str) -> str:
        """The SDP that describes this end; ``direction`` is sendrecv, or sendonly on hold."""
        host, port = self._transport.get_extra_info("sockname")
        return (
            f"v=0\r\no=- {port} {secrets.randbelow(1 << 31)} IN IP4 {host}\r\ns=-\r\n"
            f"c=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP {A_LAW}\r\n"
            f"a=rtpmap:{A_LAW} PCMA/8000\r\na={direction}\r\n"
        )

    def talk_to(self, sdp: str) -> None:
        """Begin to send the tone to where the other end's description says."""
        host, port = re.search(r"^c=IN IP4 (\S+)", sdp, re.MULTILINE), re.search(r"^m=audio (\d+)", sdp, re.MULTILINE)
        if host is None or port is None:
            raise ValueError("the other end offers no audio")
        self._talking = asyncio.create_task(self._talk((host.group(1), int(port.group(1)))))

    async def heard(self, packets: int) -> None:
        """Wait until that many more packets have come from the other end."""
        enough = self.packets + packets
        while self.packets < enough:
            self._more.clear()
            await self._more.wait()

    def close(self) -> None:
        if self._talking is not None:
            self._talking.cancel()
        self._transport.close()

    async def _talk(self, to: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        source, begun = secrets.randbits(32), loop.time()
        for number in count():
            at = number * _SAMPLES_PER_PACKET
            header = struct.pack("!BBHII", 0x80, A_LAW, number & 0xFFFF, at & 0xFFFFFFFF, source)
            self._transport.sendto(header + _SECOND[at % 8000 : at % 8000 + _SAMPLES_PER_PACKET], to)
            await asyncio.sleep(begun + (number + 1) * _PACKET_S - loop.time())

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.packets += 1
        self._more.set()

    _transport: asyncio.DatagramTransport

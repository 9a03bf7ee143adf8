"""A telephone a test can hold in its hand.

SIPp plays scripts; a person decides at the moment. This user agent answers,
refuses, holds, transfers and hangs up exactly when the test says so, sends a
tone while it talks, and remembers what happened and when, which is the SIP
side's truth about the call. It speaks as much SIP as a desk phone next to its
PBX needs, over UDP on loopback: no registration, no authentication. The PBX asks
again what is not answered within half a second, as happens on a busy machine.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TypeVar

from tests.lab.exchange import SIP_PORT
from tests.lab.rtp import Voice
from tests.lab.sip import SipMessage, new_branch, new_tag, tag_of, uri_of, user_of
from tests.lab.truth import EndedBy, Side

Answer = TypeVar("Answer")

_ANSWER_TIMEOUT_S = 10.0
_KEY_S = 0.15
_REASONS = {
    180: "Ringing",
    200: "OK",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    603: "Decline",
}


class CallRefused(Exception):
    """The PBX refused; ``status`` is the final SIP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class PhoneCall:
    """One call on the phone: what can be done with it, and what became of it."""

    def __init__(self, phone: SoftPhone, call_id: str, *, local: str, remote: str, target: str) -> None:
        self.phone = phone
        self._call_id = call_id
        self._local, self._remote, self._target = local, remote, target
        self._cseq = itertools.count(1)
        self._invite: SipMessage | None = None
        self._answers: dict[tuple[int, str], asyncio.Queue[SipMessage]] = {}
        self._responses: dict[tuple[int, str], SipMessage] = {}  # the latest to each request of the PBX
        self._voice: Voice | None = None
        self._established = asyncio.Event()
        self._alerting = asyncio.Event()
        self._transferred = asyncio.Event()
        self._over = asyncio.Event()
        self.began_at = _now()
        self.rang_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.ended_by: EndedBy | None = None
        self.refused_with: int | None = None

    @property
    def number(self) -> str:
        """On the phone's display: who calls or, on a call dialled here, whom we called."""
        return user_of(self._remote)

    @property
    def name(self) -> str:
        quoted = re.match(r'"(.*)"\s*<', self._remote)
        return quoted.group(1) if quoted else ""

    @property
    def side(self) -> Side:
        """This phone's part so far."""
        return Side(
            party=self.phone.user,
            number=self.number,
            began_at=self.began_at,
            rang_at=self.rang_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at,
            ended_by=self.ended_by,
            refused_with=self.refused_with,
        )

    async def packets(self, count: int) -> None:
        """Wait until the other side's voice has come in ``count`` more packets of 20 ms."""
        assert self._voice is not None
        before = self._voice.packets
        try:
            await _soon(self._voice.heard(count))
        except TimeoutError as late:
            raise TimeoutError(f"{self._voice.packets - before} packets of {count}, {before} before them") from late

    async def answer(self) -> None:
        """Lift the handset; returns when the PBX has confirmed it."""
        self._voice = await Voice.open(self.phone.host)
        self.answered_at = _now()
        self._respond(self._invitation, 200, sdp=self._voice.offer("sendrecv"))
        self._voice.talk_to(self._invitation.body)
        await _soon(self._established.wait())

    def refuse(self, status: int) -> None:
        """486 busy, 603 decline, 480 do not disturb."""
        self._respond(self._invitation, status)
        self._end(EndedBy.PHONE, refused_with=status)

    async def hang_up(self) -> None:
        """Put the handset down; on a dialled call not answered yet, give up."""
        if self._over.is_set():
            return
        self._end(EndedBy.PHONE)
        if self._established.is_set():
            await self._ask("BYE")
        else:
            await self._cancel()

    async def hold(self) -> None:
        await self._renegotiate("sendonly")

    async def unhold(self) -> None:
        await self._renegotiate("sendrecv")

    async def press(self, digits: str) -> None:
        """Keys during the talk, for the PBX's feature codes."""
        for digit in digits:
            await self._ask("INFO", "application/dtmf-relay", f"Signal={digit}\r\nDuration=100\r\n")
            await asyncio.sleep(_KEY_S)  # the PBX plays each key for as long as it was pressed

    async def transfer_to(self, number: str) -> None:
        """Blind transfer by REFER: with the PBX's consent this phone is out of the call.

        The PBX says BYE only when it knows what became of the transfer.
        """
        await self._refer(f"<sip:{number}@{self.phone.pbx}>")
        self._end(EndedBy.PHONE)

    async def join_to(self, consultation: PhoneCall) -> None:
        """Attended transfer: connect this call's party with the other call's (REFER with Replaces)."""
        replaces = (
            f"{consultation._call_id}%3Bto-tag%3D{tag_of(consultation._remote)}"
            f"%3Bfrom-tag%3D{tag_of(consultation._local)}"
        )
        await self._refer(f"<sip:{consultation.number}@{self.phone.pbx}?Replaces={replaces}>")
        await _soon(self._transferred.wait())
        await self.hang_up()  # the PBX leaves that to the phone, unlike after a blind transfer

    async def alerting(self, timeout_s: float = _ANSWER_TIMEOUT_S) -> None:
        """Wait until the other side of this dialled call rings."""
        async with asyncio.timeout(timeout_s):
            await self._alerting.wait()

    async def answered(self, timeout_s: float = _ANSWER_TIMEOUT_S) -> None:
        """Wait until the other side has answered this dialled call.

        Raises:
            CallRefused: it was refused or given up instead.
        """
        waits = [asyncio.ensure_future(event.wait()) for event in (self._established, self._over)]
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not self._established.is_set():
            raise CallRefused(self.refused_with or 487)

    async def ended(self, timeout_s: float = _ANSWER_TIMEOUT_S) -> None:
        """Wait until the call is over, whoever ended it."""
        async with asyncio.timeout(timeout_s):
            await self._over.wait()

    async def dial(self, caller_name: str | None = None) -> None:
        """Send the INVITE; ``answered`` and ``ended`` tell the rest."""
        self._voice = await Voice.open(self.phone.host)
        if caller_name is not None:
            self._local = f'"{caller_name}" {self._local}'
        self._invite = self._request("INVITE", next(self._cseq), body=self._voice.offer("sendrecv"))
        answers = self._expect(self._invite)
        self.phone.send(self._invite)
        self.phone.own(asyncio.create_task(self._follow(self._invite, answers)))

    def receive(self, message: SipMessage) -> None:
        """A message of the PBX that belongs to this call."""
        if message.status is not None:
            waiting = self._answers.get(message.transaction)
            if waiting is not None:
                waiting.put_nowait(message)
            return
        if (said := self._responses.get(message.transaction)) is not None:  # asked again: RFC 3261, 17.2.1
            self.phone.send(said)
            return
        match message.transaction[1]:
            case "INVITE" if self._invite is None:
                self._invite = message
                self.rang_at = _now()
                self._respond(message, 180)
            case "INVITE" if self._voice is not None:
                self._respond(message, 200, sdp=self._voice.offer("sendrecv"))
            case "ACK" if self.answered_at is not None:
                self._established.set()
            case "ACK":
                pass
            case "CANCEL":
                self._respond(message, 200)
                self._respond(self._invitation, 487)
                self._end(EndedBy.PBX)
            case "BYE":
                self._respond(message, 200)
                self._end(EndedBy.PBX)
            case method:
                self._respond(message, 200)
                if method == "NOTIFY" and message.body.startswith("SIP/2.0 200"):
                    self._transferred.set()

    async def _follow(self, invite: SipMessage, answers: asyncio.Queue[SipMessage]) -> None:
        while True:
            answer = await answers.get()
            status = answer.status or 0
            if status >= 200:
                break
            if status >= 180:
                self._remote = answer["To"]  # its tag names this call to a transfer that does not wait for the answer
                self.rang_at = self.rang_at or _now()
                self._alerting.set()

        self._remote = answer["To"]
        number, _ = invite.transaction
        if status >= 300:
            self.phone.send(self._request("ACK", number, branch_of=invite))
            self._end(EndedBy.PBX, refused_with=status)
            return
        self._target = uri_of(answer["Contact"])
        self.phone.send(self._request("ACK", number))
        if self._over.is_set():  # given up in the very moment it was answered
            await self._ask("BYE")
            return
        assert self._voice is not None
        self.answered_at = _now()
        self._voice.talk_to(answer.body)
        self._established.set()

    async def _cancel(self) -> None:
        invite = self._invitation
        cancel = self._request("CANCEL", invite.transaction[0], branch_of=invite)
        answers = self._expect(cancel)
        self.phone.send(cancel)
        await _soon(answers.get())

    async def _renegotiate(self, direction: str) -> None:
        assert self._voice is not None
        number = await self._ask("INVITE", "application/sdp", self._voice.offer(direction))
        self.phone.send(self._request("ACK", number))

    async def _refer(self, target: str) -> None:
        number = next(self._cseq)
        await self._final(self._request("REFER", number, extra=[("Refer-To", target)]))

    async def _ask(self, method: str, content_type: str = "", body: str = "") -> int:
        """Send a request inside the call and wait for its final answer; returns its number."""
        number = next(self._cseq)
        await self._final(self._request(method, number, content_type=content_type, body=body))
        return number

    async def _final(self, request: SipMessage) -> None:
        answers = self._expect(request)
        self.phone.send(request)
        status = 100
        while status < 200:
            status = (await _soon(answers.get())).status or 0
        if status >= 300:
            raise CallRefused(status)

    def _request(
        self,
        method: str,
        number: int,
        *,
        content_type: str = "application/sdp",
        body: str = "",
        extra: Iterable[tuple[str, str]] = (),
        branch_of: SipMessage | None = None,
    ) -> SipMessage:
        via = f"SIP/2.0/UDP {self.phone.host}:{SIP_PORT};branch={new_branch()}"
        return SipMessage(
            f"{method} {self._target} SIP/2.0",
            (
                ("Via", branch_of["Via"] if branch_of else via),
                ("Max-Forwards", "70"),
                ("From", self._local),
                ("To", self._remote),
                ("Call-ID", self._call_id),
                ("CSeq", f"{number} {method}"),
                ("Contact", self.phone.contact),
                *extra,
                *((("Content-Type", content_type),) if body else ()),
            ),
            body,
        )

    def _respond(self, request: SipMessage, status: int, *, sdp: str = "") -> None:
        response = SipMessage(
            f"SIP/2.0 {status} {_REASONS[status]}",
            (
                *(("Via", via) for via in request.every("Via")),
                ("From", request["From"]),
                ("To", request["To"] if tag_of(request["To"]) else self._local),
                ("Call-ID", self._call_id),
                ("CSeq", request["CSeq"]),
                ("Contact", self.phone.contact),
                *((("Content-Type", "application/sdp"),) if sdp else ()),
            ),
            sdp,
        )
        self._responses[request.transaction] = response
        self.phone.send(response)

    def _expect(self, request: SipMessage) -> asyncio.Queue[SipMessage]:
        return self._answers.setdefault(request.transaction, asyncio.Queue())

    def _end(self, by: EndedBy, *, refused_with: int | None = None) -> None:
        if self._over.is_set():
            return
        self.ended_at, self.ended_by, self.refused_with = _now(), by, refused_with
        if self._voice is not None:
            self._voice.close()
        self._over.set()

    @property
    def _invitation(self) -> SipMessage:
        assert self._invite is not None
        return self._invite


class SoftPhone(asyncio.DatagramProtocol):
    """A phone at ``host``, named ``user`` to the PBX; ``calls`` are all it ever had, in order."""

    def __init__(self, user: str, host: str, pbx: str) -> None:
        self.user, self.host, self.pbx = user, host, pbx
        self.calls: list[PhoneCall] = []
        self._by_id: dict[str, PhoneCall] = {}
        self._incoming: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = asyncio.Event()

    @property
    def contact(self) -> str:
        return f"<sip:{self.user}@{self.host}:{SIP_PORT}>"

    async def __aenter__(self) -> Self:
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, (self.host, SIP_PORT)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(call.hang_up() for call in self.calls if call.answered_at), return_exceptions=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._transport.close()
        await self._closed.wait()

    async def ringing(self, timeout_s: float = _ANSWER_TIMEOUT_S) -> PhoneCall:
        """The next call that rings here."""
        async with asyncio.timeout(timeout_s):
            return await self._incoming.get()

    async def dial(self, number: str, *, caller: str | None = None, caller_name: str | None = None) -> PhoneCall:
        """Call ``number``; a line to the outside may say who the ``caller`` is."""
        call = PhoneCall(
            self,
            secrets.token_hex(8),
            local=f"<sip:{caller or self.user}@{self.host}>;tag={new_tag()}",
            remote=f"<sip:{number}@{self.pbx}>",
            target=f"sip:{number}@{self.pbx}:{SIP_PORT}",
        )
        self._remember(call)
        await call.dial(caller_name)
        return call

    def send(self, message: SipMessage) -> None:
        self._transport.sendto(message.encode(), (self.pbx, SIP_PORT))

    def own(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = SipMessage.parse(data)
        call = self._by_id.get(message["Call-ID"])
        if call is None and message.status is None and message.transaction[1] == "INVITE":
            call = PhoneCall(
                self,
                message["Call-ID"],
                local=f"{message['To']};tag={new_tag()}",
                remote=message["From"],
                target=uri_of(message["Contact"]),
            )
            self._remember(call)
            self._incoming.put_nowait(call)
        if call is not None:
            call.receive(message)

    def _remember(self, call: PhoneCall) -> None:
        self.calls.append(call)
        self._by_id[call._call_id] = call

    _transport: asyncio.DatagramTransport


async def _soon(wait: Awaitable[Answer]) -> Answer:
    async with asyncio.timeout(_ANSWER_TIMEOUT_S):
        return await wait


def _now() -> datetime:
    return datetime.now(UTC)

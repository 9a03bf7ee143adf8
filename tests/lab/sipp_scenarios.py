"""The scripts SIPp plays: a caller from outside, and a party that is called.

A script is XML made of a few steps. Each step that matters to a test writes one
line to SIPp's log, ``word|Call-ID|who it is|the other number|time``, so that what
SIPp did and when can be compared with what Asterisk and Perezvon say happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

_REFUSALS = (403, 404, 480, 484, 486, 487, 488, 500, 502, 503, 603)
_REASONS = {404: "Not Found", 480: "Temporarily Unavailable", 486: "Busy Here", 503: "Service Unavailable"}
_REASONS[603] = "Decline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Rings ``after_s``, answers, and hangs up after ``talk_s``, or never by itself."""

    after_s: float = 1.0
    talk_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuses:
    """Refuses with a SIP status: 486 busy, 603 declined; rings before that only if ``after_s`` is given."""

    status: int
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class NeverAnswers:
    """Rings for as long as it is let."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwards:
    """Answers 302: whoever calls here should call ``to`` instead."""

    to: str


Manner = Answers | Refuses | NeverAnswers | Forwards


def caller_script(
    *,
    caller: str,
    caller_name: str | None,
    anonymous: bool,
    patience_s: float,
    talk_s: float | None,
    voice: str | None,
) -> str:
    """A client who calls, waits ``patience_s`` for an answer and then talks ``talk_s`` (None: until hung up on)."""
    return _scenario("caller", _caller_steps(caller, caller_name, anonymous, patience_s, talk_s, voice))


def called_script(manner: Manner, *, by_number: Mapping[str, Manner], voice: str | None) -> str:
    """A party that is called: ``by_number`` are exceptions by the last digits of the number dialled."""
    return _scenario("called", _called_steps(manner, by_number, voice))


def _scenario(name: str, steps: Iterator[str]) -> str:
    body = "\n".join(steps)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="{name}">\n{body}\n</scenario>\n'


def _caller_steps(
    caller: str,
    caller_name: str | None,
    anonymous: bool,
    patience_s: float,
    talk_s: float | None,
    voice: str | None,
) -> Iterator[str]:
    who = f'"{caller_name}" <sip:{caller}@[local_ip]>' if caller_name else f"<sip:{caller}@[local_ip]>"
    if anonymous:
        who = '"Anonymous" <sip:anonymous@anonymous.invalid>'
    via = "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK[call_number]x[pid]"
    fixed = f"From: {who};tag=[pid]x[call_number]\nCall-ID: [call_id]\nMax-Forwards: 70"
    called = "sip:[service]@[remote_ip]:[remote_port]"
    first = f"{via}invite\n{fixed}\nTo: <{called}>\n"
    contact = "Contact: <sip:caller@[local_ip]:[local_port]>"
    numbers = f"{caller}|[service]"
    privacy = "Privacy: id\n" if anonymous else ""

    yield _log("invited", numbers)
    yield _send(f"INVITE {called} SIP/2.0\n{first}CSeq: 1 INVITE\n{contact}\n{privacy}" + _SDP)
    waiting = f'timeout="{_ms(patience_s)}" ontimeout="give_up"'
    yield f'<recv response="100" optional="true" {waiting}/>'
    for ringing_or_forwarded in (180, 181, 183):
        yield f'<recv response="{ringing_or_forwarded}" optional="true" {waiting}/>'
    for status in _REFUSALS:
        note = _note(f"turned down {status}", numbers)
        yield f'<recv response="{status}" optional="true" next="refused" {waiting}>{note}</recv>'
    yield f'<recv response="200" rrs="true" {waiting}>{_note("answered", numbers)}</recv>'
    later = f"{fixed}\n[last_To:]\n"
    yield _send(f"ACK [next_url] SIP/2.0\n{via}ack\n{later}CSeq: 1 ACK\n{contact}\nContent-Length: 0\n")
    yield _talk(voice)
    hang_up = "" if talk_s is None else f' timeout="{_ms(talk_s)}" ontimeout="hang_up"'
    yield f'<recv request="BYE" next="hung_up_on"{hang_up}/>'

    yield '<label id="hang_up"/>'
    yield _log("ended by phone", numbers)
    yield _send(f"BYE [next_url] SIP/2.0\n{via}bye\n{later}CSeq: 2 BYE\nContent-Length: 0\n")
    yield '<recv response="200" next="over"/>'

    yield '<label id="hung_up_on"/>'
    yield _log("ended by pbx", numbers)
    yield _reply(200)
    yield '<nop next="over"/>'

    yield '<label id="give_up"/>'
    yield _log("ended by phone", numbers)
    yield _send(f"CANCEL {called} SIP/2.0\n{first}CSeq: 1 CANCEL\nContent-Length: 0\n")
    yield '<recv response="200"/>'
    yield '<recv response="487"/>'

    yield '<label id="refused"/>'
    yield _send(f"ACK {called} SIP/2.0\n{via}invite\n{later}CSeq: 1 ACK\nContent-Length: 0\n")
    yield '<label id="over"/>'


def _called_steps(manner: Manner, by_number: Mapping[str, Manner], voice: str | None) -> Iterator[str]:
    remembered = "".join(
        _remember(header, name) for header, name in (("From", "from"), ("To", "to"), ("Via", "via"), ("CSeq", "cseq"))
    )
    numbers = "".join(
        f'<ereg regexp="sip:([^@>]*)@" search_in="hdr" header="{header}:" assign_to="{name}header,{name}"/>'
        for header, name in (("From", "caller"), ("To", "called"))
    )
    yield f'<recv request="INVITE" rrs="true"><action>{remembered}{numbers}</action></recv>'
    yield '<Reference variables="callerheader,calledheader"/>'
    who = "[$called]|[$caller]"
    for place, digits in enumerate(by_number):
        yield (
            f'<nop><action><ereg regexp="{digits}@" search_in="var" variable="to" '
            f'assign_to="dialled{place}"/></action></nop>'
        )
        yield f'<nop next="manner{place}" test="dialled{place}"/>'
    yield from _manner("any", manner, who, voice)
    for place, exception in enumerate(by_number.values()):
        yield f'<label id="manner{place}"/>'
        yield from _manner(str(place), exception, who, voice)

    yield '<label id="cancelled"/>'
    yield _log("cancelled", who)
    yield _reply(200)
    yield _reply_to_invite(487, "Request Terminated")
    yield '<recv request="ACK" next="over"/>'

    yield '<label id="hung_up_on"/>'
    yield _log("ended by pbx", who)
    yield _reply(200)
    yield '<label id="over"/>'


def _manner(name: str, manner: Manner, who: str, voice: str | None) -> Iterator[str]:
    """The steps of one way to treat a call, from the INVITE on; leaves by a jump to a common ending."""
    match manner:
        case Refuses(status=status, after_s=after_s):
            if after_s:
                yield from _ring(name, who, after_s)
            yield _log(f"refused {status}", who)
            yield _reply_to_invite(status, _REASONS[status])
            yield '<recv request="ACK" next="over"/>'
        case Forwards(to=to):
            yield _log("refused 302", who)
            yield _reply_to_invite(302, "Moved Temporarily", contact=f"sip:{to}@[local_ip]")
            yield '<recv request="ACK" next="over"/>'
        case NeverAnswers():
            yield from _ring(name, who, None)
        case Answers(after_s=after_s, talk_s=talk_s):
            yield from _ring(name, who, after_s)
            yield _log("answered", who)
            yield _reply_to_invite(200, "OK", sdp=True)
            yield '<recv request="ACK"/>'
            yield _talk(voice)
            hang_up = "" if talk_s is None else f' timeout="{_ms(talk_s)}" ontimeout="hang_up{name}"'
            yield f'<recv request="BYE" next="hung_up_on"{hang_up}/>'
            yield f'<label id="hang_up{name}"/>'
            yield _log("ended by phone", who)
            yield _send(
                "BYE [next_url] SIP/2.0\n"
                "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK[call_number]x[pid]bye\n"
                "From: [$to];tag=[pid]x[call_number]\nTo: [$from]\nCall-ID: [call_id]\n"
                "CSeq: 1 BYE\nMax-Forwards: 70\nContent-Length: 0\n"
            )
            yield '<recv response="200" next="over"/>'


def _ring(name: str, who: str, for_s: float | None) -> Iterator[str]:
    yield _log("rang", who)
    yield _reply_to_invite(180, "Ringing")
    end = "" if for_s is None else f' timeout="{_ms(for_s)}" ontimeout="rung{name}"'
    yield f'<recv request="CANCEL" next="cancelled"{end}/>'
    if for_s is not None:
        yield f'<label id="rung{name}"/>'


def _reply(status: int) -> str:
    return _send(
        f"SIP/2.0 {status} OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n"
        "Content-Length: 0\n"
    )


def _reply_to_invite(
    status: int, reason: str, *, sdp: bool = False, contact: str = "sip:called@[local_ip]:[local_port]"
) -> str:
    return _send(
        f"SIP/2.0 {status} {reason}\nVia: [$via]\nFrom: [$from]\nTo: [$to];tag=[pid]x[call_number]\n"
        f"Call-ID: [call_id]\nCSeq: [$cseq]\nContact: <{contact}>\n" + (_SDP if sdp else "Content-Length: 0\n")
    )


_SDP = """\
Content-Type: application/sdp
Content-Length: [len]

v=0
o=sipp [pid] 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
a=sendrecv
"""


def _send(message: str) -> str:
    return f"<send><![CDATA[\n{message}\n]]></send>"


def _talk(voice: str | None) -> str:
    if voice is None:
        return ""
    return f"<nop><action><exec rtp_stream={quoteattr(voice + ',-1,8,PCMA/8000')}/></action></nop>"


def _log(word: str, who: str) -> str:
    return f"<nop>{_note(word, who)}</nop>"


def _note(word: str, who: str) -> str:
    """``who`` is the party this script plays and the other one, "party|number"."""
    return f'<action><log message="{word}|[call_id]|{who}|[timestamp]"/></action>'


def _remember(header: str, name: str) -> str:
    return f'<ereg regexp=".*" search_in="hdr" header="{header}:" assign_to="{name}"/>'


def _ms(seconds: float) -> int:
    return max(round(seconds * 1000), 1)

"""Mail that means harm ends in an honest result: read or parked, never an error, never out of bounds."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from channels.email.html import safe_html
from channels.email.message import Limits, Mail, Parked, ParkReason
from channels.email.mime import LIMITS, read
from channels.email.quotes import folded
from channels.email.tnef import unpacked
from tests.unit.email import corpus
from tests.unit.email.parcel import parcel

HEAD = b"From: Client <client@client.example>\r\nSubject: hello\r\nMessage-ID: <1@client.example>\r\n"


def parts(count: int) -> bytes:
    return (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * count
    )


def nested(depth: int) -> bytes:
    told = HEAD
    for number in range(depth):
        told += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (number, number)
    return told + b"\r\nhello\r\n"


@pytest.mark.parametrize(
    ("raw", "limits", "reason"),
    [
        (parts(10_000), LIMITS, ParkReason.TOO_MANY_PARTS),
        (nested(40), LIMITS, ParkReason.TOO_DEEP),
        (nested(3000), LIMITS, ParkReason.TOO_DEEP),
        (HEAD + b"\r\n" + b"x" * 2000, Limits(mail_bytes=1000), ParkReason.TOO_BIG),
        (nested(10) + b"line\r\n" * 1000, replace(LIMITS, comparisons=10_000), ParkReason.TOO_DEEP),
    ],
    ids=["10,000 parts", "40 deep", "3,000 deep", "too big", "many boundaries on many lines"],
)
def test_what_costs_too_much_is_parked_with_its_head(raw: bytes, limits: Limits, reason: ParkReason) -> None:
    parked = read(raw, limits)

    assert isinstance(parked, Parked)
    assert parked.reason is reason
    assert parked.head is not None
    assert (parked.head.subject, parked.head.message_id) == ("hello", "1@client.example")


def test_25_megabytes_of_files_are_read() -> None:
    lines = base64.encodebytes(bytes(range(57))) * (25 * 1024 * 1024 // 57)
    file = b"Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines

    found = read(HEAD + file)

    assert isinstance(found, Mail)
    assert found.attachments[0].data == bytes(range(57)) * (25 * 1024 * 1024 // 57)


def test_body_without_end_is_cut_and_says_so() -> None:
    found = read(HEAD + b"\r\n" + b"word " * 1000, replace(LIMITS, text_chars=100))

    assert isinstance(found, Mail)
    assert (len(found.text), found.defects) == (100, ("body cut",))


def test_parser_that_fails_parks_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: bytes) -> None:
        raise AssertionError("a fault of the parser")

    monkeypatch.setattr("channels.email.mime.message_from_bytes", fail)
    parked = read(corpus.raw("gmail_ru_reply"))

    assert isinstance(parked, Parked)
    assert (parked.reason, parked.detail) == (ParkReason.BROKEN, "AssertionError while reading")
    assert parked.head is not None


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "".join(f"<b a={number}>" for number in range(1500)) + "<section>x</section>" * 3000,
        "<div>" * 100_000 + "x",
        "<table><tr><td>" * 3000,
        "<a href=https://x.example>" * 3000,
        "<blockquote>" * 3000 + "x",
        "<!--" * 20_000,
        "<details>" * 3000,
    ],
    ids=["reopened tags", "deep", "tables", "links", "quotes", "comments", "details"],
)
def test_html_made_to_cost_is_shown_small_or_as_text(html: str) -> None:
    found = read(HEAD + b"Content-Type: text/html\r\n\r\n" + html.encode())

    assert isinstance(found, Mail)
    shown = safe_html(found.html or "", pictures={})
    assert shown is None or len(shown.html) < 2_000_000
    assert len(found.text) < 2_000_000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(corpus.NAMES),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.2), st.binary(max_size=8)), min_size=1, max_size=4),
)
def test_damaged_mail_never_raises(name: str, cuts: list[tuple[float, float, bytes]]) -> None:
    raw = corpus.raw(name)
    for at, length, instead in cuts:
        begin = int(at * len(raw))
        raw = raw[:begin] + instead + raw[begin + int(length * len(raw)) :]

    _is_storable(read(raw))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
@example(b"")
@example(b"\x00")
@example(b"Content-Type: multipart/mixed\n\n\n")
@example(b"Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\n")
def test_bytes_that_are_no_mail_never_raise(raw: bytes) -> None:
    _is_storable(read(raw))


def _is_storable(found: Mail | Parked) -> None:
    """By PostgreSQL, as UTF-8, in one line where it is one; and what was said is not multiplied."""
    if isinstance(found, Parked):
        return
    head = found.head
    lines = [head.subject, head.message_id or "", *(one.name + one.address for one in (*head.to, *head.cc))]
    lines += [attachment.name + attachment.type for attachment in found.attachments]
    assert not any(set(line) & set("\r\n\0") for line in lines)
    text = folded(found.text)
    shown = safe_html(found.html, pictures={}) if found.html is not None else None
    for stored in (*lines, found.text, found.html or "", text.own, text.quoted, shown.html if shown else ""):
        assert "\0" not in stored
        stored.encode()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_winmail_dat_never_raises(data: st.DataObject) -> None:
    whole = parcel({0x3707: "a.txt", 0x370E: "text/plain", 0x3701: b"file"}, body="text", html="<p>text</p>")
    cut = data.draw(st.integers(0, len(whole)))
    begin = data.draw(st.integers(6, len(whole)))
    damaged = whole[:begin] + data.draw(st.binary(max_size=6)) + whole[begin:]

    for told in (whole[:cut], damaged):
        found = unpacked(told)
        assert found is None or len(found.files) <= 2


def test_winmail_dat_that_cannot_be_opened_stays_a_file() -> None:
    found = read(HEAD + b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nnot TNEF at all")

    assert isinstance(found, Mail)
    assert [attachment.name for attachment in found.attachments] == ["winmail.dat"]
    assert found.defects == ("winmail.dat not understood",)

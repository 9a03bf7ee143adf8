"""Each mail of the corpus is read as its sender meant it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from channels.email.message import Automatic, DeliveryReport, Fate, ReadReceipt
from channels.email.quotes import folded
from tests.unit.email import corpus

OURS = "0195d4c0-1111-7000-8000-000000000001@agency.example"
AT = datetime(2026, 3, 2, 5, 11, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    sender: tuple[str, str] | None
    subject: str
    own: str  # begins with
    signature: str = ""
    quoted: bool = False
    files: tuple[str, ...] = ()
    automatic: Automatic | None = None
    answers_us: bool = False
    at: datetime | None = field(default=AT)


X = ("", "x@client.example")
SCRIPT = "<img src=x onerror=alert(1)>"
TOUR = "Re: Турция в июне"

MEANT = {
    "gmail_ru_reply": Meant(
        sender=("Айгерим Сулейменова", "aigerim@client.example"),
        subject=TOUR,
        own="Спасибо, берём! Паспорта пришлю вечером.",
        quoted=True,
        answers_us=True,
    ),
    "outlook_ru_reply": Meant(
        sender=("Пётр Кузнецов", "kuznetsov@romashka.example"),
        subject="RE: Турция в июне",
        own="Здравствуйте, Анна!\n\nПодтверждаем. Логотип во вложении.",
        signature="С уважением,\nПётр Кузнецов\nООО «Ромашка»",
        quoted=True,
        files=("image001.png",),
        answers_us=True,
    ),
    "iphone_ru_photo": Meant(
        sender=("Дина", "dina@client.example"),
        subject="Паспорта",
        own="Вот первая страница:\n\nА вторую пришлю завтра.",
        signature="Отправлено с iPhone",
        files=("Паспорт Дины.jpeg",),
    ),
    "yandex_ru_reply": Meant(
        sender=("Иван Петров", "ivan.petrov@yandex.example"),
        subject=TOUR,
        own="А есть первая линия?",
        quoted=True,
        answers_us=True,
    ),
    "mailru_reply": Meant(
        sender=("Светлана", "sveta@mail.example"),
        subject=TOUR,
        own="Да, согласна. Когда платить?",
        signature="-- \nСветлана",
        quoted=True,
        answers_us=True,
    ),
    "thunderbird_en_between": Meant(
        sender=("John Smith", "john@client.example"),
        subject="Re: Antalya in June",
        own="Sunrise, please, and if there is a room with a view of the sea then that one",
        signature="-- \nJohn Smith",
        quoted=True,
        answers_us=True,
    ),
    "gmail_de_reply": Meant(
        sender=("Jürgen Groß", "juergen@kunde.example"),
        subject="Re: Reise für zwei",
        own="Schöne Grüße, wir kommen gern über München.",
        quoted=True,
        answers_us=True,
    ),
    "koi8_undeclared": Meant(
        sender=("Старый Клиент", "old@client.example"),
        subject="Заявка на тур",
        own="Здравствуйте! Хотим на море в августе, двое взрослых.",
        at=AT.replace(second=0),
    ),
    "cp1251_called_latin1": Meant(
        sender=("Иван", "ivan@client.example"), subject="Турция в июне", own="Сколько стоит тур на двоих?"
    ),
    "kazakh_utf8": Meant(
        sender=("Әйгерім", "aigerim2@client.example"), subject="Сұрақ", own="Сәлеметсіз бе! Екі адамға тур керек."
    ),
    "encoded_words_cut": Meant(
        sender=("Жанна", "zh@client.example"), subject="Вопрос про страховку и трансфер из аэропорта", own="Сколько?"
    ),
    "forward_as_file": Meant(
        sender=("", "ivan@client.example"),
        subject="Fwd: booking",
        own="Посмотрите, что нам ответил отель.",
        files=("Ваша бронь.eml",),
    ),
    "forwarded_without_words": Meant(sender=X, subject="Fwd: tour", own="-------- Пересылаемое сообщение --------"),
    "outlook_winmail": Meant(
        sender=("Ольга", "olga@corp.example"),
        subject="Документы",
        own="Высылаю документы.",
        files=("Паспорт Ольги.pdf", "start.bat"),
    ),
    "bounce_postfix": Meant(
        sender=("Mail Delivery System", "MAILER-DAEMON@mail.agency.example"),
        subject="Undelivered Mail Returned to Sender",
        own="This is the mail system",
        automatic=Automatic.REPORT,
    ),
    "bounce_exim": Meant(
        sender=("Mail Delivery System", "Mailer-Daemon@mx.client.example"),
        subject="Mail delivery failed: returning message to sender",
        own="This message was created automatically",
        quoted=True,
        automatic=Automatic.REPORT,
    ),
    "bounce_qmail": Meant(
        sender=("", "MAILER-DAEMON@old.example"),
        subject="failure notice",
        own="Hi. This is the qmail-send program",
        automatic=Automatic.ROBOT,
    ),
    "delivered_report": Meant(
        sender=("Mail Delivery Subsystem", "postmaster@client.example"),
        subject="Successful Mail Delivery Report",
        own="Your message was successfully delivered.",
        automatic=Automatic.REPORT,
    ),
    "read_receipt": Meant(
        sender=("Клиент", "client@client.example"),
        subject="Прочтено: Турция в июне",
        own="Ваше письмо прочитано.",
        automatic=Automatic.REPORT,
        answers_us=True,
    ),
    "out_of_office": Meant(
        sender=("Boss", "boss@corp.example"),
        subject="Автоматический ответ: Турция в июне",
        own="Я в отпуске до 15 марта.",
        automatic=Automatic.REPLY,
        answers_us=True,
    ),
    "vacation_autoreply": Meant(
        sender=("", "lena@mail.example"),
        subject="Re: Турция",
        own="Здравствуйте! Ваше письмо получено.",
        automatic=Automatic.REPLY,
    ),
    "newsletter": Meant(
        sender=("Туроператор", "news@operator.example"),
        subject="🔥 Горящие туры",
        own="Горящие туры\n\nСмотреть все <https://operator.example/t?u=123>",  # without what is hidden in it
        automatic=Automatic.LIST,
    ),
    "invitation": Meant(
        sender=("Partner", "partner@hotel.example"),
        subject="Invitation: Workshop",
        own="Приглашаем на воркшоп.",
        files=("invitation.ics",),
    ),
    "file_names": Meant(
        sender=X,
        subject="files",
        own="five files",
        files=(
            "evil",
            "invoicefdp.exe",
            "договор.pdf",
            "x" * 196 + ".pdf",
            "_CON.pdf",
            "6-договор.pdf",
        ),
    ),
    "broken_headers": Meant(
        sender=("", "open@client.example"),
        subject="Т\N{REPLACEMENT CHARACTER}я bell",
        own="No colon here\n\nThe body still reads.",
        at=None,
    ),
    "cut_in_transit": Meant(sender=X, subject="cut", own="Привет, ко"),
    "no_boundary": Meant(sender=X, subject="no boundary", own="There are no parts here."),
    "empty_body": Meant(sender=X, subject="", own=""),
    "encrypted_pgp": Meant(sender=X, subject="...", own="", files=("file", "encrypted.asc")),
    "script_everywhere": Meant(
        sender=(SCRIPT, "x@client.example"),
        subject=f"</title><script>alert(1)</script>{SCRIPT}",
        own="text\n\nonetwothreefour\nc\ncell",
        files=("_img src=x onerror=alert(1)_.html",),
    ),
    "bulk_reply_to_other": Meant(sender=("Agent", "agent@partner.example"), subject="Price", own="Hello"),
}


def test_each_mail_of_the_corpus_has_its_meaning_told() -> None:
    assert sorted(MEANT) == corpus.NAMES


@pytest.mark.parametrize("name", MEANT)
def test_mail_is_read_as_it_was_meant(name: str) -> None:
    meant = MEANT[name]

    mail = corpus.mail(name)
    text = folded(mail.text)

    sender = mail.head.sender
    assert (sender and (sender.name, sender.address)) == meant.sender
    assert mail.head.subject == meant.subject
    assert text.own.startswith(meant.own)
    assert text.signature == meant.signature
    assert bool(text.quoted) == meant.quoted
    assert tuple(attachment.name for attachment in mail.attachments) == meant.files
    assert mail.head.automatic is meant.automatic
    assert mail.head.in_reply_to == ((OURS,) if meant.answers_us else ())
    assert mail.head.date == meant.at


@pytest.mark.parametrize(
    ("name", "address", "fate", "status"),
    [
        ("bounce_postfix", "nobody@client.example", Fate.FAILED, "5.1.1"),
        ("bounce_exim", "gone@client.example", Fate.FAILED, None),
        ("bounce_qmail", "someone@old.example", Fate.FAILED, "5.1.1"),
        ("delivered_report", "client@client.example", Fate.DELIVERED, "2.0.0"),
    ],
)
def test_report_says_what_became_of_which_mail(name: str, address: str, fate: Fate, status: str | None) -> None:
    report = corpus.mail(name).report

    assert isinstance(report, DeliveryReport)
    assert report.original_id == OURS
    assert [(one.address, one.fate, one.status) for one in report.recipients] == [(address, fate, status)]


def test_bounce_keeps_our_name_of_the_mail_and_the_other_servers_words() -> None:
    report = corpus.mail("bounce_postfix").report

    assert isinstance(report, DeliveryReport)
    assert report.envelope_id == "0195d4c0-1111-7000-8000-000000000001"
    assert report.recipients[0].diagnostic.endswith("User unknown")


def test_read_receipt_is_a_persons_word() -> None:
    assert corpus.mail("read_receipt").report == ReadReceipt(
        original_id=OURS, recipient="client@client.example", displayed=True, by_person=True
    )


def test_invitation_is_told_in_utc_and_as_written() -> None:
    invitation = corpus.mail("invitation").invitation

    assert invitation is not None
    assert (invitation.method, invitation.summary) == ("REQUEST", "Воркшоп отелей")
    assert invitation.location == "Алматы, пр. Абая 1"
    assert invitation.organizer == "partner@hotel.example"
    assert invitation.starts_at == datetime(2026, 3, 10, 10, tzinfo=UTC)
    assert invitation.starts == "2026-03-10T15:00:00+05:00"


def test_picture_of_the_body_can_be_found_by_its_content_id() -> None:
    (picture,) = corpus.mail("outlook_ru_reply").attachments

    assert picture.inline
    assert f"cid:{picture.content_id}" in (corpus.mail("outlook_ru_reply").html or "")


def test_files_of_winmail_dat_are_whole() -> None:
    passport, _ = corpus.mail("outlook_winmail").attachments

    assert (passport.type, passport.data) == ("application/pdf", b"%PDF-1.7 passport")


def test_encrypted_mail_says_so() -> None:
    assert corpus.mail("encrypted_pgp").encrypted


def test_damage_that_was_got_over_is_told() -> None:
    assert corpus.mail("cut_in_transit").defects == ("CloseBoundaryNotFoundDefect",)


def test_the_same_mail_has_one_digest_whatever_servers_wrote_on_it() -> None:
    sent = corpus.raw("gmail_ru_reply")
    travelled = b"Received: from elsewhere\n" + sent.replace(b"\r\n", b"\n") + b"\n"

    assert corpus.read(travelled).digest == corpus.mail("gmail_ru_reply").digest  # type: ignore[union-attr]


def test_mails_without_an_id_are_told_apart_by_their_heads() -> None:
    first = corpus.raw("bounce_qmail")
    second = first.replace(b"05:11:12", b"05:11:13")

    assert corpus.read(first).digest != corpus.read(second).digest  # type: ignore[union-attr]

"""The same address is spelt one way, and what is no address is refused."""

from __future__ import annotations

import pytest

from crm_core.domain.contact_points import ContactPointKind, ContactPointRejected, address

PHONE, EMAIL, TELEGRAM, WEBCHAT = ContactPointKind


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        (PHONE, "8 701 123 45 67", "+77011234567"),
        (EMAIL, " Aigerim@Mail.KZ ", "aigerim@mail.kz"),
        (EMAIL, "почта@пример.рф", "почта@пример.рф"),
        (EMAIL, "o'brien+trips@mail.example", "o'brien+trips@mail.example"),
        (TELEGRAM, "@Aigerim_S", "aigerim_s"),
        (TELEGRAM, "https://t.me/aigerim_s", "aigerim_s"),
        (TELEGRAM, "123456789", "123456789"),
        (WEBCHAT, " v-8f3a ", "v-8f3a"),
    ],
)
def test_an_address_has_one_spelling(kind: ContactPointKind, typed: str, stored: str) -> None:
    assert address(kind, typed, "KZ") == stored
    assert address(kind, stored, "KZ") == stored


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (PHONE, "1017"),
        (PHONE, "${EXTEN}"),
        (EMAIL, "aigerim"),
        (EMAIL, "a@b@c"),
        (EMAIL, "<script>@mail.kz"),
        (EMAIL, "a b@mail.kz"),
        (EMAIL, "a@mail.kz\r\nBcc: all@mail.kz"),
        (TELEGRAM, "@"),
        (TELEGRAM, "имя фамилия"),
        (WEBCHAT, "with space"),
        (WEBCHAT, ""),
    ],
)
def test_what_is_no_address_is_refused_with_what_was_typed(kind: ContactPointKind, typed: str) -> None:
    with pytest.raises(ContactPointRejected) as refusal:
        address(kind, typed, "KZ")

    assert refusal.value.fields["typed"] == typed

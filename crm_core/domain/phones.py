"""One person, one number, however it was typed or sent: everything becomes E.164.

Kazakhstan and Russia share country code 7, the trunk prefix 8 and the
international prefix 8~10 (mobiles and most trunks send 00 or +), so one plan
reads both, by hand: this stands on the way of every call, and phonenumbers
would cost more there than all the rest. Whatever that plan cannot read, and
every other country, is left to phonenumbers.

A number is judged by whether it is possible, not by whether it is assigned:
what a trunk sent is a fact, and tables of assigned numbers grow old. An
extension of ours (2-6 digits) is nobody's telephone number.
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

#: Longer than any number with all its punctuation; the rest is not looked at.
_LONGEST_TYPED = 64

# Between digits people write spaces of many widths, dashes of many lengths, dots, slashes and brackets;
# numbers copied from a messenger carry marks of direction that nobody sees.
_SPACES = " \t\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_UNSEEN = "\u200b\u200e\u200f\u202a\u202c\u202d\u2060\u2066\u2068\u2069\ufeff"
_PUNCTUATION = dict.fromkeys(map(ord, _SPACES + _DASHES + _UNSEEN + "()./"))

_DIALLED = re.compile(r"\+?[0-9]{7,20}", re.ASCII)

_SHARED_PLAN = frozenset({"KZ", "RU"})
_INTERNATIONAL_PREFIXES = ("810", "00")
#: National numbers of code 7: ten digits, none of which begin with 0, 1 or 2 (an 8 before 10 leads abroad).
_NATIONAL_OF_7 = re.compile(r"[3-9][0-9]{9}", re.ASCII)

#: And not "possible, but only within one city".
_POSSIBLE = phonenumbers.ValidationResult.IS_POSSIBLE

#: What stands in the caller's place when the caller does not want to be known, as exchanges spell it.
_WITHHELD = frozenset(
    {
        "",
        "<unknown>",
        "anonymous",
        "asterisk",
        "hidden",
        "no number",
        "private",
        "restricted",
        "unavailable",
        "unknown",
        "withheld",
        "номер скрыт",
        "скрытый номер",
    }
)


@lru_cache(maxsize=16_384)
def normalise(typed: str, country: str) -> str | None:
    """The E.164 number (``+77011234567``) meant by ``typed``; None when it is not a telephone number.

    ``country`` (ISO 3166, ``KZ``) says how a number without a country is read.
    """
    if len(typed) > _LONGEST_TYPED:
        return None
    dialled = _bare(typed)
    if not _DIALLED.fullmatch(dialled):
        return None
    if country in _SHARED_PLAN:
        return _by_plan_of_7(dialled)
    return _by_library(dialled, country)


def is_withheld(sent: str) -> bool:
    """Whether the trunk sent a word for "unknown" in the place of the caller's number."""
    return sent.strip().lower() in _WITHHELD


def masked(number: str) -> str:
    """The number as those may see it who must not learn it: ``+7 701 ··· 45 67``."""
    if number.startswith("+7") and len(number) == 12:
        return f"+7 {number[2:5]} ··· {number[-4:-2]} {number[-2:]}"
    return f"··· {number[-4:-2]} {number[-2:]}" if len(number) >= 9 else "···"


def searched_digits(query: str) -> str | None:
    """The digits of a query that is a number or a part of one (four digits at least), else None.

    Nothing is guessed here: ``8701`` may begin a number with the trunk prefix, or be its middle.
    """
    bare = _bare(query[:_LONGEST_TYPED])
    digits = bare.removeprefix("+")
    return digits if len(digits) >= 4 and digits.isascii() and digits.isdigit() else None


def _bare(typed: str) -> str:
    """Without punctuation and the ``tel:`` of a link; letters and all else stay, to be refused."""
    trimmed = typed.strip()
    if trimmed[:4].lower() == "tel:":
        trimmed = trimmed[4:].split(";", 1)[0]
    return trimmed.translate(_PUNCTUATION)


def _by_plan_of_7(dialled: str) -> str | None:
    if dialled[0] == "+":
        return _abroad(dialled[1:])
    for prefix in _INTERNATIONAL_PREFIXES:
        # 8 10 … and not 8 + an area: no area begins with 10.
        if dialled.startswith(prefix):
            return _abroad(dialled[len(prefix) :])
    if len(dialled) == 11 and dialled[0] in "78":
        return _of_7(dialled[1:])
    if len(dialled) == 10:
        return _of_7(dialled) or _valid(dialled)
    # A trunk that sends E.164 without its plus; this is a guess, so only an assigned number will do.
    return _valid(dialled)


def _abroad(digits: str) -> str | None:
    """A number that begins with its country code."""
    if digits[0] == "7":
        return _of_7(digits[1:])
    if len(digits) == 11 and digits[0] == "8":
        # "+8 701 …": the trunk prefix with a plus before it, unless a country answers to it.
        return _valid(digits) or _of_7(digits[1:])
    return _by_library(f"+{digits}", None)


def _of_7(national: str) -> str | None:
    return f"+7{national}" if _NATIONAL_OF_7.fullmatch(national) else None


def _valid(digits: str) -> str | None:
    if len(digits) < 10 or digits[0] == "0":
        return None
    number = _parsed(f"+{digits}", None)
    return _e164(number) if number is not None and phonenumbers.is_valid_number(number) else None


def _by_library(dialled: str, country: str | None) -> str | None:
    number = _parsed(dialled, country)
    if number is None or phonenumbers.is_possible_number_with_reason(number) != _POSSIBLE:
        return None
    return _e164(number)


def _parsed(dialled: str, country: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(dialled, country)
    except phonenumbers.NumberParseException:
        return None


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

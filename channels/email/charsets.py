"""Text from bytes whose charset is declared wrongly, or not at all.

Declarations lie in known ways: UTF-8 under any name, windows-1251 called
ISO-8859-1 or KOI8-R, nothing said at all. UTF-8 shows by itself; the Cyrillic
code pages of one byte a letter are told apart by how Russian is written: which
letters are frequent, and that capitals begin words. General detectors need
more text than a subject has (docs/decisions/0017-mail-by-the-standard-library.md).
"""

from __future__ import annotations

import codecs
import math
import re
from collections import Counter
from functools import lru_cache

#: What a name is really used for, where that is more than its standard says (as browsers read them).
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "tis-620": "cp874",
}
#: Names that Python does not know, in use by mail programs.
_ALIASES = {
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "x-sjis": "cp932",
    "ks_c_5601-1987": "cp949",
    "iso-8859-8-i": "iso8859-8",
    "win-1251": "cp1251",
    "cp-1251": "cp1251",
    "x-cp1251": "cp1251",
    "x-mac-cyrillic": "mac_cyrillic",
    "koi8r": "koi8-r",
    "ansi": "cp1251",
}
#: Python decodes them, and nobody writes text in them; UTF-7 hides markup from whoever looks for it.
_NO_CHARSETS = frozenset({"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})
#: Bytes below 128 do not mean ASCII here.
_SHIFTED = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso2022_jp", "iso2022_jp_2", "iso2022_kr", "hz"})
#: Of several bytes a letter: whatever can be decoded in them was meant so.
_WIDE = _SHIFTED | {"gb18030", "big5", "big5hkscs", "cp949", "cp932", "euc_jp", "johab"}
_LATIN = "cp1252"
#: Any bytes can be decoded in them, so a wrong declaration shows only in the text. How rare each is, in nats a letter.
_RARITY = {"cp1251": 0.0, "koi8-r": 0.3, "cp866": 0.7, "iso8859-5": 0.7, _LATIN: 0.0}

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
#: More than this says nothing new about the charset.
_SAMPLE_BYTES = 2048
#: A declaration that makes letters this likely of it is believed without looking further.
_RUSSIAN = -3.8
_WESTERN = -4.5
_ENOUGH_LETTERS = 30  # of which it does not matter how they stand in words
#: By so much (nats a letter) another reading must be likelier than the declared one.
_MARGIN = 0.7

_FREQUENT = (
    ("оеаинтсрвлкмдпуя", (110, 85, 80, 74, 67, 63, 55, 47, 45, 44, 35, 32, 30, 28, 26, 20)),
    ("ыьгзбчйхжшюцщэфъё", (19, 17, 17, 16, 16, 14, 12, 10, 9, 7, 6, 5, 4, 3, 3, 1, 4)),
)  # per thousand letters of Russian
_LIKELY = {
    letter: math.log(frequency / 1000)
    for letters, frequencies in _FREQUENT
    for letter, frequency in zip(letters, frequencies, strict=True)
}
_OTHER_CYRILLIC = math.log(0.5 / 1000)
_ACCENTED = -4.0
_TYPOGRAPHY = -4.5
_TYPOGRAPHIC = frozenset("«»—–…№\xa0“”„’•€§©®")
_ODD = -9.0  # a sign where a letter should be, a capital inside a word, a word of two alphabets
_WORD = re.compile(r"[^\W\d_]+")


def decoded(data: bytes, declared: str | None) -> str:
    """The text of ``data``, which its sender says is in ``declared``; letters that cannot be are U+FFFD."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    charset = known(declared)
    if charset in _SHIFTED:
        return data.decode(charset, "replace")
    if data.isascii():
        return data.decode("ascii")
    if charset in _WIDE:
        text = _strict(data, charset)
        if text is not None:
            return text
    text = _strict(data, "utf-8")
    if text is not None:
        return text
    if charset == "utf-8" and _mostly_utf8(data):
        return data.decode("utf-8", "replace")
    return data.decode(_likeliest(data, charset), "replace")


@lru_cache(maxsize=256)
def known(declared: str | None) -> str | None:
    """Python's name of the codec that is meant, if there is one for text."""
    if declared is None:
        return None
    name = declared.strip().strip("\"'").lower()
    try:
        info = codecs.lookup(_ALIASES.get(name, name))
    except (LookupError, ValueError):
        return None
    if not info._is_text_encoding or info.name.replace("_", "-") in _NO_CHARSETS:
        return None
    return _READ_AS.get(info.name, info.name)


def _strict(data: bytes, charset: str) -> str | None:
    try:
        return data.decode(charset)
    except ValueError:
        return None


def _mostly_utf8(data: bytes) -> bool:
    """Declared as UTF-8 and only damaged: cut in a letter, or a byte lost."""
    text = data[:_SAMPLE_BYTES].decode("utf-8", "replace")
    strange = text.count("\N{REPLACEMENT CHARACTER}")
    return strange * 2 <= sum(not letter.isascii() for letter in text)


def _likeliest(data: bytes, declared: str | None) -> str:
    sample = data[:_SAMPLE_BYTES]
    if declared is not None and declared not in _RARITY and declared != "utf-8" and _strict(data, declared) is not None:
        return declared  # Greek, Turkish, Kazakh …: not ours to doubt
    if declared in _RARITY and _reads_well(sample, declared):
        return declared
    scores = {charset: _likelihood(sample, charset) - rarity for charset, rarity in _RARITY.items()}
    best = max(scores, key=lambda charset: scores[charset])
    if declared in scores and scores[best] - scores[declared] < _MARGIN:
        return declared
    return best


def _reads_well(sample: bytes, charset: str) -> bool:
    if charset == _LATIN:
        return _likelihood(sample, charset) >= _WESTERN
    letters = [
        (letter, n) for letter, n in Counter(sample.decode(charset, "replace").lower()).items() if letter > "\x7f"
    ]
    total = sum(n for _, n in letters)
    if total < _ENOUGH_LETTERS:
        return _likelihood(sample, charset) >= _RUSSIAN
    return sum(_LIKELY.get(letter, _ODD) * n for letter, n in letters) / total >= _RUSSIAN


def _likelihood(sample: bytes, charset: str) -> float:
    """How likely a person wrote this, in nats for each letter and sign outside ASCII."""
    text = sample.decode(charset, "replace")
    signs = [sign for sign in text if not (sign.isascii() or sign.isalpha())]
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    total = sum(_TYPOGRAPHY if sign in _TYPOGRAPHIC else _ODD for sign in signs)
    total += sum(_word(word, latin=charset == _LATIN) for word in words)
    return total / max(1, len(signs) + sum(not letter.isascii() for word in words for letter in word))


def _word(word: str, *, latin: bool) -> float:
    foreign = sum(not letter.isascii() for letter in word)
    # Western words are ASCII with an accent here and there; Cyrillic ones are Cyrillic from end to end.
    if (1 < len(word) == foreign) if latin else (foreign < len(word)):
        return _ODD * foreign
    crooked = 0 if word.isupper() else sum(letter.isupper() for letter in word[1:])
    if latin:
        return _ACCENTED * foreign + _ODD * crooked
    return sum(_LIKELY.get(letter.lower(), _OTHER_CYRILLIC) for letter in word) + _ODD * crooked

"""What is too long or too many for one message of Telegram becomes several, in order, and nothing of it is lost."""

from __future__ import annotations

import pytest

from channels.telegram.outgoing import LONGEST_TEXT, Album, Text, Upload, units
from channels.telegram.parts import parts_of, pieces
from crm_core.store.messages import Saying
from tests.unit.telegram.sayings import pdf, saying


def shape(message: Saying) -> list[str | int]:
    """Of a text its length, of files how many and under which words."""
    told: list[str | int] = []
    for part in parts_of(message):
        match part:
            case Text(text=text):
                told.append(len(text))
            case Upload(caption=caption):
                told.append(f"1 {caption}".strip())
            case Album(uploads=uploads):
                told.append(f"{len(uploads)} {uploads[0].caption}".strip())
    return told


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("a" * 4096, [4096]),
        ("a" * 4097, [4096, 1]),
        ("😀" * 2049, [4096, 2]),
        ("a" + "😀" * 2048, [4095, 2]),  # the last one would be cut in two
        ("a" * 3000 + "\n\n" + "b" * 3000, [3000, 3000]),
        ("a" * 3000 + "\n" + "b" * 900 + ". " + "c" * 3000, [3000, 3902]),
        ("a " * 3000, [4095, 1904]),
        ("short\n\n" + "b" * 5000, [4096, 911]),  # its first paragraph alone would make too many parts
    ],
)
def test_a_text_ends_where_a_reader_pauses_and_never_in_the_middle_of_a_letter(text: str, sizes: list[int]) -> None:
    found = pieces(text)

    assert [units(piece) for piece in found] == sizes
    assert all(units(piece) <= LONGEST_TEXT for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_words_that_fit_stand_under_the_first_file_and_longer_ones_go_before_all_files() -> None:
    dozen = [pdf(f"{number}.pdf") for number in range(12)]

    assert shape(saying("Вот", *dozen[:1])) == ["1 Вот"]
    assert shape(saying("Вот", *dozen)) == ["10 Вот", "2"]
    assert shape(saying("a" * 1025, *dozen[:1])) == [1025, "1"]
    assert shape(saying("a" * 5000, *dozen[:11])) == [4096, 904, "10", "1"]
    assert shape(saying("", *dozen[:2])) == ["2"]

"""Words that are compared are spelled one way."""

from __future__ import annotations

import pytest

from crm_core.domain.people import normalised_words


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ([], []),
        (["  Visa   China ", "visa china"], ["visa china"]),
        (["Хайнань", "ХАЙНАНЬ", "визы"], ["визы", "хайнань"]),
        (["Straße", "STRASSE"], ["strasse"]),
        (["", "   "], []),
    ],
)
def test_a_word_is_kept_once_in_lower_case(written: list[str], kept: list[str]) -> None:
    assert normalised_words(written) == kept

"""The doctor speaks two languages and says the same in both."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import channels.telephony
from channels.telephony.checkup.observations import PHRASES, fault, fine, in_words
from channels.telephony.configuration.remarks import REMARKS

_SAYING = frozenset({"fine", "advice", "fault", "severe"})


def blanks(text: str | None) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text or "") if name}


def codes_said() -> set[str]:
    """Every code that a check can give, read from the source."""
    room = Path(channels.telephony.__file__).parent
    said = set()
    for path in (*room.glob("*.py"), *room.glob("checkup/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _SAYING:
                said |= {
                    part.value
                    for part in ast.walk(node.args[0])
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                }
    return said


def test_both_languages_have_the_same_phrases_with_the_same_blanks() -> None:
    english, russian = PHRASES["en"], PHRASES["ru"]

    assert english.keys() == russian.keys()
    for code, (says, counsel) in english.items():
        says_too, counsel_too = russian[code]
        assert blanks(says) == blanks(says_too), code
        assert (counsel is None) == (counsel_too is None), code
        assert blanks(counsel) == blanks(counsel_too), code


def test_every_code_has_its_phrase_and_every_phrase_is_said() -> None:
    computed = {"call_answered", "call_answered_number"}  # chosen a line above the call

    assert codes_said() | computed == PHRASES["en"].keys()


def test_a_long_list_is_cut_and_its_length_told() -> None:
    finding = in_words(fault("rights_dangerous", "pbx main", classes=list(range(20)), section="[crm]"), "en")

    assert "0, 1, 2" in finding.says
    assert "(20)" in finding.says


def test_every_matter_has_its_name_in_russian() -> None:
    room = Path(channels.telephony.__file__).parent
    sources = "".join(path.read_text() for path in (*room.glob("*.py"), *room.glob("checkup/*.py")))
    subjects = set(
        re.findall(r'f"(?:pbx \{(?:self\._)?(?:pbx|dialect)\.(?:name|pbx)\}|\{subject\}) ([a-z_ -]+)"', sources)
    )

    assert subjects >= {"rights", "queue members", "test call"}
    for subject in subjects:
        matter = f"recordings {subject}" if subject == "of calls" else subject
        assert in_words(fine("rights_enough", f"pbx main {matter}"), "ru").subject.startswith("АТС main ")


def test_every_remark_is_one_line_in_both_languages() -> None:
    for pair in REMARKS.values():
        assert all(text and "\n" not in text and ";" not in text.splitlines()[0][:1] for text in pair)

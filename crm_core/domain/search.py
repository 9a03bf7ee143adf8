"""What a person meant by the words typed into a search for a client.

Names are compared as they sound, by a key that the database makes of them. A word typed
in the other keyboard layout (``fquthbv`` for «айгерим») is the same fingers on other letters.
"""

from __future__ import annotations

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбюё"
_OTHER_LAYOUT = str.maketrans(_LATIN + _CYRILLIC, _CYRILLIC + _LATIN)

_LONGEST = 200
#: More words do not find better, they only cost.
_MOST_WORDS = 5


def readable(query: str) -> str:
    """The query without what cannot be seen, at a length somebody may have typed."""
    return "".join(letter if letter.isprintable() else " " for letter in query[:_LONGEST]).strip()


def words(query: str) -> list[str]:
    """The words of a query, in any order, each a fragment of a name."""
    return query.lower().split()[:_MOST_WORDS]


def in_other_layout(query: str) -> str:
    """The same keys in the other layout; ``Айгерим`` and ``Fquthbv`` are each other's."""
    return query.lower().translate(_OTHER_LAYOUT)


def like_fragment(word: str) -> str:
    """``word`` anywhere, for LIKE: its own % and _ mean themselves."""
    return f"%{_escaped(word)}%"


def like_prefix(word: str) -> str:
    """``word`` at the beginning, for LIKE."""
    return f"{_escaped(word)}%"


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

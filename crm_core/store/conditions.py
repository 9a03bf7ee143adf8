"""A WHERE clause that grows with what a list was asked for; values are always parameters."""

from __future__ import annotations


class Conditions:
    """All of its parts together; none of them: everything."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.args: list[object] = []

    def value(self, value: object) -> str:
        """The placeholder under which ``value`` travels."""
        self.args.append(value)
        return f"${len(self.args)}"

    def add(self, template: str, value: object) -> None:
        """``template`` names the value as ``{}``, as often as it needs it."""
        placeholder = self.value(value)
        self.parts.append(template.replace("{}", placeholder))

    def add_known(self, template: str, value: object | None) -> None:
        """The same for a filter that may be left out."""
        if value is not None:
            self.add(template, value)

    @property
    def where(self) -> str:
        return f"WHERE {' AND '.join(self.parts)}" if self.parts else ""

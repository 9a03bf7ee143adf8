"""What a benchmark says, and how several are shown together."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure against its target; ``higher_is_better`` says on which side of it we want to be."""

    name: str
    measured: float
    target: float
    unit: str = "×"
    higher_is_better: bool = True
    detail: str = ""  # the absolute figures behind it
    sizes: str = ""  # how much was measured

    @property
    def met(self) -> bool:
        return self.measured >= self.target if self.higher_is_better else self.measured <= self.target


def table(figures: Sequence[Figure], scale: float) -> str:
    """A Markdown table for people; a missed target says so."""
    lines = [
        f"Scale {scale:g}, {platform.machine()}, Python {platform.python_version()}",
        "",
        "| what | measured | target | met | sizes | detail |",
        "|---|---:|---:|---|---|---|",
    ]
    for figure in figures:
        sign = "≥" if figure.higher_is_better else "≤"
        lines.append(
            f"| {figure.name} | {figure.measured:.3g} {figure.unit} | {sign} {figure.target:g} {figure.unit} "
            f"| {'yes' if figure.met else '**no**'} | {figure.sizes} | {figure.detail} |"
        )
    return "\n".join(lines)


def save(figures: Sequence[Figure], scale: float) -> Path:
    """Keep the run beside the earlier ones: ``<moment>-scale-<scale>.json`` and the table as ``.md``."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    stem = f"{datetime.now(UTC):%Y-%m-%dT%H%M}-scale-{scale:g}"
    (RESULTS / f"{stem}.md").write_text(table(figures, scale) + "\n", "utf-8")
    path = RESULTS / f"{stem}.json"
    path.write_text(
        json.dumps({"scale": scale, "figures": [asdict(one) | {"met": one.met} for one in figures]}, indent=1)
    )
    return path

"""Compute the contrast of every colour pair of the design tokens; exit 1 when one is too low.

Text needs 4.5:1 (7:1 in high contrast); the border of a field and neutral data need 3:1.

Run: python tools/contrast.py [--table | --brief]
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

TOKENS = Path(__file__).resolve().parent.parent / "dashboards" / "web" / "src" / "styles" / "tokens.css"

STATES = (
    "promise-due",
    "promise-late",
    "ringing",
    "talking",
    "hold",
    "wrapup",
    "paused",
    "offline",
    "ok",
    "danger",
)
GROUNDS = ("canvas", "surface", "surface-2")
LEAST_MARK = 3.0

Colours = Mapping[str, str]


def colours_under(selector: str, css: str) -> dict[str, str]:
    """Colours declared under exactly this selector."""
    found: dict[str, str] = {}
    for heading, body in re.findall(r"([^{}]+)\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)):
        if selector in [part.strip() for part in heading.split(",")]:
            found |= dict(re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{3,6})\b", body))
    return found


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    channels = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_pairs() -> Iterator[tuple[str, str]]:
    """Every text colour on every ground it may stand on."""
    for text in ("text", "muted", "faint", "accent"):
        yield from ((text, ground) for ground in GROUNDS)
    yield from (("text", "surface-3"), ("muted", "surface-3"), ("text", "accent-soft"))
    yield from (("accent", "accent-soft"), ("on-action", "action"))
    for state in STATES:
        yield from ((f"{state}-fg", ground) for ground in (*GROUNDS, f"{state}-soft"))
        yield from (("text", f"{state}-soft"), ("muted", f"{state}-soft"), (f"on-{state}", f"{state}-solid"))


def themes(css: str) -> dict[str, tuple[Colours, float]]:
    """The four ways the screen may look, each with the least contrast of its text."""
    light = colours_under('[data-theme="light"]', css)
    dark = colours_under('[data-theme="dark"]', css)
    more = colours_under('[data-contrast="more"]', css)
    more_dark = colours_under('[data-theme="dark"][data-contrast="more"]', css)
    return {
        "light": (light, 4.5),
        "dark": (dark, 4.5),
        "contrast": (light | more, 7.0),
        "contrast dark": (dark | more | more_dark, 7.0),
    }


def measure(css: str) -> tuple[dict[str, list[float]], list[str]]:
    """Every pair's contrast by theme, and a sentence for each that is too low."""
    rows: dict[str, list[float]] = {}
    low: list[str] = []
    for theme, (colours, least_text) in themes(css).items():
        wanted = [(*pair, least_text) for pair in text_pairs()]
        wanted += [(mark, "surface", LEAST_MARK) for mark in ("border-control", "data")]
        for front, ground, least in wanted:
            value = ratio(colours[front], colours[ground])
            rows.setdefault(f"{front} on {ground}", []).append(value)
            if value < least:
                low.append(f"{theme}: {front} on {ground} is {value:.2f}, should be {least}")
    return rows, low


def lowest_by_colour(rows: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """Of each front colour, its worst ground in each theme."""
    found: dict[str, list[float]] = {}
    for pair, values in rows.items():
        front = pair.partition(" on ")[0]
        known = found.get(front, values)
        found[front] = [min(both) for both in zip(known, values, strict=True)]
    return found


def print_table(heading: str, rows: Mapping[str, list[float]], columns: Iterable[str]) -> None:
    print(f"| {heading} | " + " | ".join(columns) + " |\n|---|" + "---|" * 4)
    for name, values in rows.items():
        print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in values) + " |")


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the contrast of the design tokens.")
    parser.add_argument("--table", action="store_true", help="print every pair")
    parser.add_argument("--brief", action="store_true", help="print the lowest contrast of every colour")
    options = parser.parse_args()
    css = TOKENS.read_text(encoding="utf-8")
    rows, low = measure(css)
    if options.table:
        print_table("pair", rows, themes(css))
    if options.brief:
        print_table("colour", lowest_by_colour(rows), themes(css))
    for sentence in low:
        print(sentence, file=sys.stderr)
    print(f"{sum(map(len, rows.values()))} colour pairs, {len(low)} too low")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())

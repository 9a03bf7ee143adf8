"""Spans of time as pairs of seconds, and the little arithmetic a call needs of them."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[float, float]  # from, until; never turned round


def union(spans: Iterable[Span]) -> list[Span]:
    """The time covered by at least one of the spans, in order and without overlaps."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def without(spans: Iterable[Span], gaps: Iterable[Span]) -> list[Span]:
    """What is left of the spans outside the gaps."""
    left = list(spans)
    for gap_start, gap_end in gaps:
        left = [
            piece
            for start, end in left
            for piece in ((start, min(end, gap_start)), (max(start, gap_end), end))
            if piece[0] < piece[1]
        ]
    return left


def clipped(spans: Iterable[Span], start: float, end: float) -> list[Span]:
    """What of the spans lies between two moments."""
    cut = ((max(span[0], start), min(span[1], end)) for span in spans)
    return [span for span in cut if span[0] < span[1]]


def total(spans: Iterable[Span]) -> float:
    """The seconds covered, each counted once."""
    return sum(end - start for start, end in union(spans))

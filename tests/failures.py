"""What is said of a story that failed: where, with which values, and no more of the log than helps.

Whoever reads the output of a machine far away sees its end, so the reasons stand there, short.
"""

from __future__ import annotations

import re

import pytest
from _pytest._code.code import ExceptionRepr, ReprEntry

#: So much of what the program said stands under a failure …
LOG_LINES = 40
#: … without the requests that went well, which are hundreds a story.
_WENT_WELL = re.compile(r"action=http_request .*status=[23]\d\d")

_REASON_LINES, _LINE_LENGTH = 6, 300


def shortened(said: str) -> str:
    """The end of what a program said."""
    lines = [line for line in said.splitlines() if not _WENT_WELL.search(line)]
    left_out = [f"… {len(lines) - LOG_LINES} lines before"] if len(lines) > LOG_LINES else []
    return "\n".join([*left_out, *lines[-LOG_LINES:]])


def account(report: pytest.TestReport) -> str:
    """The line of the story at which it failed, and why."""
    told = report.longrepr
    if not isinstance(told, ExceptionRepr) or told.reprcrash is None:
        return _cut(str(told))
    return "\n".join((*_place(told), _cut(told.reprcrash.message)))


def _place(told: ExceptionRepr) -> tuple[str, ...]:
    first = next((entry for entry in told.reprtraceback.reprentries if isinstance(entry, ReprEntry)), None)
    if first is None or first.reprfileloc is None:
        return ()
    code = next((line[1:].strip() for line in first.lines if line.startswith(">")), "")
    return (_cut(f"{first.reprfileloc.path}:{first.reprfileloc.lineno}: {code}"),)


def _cut(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(line[:_LINE_LENGTH] for line in lines[:_REASON_LINES])

"""One way of logging: structlog's fields over the standard library's handlers.

Libraries that log through the standard library come out in the same form. A
terminal gets colours and one readable line, anything else gets JSON, a line
an event, which is what log collectors read.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import orjson
import structlog
from structlog.types import EventDict, Processor


def configure_logging(level: int = logging.INFO, *, stream: TextIO | None = None) -> None:
    """Send everything to ``stream`` (default: standard error); called once, by whoever starts the program."""
    stream = stream or sys.stderr
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*before, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(stream)],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _rendering(stream: TextIO) -> list[Processor]:
    if stream.isatty():
        # Rich tracebacks show every variable: clients' words among them, after seconds of work.
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_to_json)]


def _to_json(event: EventDict, **_: object) -> str:
    # `default=str`: a log line must never be lost to a value that JSON does not know.
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()

"""Logging: a line an event, JSON where a program reads it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from config.logging import configure_logging


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_program_reads_json_with_the_fields_of_the_event() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)

    structlog.get_logger("calls").info("call answered", action="call_answered", linkedid="1790000000.12")

    line = json.loads(stream.getvalue())
    assert line["event"] == "call answered"
    assert line["action"] == "call_answered"
    assert line["linkedid"] == "1790000000.12"
    assert (line["level"], line["logger"]) == ("info", "calls")
    assert line["timestamp"].endswith("Z")


def test_libraries_that_use_the_standard_library_look_the_same() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)

    logging.getLogger("aiohttp.access").warning("%s is slow", "a request", extra={"path": "/healthz"})

    line = json.loads(stream.getvalue())
    assert (line["event"], line["logger"], line["path"]) == ("a request is slow", "aiohttp.access", "/healthz")


def test_an_exception_is_part_of_its_line() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)

    try:
        raise LookupError("no such call")
    except LookupError:
        structlog.get_logger().exception("call lost", action="call_lost")

    line = json.loads(stream.getvalue())
    assert "LookupError: no such call" in line["exception"]


def test_a_value_that_json_does_not_know_costs_no_line() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)

    structlog.get_logger().info("odd", action="odd", value=1 + 2j, table={1: "one"})

    line = json.loads(stream.getvalue())
    assert line["value"] == "(1+2j)"


def test_a_person_reads_plain_lines() -> None:
    stream = Terminal()
    configure_logging(stream=stream)

    structlog.get_logger().info("call answered", action="call_answered")

    assert "call answered" in stream.getvalue()
    assert not stream.getvalue().lstrip().startswith("{")


def test_details_for_developers_are_left_out_unless_asked_for() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)

    structlog.get_logger().debug("detail", action="detail")

    assert stream.getvalue() == ""

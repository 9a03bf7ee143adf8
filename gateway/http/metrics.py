"""What the process counts of its HTTP side, for Prometheus; never who asked for whom."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Histogram, disable_created_metrics

# A second line for each counter, saying when it began, is of no use to anybody here.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves this one untyped

REQUESTS: Final = Counter(
    "perezvon_http_requests_total", "Requests answered, by route and status.", ("method", "route", "status")
)
SECONDS: Final = Histogram(
    "perezvon_http_request_seconds",
    "Time from the request's headers to the answer's.",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
MALFORMED: Final = Counter("perezvon_http_malformed_total", "Connections that spoke something that is not HTTP.")

FORMS: Final = Counter(
    "perezvon_forms_total",
    "Forms left by strangers, by what became of them: a lead, kept apart or thrown away.",
    ("fate",),
)

KNOCKS: Final = Counter(
    "perezvon_telegram_knocks_total",
    "Updates that were brought to a bot's webhook, by what was answered.",
    ("bot", "answer"),
)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request; ``route`` is the pattern, not the address."""
    REQUESTS.labels(method, route, status).inc()
    SECONDS.labels(method, route).observe(seconds)


def count_form(suspicion: str | None) -> None:
    """Count one form that was left; ``suspicion``: why it is none for a person to read, or hardly."""
    FORMS.labels(suspicion or "lead").inc()

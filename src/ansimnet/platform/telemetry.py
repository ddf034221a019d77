"""Logs without personal data, and numbers for Prometheus."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Fault

PERSONAL = frozenset(
    {
        *("lat", "lon", "latitude", "longitude", "place", "place_coarse", "home", "ring", "line", "point", "position"),
        *("fix", "fixes", "track", "address", "name", "display", "login", "phone", "email", "birth", "accompanied_by"),
        *("text", "note", "words", "message", "answer", "payload", "body", "args", "kwargs", "params"),
        *("token", "ticket", "key", "secret", "password", "passwd", "cookie", "csrf", "authorization", "device_key"),
        *("url", "dsn", "conninfo"),
    }
)
"""Fields that never reach a log, whatever holds them. Ids, kinds, counts and times do."""

HIDDEN = "[hidden]"
DEEPEST = 8
"""Exceptions behind one another; more is a loop."""
URL_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]*@")
ROW_DETAIL = re.compile(r"^(DETAIL|CONTEXT): .*$", re.MULTILINE)
"""Where PostgreSQL quotes the row it refused."""
DEGREES = re.compile(r"(?<![\d.:])-?\d{1,3}\.\d{4,}(?![\d.])")
"""Four decimals of a degree are 11 m: nothing else we log has so many."""

PHONE = re.compile(r"(?<![\w-])(?:\+82[- ]?|0)1[016789][- ]?\d{3,4}[- ]?\d{4}(?![\w-])")
PLATE = re.compile(r"(?<!\d)\d{2,3}[가-힣] ?\d{4}(?!\d)")
"""Mobile numbers and number plates of this country: none of ours, so whoever wrote one did not mean to log it."""

REGISTRY = CollectorRegistry()
LATENCY_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Around our promises: 100 ms to an alarm and to a cut, 500 ms to a dispatch, 1 s to a picture and a warning."""


def hide_personal(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace personal fields of a log event, at any depth, and places and passwords inside its texts."""
    for field in list(event):
        event[field] = HIDDEN if field.lower() in PERSONAL else _hidden(event[field])
    return event


def _hidden(value: object, depth: int = 0) -> object:
    if isinstance(value, str):
        value = URL_PASSWORD.sub(rf"\1:{HIDDEN}@", ROW_DETAIL.sub(rf"\1: {HIDDEN}", value))
        for pattern in (DEGREES, PHONE, PLATE):
            value = pattern.sub(HIDDEN, value)
        return value
    if isinstance(value, float) and DEGREES.fullmatch(repr(value)):
        return round(value, 3)  # a duration keeps its milliseconds, a place loses its street
    if depth > 4:  # deeper than anything we log on purpose
        return HIDDEN
    if isinstance(value, dict):
        return {k: HIDDEN if str(k).lower() in PERSONAL else _hidden(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden(v, depth + 1) for v in value]
    return value


def without_words(error: BaseException, depth: int = 0) -> str:
    """Return a traceback in which other people's exceptions say what they are and where, not with which values.

    Libraries quote in their messages what they choke on: the text with a NUL byte, the address that is no address.
    """
    told = ""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and depth < DEEPEST:
        told = without_words(before, depth + 1) + "\nduring or because of which:\n"
    told += "".join(traceback.format_tb(error.__traceback__))
    told += f"{type(error).__module__}.{type(error).__qualname__}: {_words(error)}"
    if isinstance(error, BaseExceptionGroup) and depth < DEEPEST:
        told += "".join("\nin it:\n" + without_words(e, depth + 1) for e in error.exceptions)
    return told


def _words(error: BaseException) -> str:
    """Return an exception's own words where they hold no values: ours, the system's, what a database names."""
    if isinstance(error, Fault):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or HIDDEN
    diag = getattr(error, "diag", None)  # of psycopg: names of things, never rows
    named = [getattr(diag, f"{what}_name", None) for what in ("constraint", "column", "table")] if diag else []
    return " ".join([HIDDEN, *(str(n) for n in (getattr(error, "sqlstate", None), *named) if n)])


def _tell_exceptions(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["exception"] = without_words(error)
    return event


def set_up_logs(*, form: str = "auto", level: str = "info", out: TextIO | None = None) -> None:
    """Send every log of ours and of our libraries to standard error, personal fields hidden. Safe to run twice."""
    stream = out or sys.stderr
    pretty = form == "console" or (form == "auto" and stream.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.StackInfoRenderer(),
        _tell_exceptions,
        hide_personal,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(ensure_ascii=False)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level.upper())
    for chatty in ("procrastinate", "psycopg.pool", "httpx", "httpcore", "asyncio", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)  # their messages name jobs' arguments and addresses


def counter(name: str, sentence: str, *labels: str) -> Counter:
    """Return a new counter `ansimnet_<name>_total`. Labels hold kinds, never a person."""
    return Counter(f"ansimnet_{name}", sentence, labels, registry=REGISTRY)


def gauge(name: str, sentence: str, *labels: str) -> Gauge:
    """Return a new gauge `ansimnet_<name>`."""
    return Gauge(f"ansimnet_{name}", sentence, labels, registry=REGISTRY)


def histogram(name: str, sentence: str, *labels: str) -> Histogram:
    """Return a new histogram of seconds, `ansimnet_<name>`; the name ends in `_seconds`."""
    return Histogram(f"ansimnet_{name}", sentence, labels, registry=REGISTRY, buckets=LATENCY_BUCKETS_S)


FAULTS = counter("faults", "Unexpected errors, by the part that met them.", "part")
JOBS = counter("jobs", "Background jobs and timer ticks, by name and outcome.", "job", "outcome")
JOB_SECONDS = histogram("job_seconds", "How long background jobs take.", "job")


@contextmanager
def timed(into: Histogram, *labels: str) -> Iterator[None]:
    """Observe how long the block takes, in seconds, whether it ends well or not."""
    began_s = monotonic_s()
    try:
        yield
    finally:
        (into.labels(*labels) if labels else into).observe(monotonic_s() - began_s)


def metrics_page() -> bytes:
    """Return all numbers in Prometheus' text form."""
    return generate_latest(REGISTRY)

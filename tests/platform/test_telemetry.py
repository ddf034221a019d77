"""No person reaches a log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from ansimnet.platform import telemetry


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    handlers, level = logging.root.handlers[:], logging.root.level
    stream = io.StringIO()
    telemetry.set_up_logs(form="json", level="debug", out=stream)
    yield stream
    logging.root.handlers[:], logging.root.level = handlers, level
    structlog.reset_defaults()


def last(out: io.StringIO) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return line


def test_personal_fields_are_hidden_at_any_depth(out: io.StringIO) -> None:
    structlog.get_logger("t").info(
        "fix.kept", lat=37.5123, alarm="a-1", nested={"phone": "010-1234-5678", "n": [{"token": "x"}]}
    )
    line = last(out)
    assert line["event"] == "fix.kept"
    assert line["alarm"] == "a-1"
    assert line["lat"] == line["nested"]["phone"] == line["nested"]["n"][0]["token"] == telemetry.HIDDEN
    assert line["level"] == "info"


def test_places_and_passwords_inside_texts_are_hidden(out: io.StringIO) -> None:
    structlog.get_logger("t").warning("at 37.51234, 127.02345 of postgresql://city:hunter2@db/x", took_s=0.123456)
    assert "37.51" not in out.getvalue()
    assert "hunter2" not in out.getvalue()
    assert last(out)["took_s"] == 0.123


def test_the_row_a_database_refused_is_hidden(out: io.StringIO) -> None:
    words = "null value\nDETAIL:  Failing row contains (김보호, 37.5)."
    try:
        raise ValueError(words)
    except ValueError:
        structlog.get_logger("t").exception("store.failed")
    assert "김보호" not in last(out)["exception"]
    assert last(out)["exception"].endswith("builtins.ValueError: [hidden]")


def test_libraries_logs_go_the_same_way(out: io.StringIO) -> None:
    logging.getLogger("some.package").error("connecting to postgresql://city:hunter2@db/x")
    assert "hunter2" not in out.getvalue()
    assert last(out)["logger"] == "some.package"


def test_numbers_are_served() -> None:
    with telemetry.timed(telemetry.JOB_SECONDS, "test.job"):
        pass
    assert b'ansimnet_job_seconds_count{job="test.job"} 1.0' in telemetry.metrics_page()

"""What we publish about our API: the OpenAPI document, with the doors of devices and the form of every refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ansimnet.app.host import Host, assemble
from ansimnet.kernel.clock import SystemClock
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import KeyStore
from ansimnet.platform.link import Link
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import Context
from ansimnet.platform.roles import Urls
from ansimnet.platform.settings import Settings

PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "An expected no (RFC 9457). `type` is stable and may be matched; `detail` and `todo` are for people",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:ansimnet:problem:closing-blocked"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "todo": {"type": "string", "description": "The next step, where there is one."},
    },
    "additionalProperties": True,
}

REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {
        "description": words,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for code, words in (("4XX", "A refusal: what is wrong, and what to do."), ("5XX", "A fault of ours, with its id."))
}

_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}

POSITION: dict[str, Any] = {
    "title": "Position",
    "description": "One fix. Other spellings of common trackers are taken too (`latitude`, `fixTime`, `course` …).",
    "type": "object",
    "required": ["device_id", "seen_at"],
    "properties": {
        "device_id": {**_TEXT, "description": "Name or id of the device; `name` and `id` are taken too."},
        "seen_at": {**_TEXT, "format": "date-time", "description": "When the device saw it, by its own clock."},
        "lat": {**_NUMBER, "description": "Degrees WGS 84; left out where the device knows no place."},
        "lon": _NUMBER,
        "accuracy": {**_NUMBER, "description": "Metres: the radius that holds the truth 68 times in 100."},
        "speed": {**_NUMBER, "description": "m/s"},
        "bearing": {**_NUMBER, "description": "Degrees clockwise from north."},
        "battery": {**_NUMBER, "description": "0 to 100."},
        "tamper": {**_TEXT, "enum": ["strap", "case", "off_body"]},
    },
}

RECEIPT: dict[str, Any] = {
    "title": "Receipt",
    "description": "Given after the commit: what is counted here is kept.",
    "type": "object",
    "required": ["accepted", "duplicate", "late", "refused"],
    "properties": {
        "accepted": {"type": "integer"},
        "duplicate": {"type": "integer"},
        "late": {"type": "integer"},
        "refused": {"type": "array", "items": {"type": "object"}},
    },
}

_RECEIVED = {
    "200": {
        "description": "Committed.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Receipt"}}},
    },
    **{str(code): answer for code, answer in REFUSALS.items()},
}
_OSMAND = [
    {"name": name, "in": "query", "required": needed, "schema": schema}
    for name, needed, schema in (
        ("id", False, _TEXT), ("lat", True, _NUMBER), ("lon", True, _NUMBER), ("timestamp", True, _TEXT),
        ("accuracy", False, _NUMBER), ("speed", False, _NUMBER), ("bearing", False, _NUMBER), ("batt", False, _NUMBER),
        ("alarm", False, _TEXT),
    )
]  # fmt: skip

INGEST: dict[str, Any] = {
    "/ingest/osmand": {
        method: {
            "tags": ["ingest"],
            "summary": "Osmand",
            "description": "One fix in the OsmAnd form, as many trackers send it; bearer token: the device's key.",
            "operationId": f"ingest-osmand-{method}",
            "security": [{"device": []}],
            "parameters": _OSMAND,
            "responses": _RECEIVED,
        }
        for method in ("get", "post")
    },
    "/ingest/positions": {
        "post": {
            "tags": ["ingest"],
            "summary": "Positions",
            "description": "A batch of fixes, or one position as Traccar forwards it; answered after its commit.",
            "operationId": "ingest-positions",
            "security": [{"device": []}],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "properties": {
                                "positions": {"type": "array", "items": {"$ref": "#/components/schemas/Position"}},
                                "position": {"$ref": "#/components/schemas/Position"},
                                "device": {"type": "object", "properties": {"uniqueId": _TEXT}},
                            },
                        }
                    }
                },
            },
            "responses": _RECEIVED,
        }
    },
}
"""The doors of devices are plain routes on the hot path; what they take is written down here."""


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application, in an order that does not depend on chance."""
    document = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes
    )
    document["paths"] = dict(sorted((document["paths"] | INGEST).items()))
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {"Problem": PROBLEM, "Position": POSITION, "Receipt": RECEIPT}
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    document["components"]["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "ansimnet_session"},
        "device": {"type": "http", "scheme": "bearer"},
    }
    return document


def offline(folder: Path) -> Host:
    """Return every slice assembled on a database that is never opened: for looking at what they bring."""
    settings = Settings.model_construct(
        **{name: field.get_default(call_default_factory=True) for name, field in Settings.model_fields.items()}
        | {"data_dir": folder, "web_dist": folder}
    )
    keys = {centre: KeyStore(folder / "keys" / str(centre)) for centre in (TRACKING_CENTRE, CITY_CENTRE)}
    dbs = Dbs.at(Urls("", "", "", ""), keys=keys)
    context = Context(settings, dbs, SystemClock(), MapData(folder / "map"), Link.of(settings, dbs))
    return Host(context, assemble(context))

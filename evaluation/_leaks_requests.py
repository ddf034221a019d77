"""Requests made from the running server's own OpenAPI document: every operation, with ids of the world and wild values.

Two sources of values: ours fills a form with what the world knows (so that a request is as valid as it can be), and
Schemathesis draws what the schema allows and what it does not, where it is installed.
"""

from __future__ import annotations

import json
import logging
import random
import warnings
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from evaluation._leaks_forms import FORMS, POOLS, WORDS, when
from evaluation._leaks_world import WAITING, World

WILD = (
    "00000000-0000-7000-8000-000000000000",
    "not-an-id",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "-1",
    "9" * 400,
    "٣",
    "'; drop table policy_account; --",
    "null",
)
"""What stands in an address instead of an id."""
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SKIPPED = frozenset({"/ingest/osmand", "/ingest/positions", "/link/v1/ask", "/link/v1/tell"})
"""Doors of machines: played by `_leaks_machines`, with keys and signatures in place of sessions."""
MEANT = {
    "/accounts/{account_id}/facilities": ("facility_manager@city",),
    "/accounts/{account_id}/": ("analyst@tracking", "analyst@city"),
    "/footage-rights/{account_id}/": ("tracking_controller@tracking", "centre_operator@city", "police_112@city"),
    "/machines/{account_id}/keys": ("machine@city",),
    "/agencies/{agency_id}/machines": ("machine@city",),
    "/agencies/{agency_id}/keys": ("machine@city",),
    "/cameras/{camera_id}/ptz": ("given1",),
    "/cameras/{camera_id}/onvif": ("given1",),
    "/recordings/{camera_id}/timeline": ("given1",),
    "/vision/alarms/{alarm_id}": ("seen intrusion", "seen violence", "seen collapse"),
    "/vision/cameras/{camera_id}": ("given1",),
    "/city-incidents/{incident_id}": ("seen",),
    "/reviews/{month}/sign": ("last",),
    "/transparency/{centre}/{month}": ("last",),
    "/incidents/{incident_id}/orders/{order_id}/send": ("incident1", WAITING),
    "/alarms/{alarm_id}/report": ("unreported3",),
    "/alarms/{alarm_id}/contest": ("wearer1",),
    "/petitions/{petition_id}/decision": ("wearer3",),
    "/wearers/{wearer_id}/petitions": ("wearer1", "wearer3"),
    "/exports/{export_id}/doubts": ("review",),
    "/exports/{export_id}/review": ("review",),
}
"""Part of an address -> whose ids mean something there, where most of their kind mean nothing."""
RIGHT_SHARE = 0.7
"""Of the requests with known ids, how many are as right in every field as a person's would be."""


@dataclass(slots=True)
class Operation:
    """One operation of the contract."""

    method: str
    path: str
    parameters: list[dict[str, Any]]
    body: dict[str, Any] | None  # JSON schema of the body
    form: bool  # the body is multipart
    function: str  # what answers it
    drawn: list[dict[str, Any]] = field(default_factory=list)  # cases that Schemathesis drew

    @property
    def name(self) -> str:
        """Return how findings name it."""
        return f"{self.method} {self.path}"

    @property
    def writes(self) -> bool:
        """Return whether it may change something."""
        return self.method in WRITES


@dataclass(slots=True)
class Contract:
    """What the server says of itself, and what may be asked of it."""

    document: dict[str, Any]
    operations: list[Operation]


@dataclass(slots=True)
class Shot:
    """One request, before anybody sends it."""

    operation: Operation
    path: str
    used: dict[str, str]  # parameter name -> whose id was put there; "" for a wild one
    body: Any = None
    raw: bytes | None = None
    content_type: str = ""

    @property
    def valid(self) -> bool:
        """Return whether every id in the address is one the world knows."""
        return all(self.used.values())

    @property
    def words(self) -> str:
        """Return everything the client itself said: what comes back of it is no leak."""
        said = self.raw.decode("utf-8", "replace") if self.raw is not None else json.dumps(self.body, default=str)
        return f"{self.path} {said}"


def contract(document: dict[str, Any], seed: int, examples: int) -> Contract:
    """Return every operation of a contract, with values drawn from its schema."""
    found = []
    for path, item in document["paths"].items():
        for method, spec in item.items():
            if path in SKIPPED or method not in {"get", "post", "put", "patch", "delete"}:
                continue
            content = spec.get("requestBody", {}).get("content", {})
            media = content.get("application/json") or content.get("multipart/form-data") or {}
            found.append(
                Operation(
                    method.upper(),
                    path,
                    [*item.get("parameters", []), *spec.get("parameters", [])],
                    media.get("schema"),
                    "multipart/form-data" in content,
                    spec.get("operationId", "").partition("-")[2],
                )
            )
    if examples:
        draw(document, found, seed, examples)
    return Contract(document, found)


def draw(document: dict[str, Any], found: list[Operation], seed: int, examples: int) -> None:
    """Let Schemathesis draw cases for every operation, allowed and not."""
    import hypothesis
    import schemathesis
    from schemathesis import GenerationMode

    by_name = {o.name: o for o in found}
    logging.getLogger("schemathesis").setLevel(logging.ERROR)
    schema = schemathesis.openapi.from_dict(document)
    for result in schema.get_all_operations():
        drawn: Any = result.ok()  # type: ignore[union-attr]
        operation = by_name.get(f"{drawn.method.upper()} {drawn.path}")
        if operation is None:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.NEGATIVE and not operation.parameters and operation.body is None:
                continue  # nothing is asked, so nothing can be asked wrongly
            cases: list[Any] = []
            settings = hypothesis.settings(
                max_examples=examples,
                database=None,
                deadline=None,
                phases=[hypothesis.Phase.generate],
                suppress_health_check=list(hypothesis.HealthCheck),
            )
            given: Any = hypothesis.given(drawn.as_strategy(generation_mode=mode))
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    hypothesis.seed(seed)(settings(given(_keeper(cases))))()
            except hypothesis.errors.Unsatisfiable:
                continue  # the schema forbids nothing
            operation.drawn.extend(_case(c) for c in cases)


def _keeper(cases: list[Any]) -> Any:
    def keep(case: Any) -> None:
        cases.append(case)

    return keep


def _case(case: Any) -> dict[str, Any]:
    """Return a drawn case as plain values; what was left out is None."""
    unset = type(case.body).__name__ == "NotSet"
    return {
        "path": dict(case.path_parameters or {}),
        "query": dict(case.query or {}),
        "body": None if unset else case.body,
    }


class Shooter:
    """Makes shots at operations of one world."""

    def __init__(self, document: dict[str, Any], world: World, rng: random.Random) -> None:
        self.schemas: dict[str, Any] = document.get("components", {}).get("schemas", {})
        self.world = world
        self.rng = rng
        self._near = ""  # the situation that the address is about

    def shot(self, operation: Operation, *, valid: bool, own: str = "") -> Shot:
        """Return one request. `valid` puts the world's ids in the address, those of `own` where it has some."""
        drawn = self.rng.choice(operation.drawn) if operation.drawn and self.rng.random() < 0.4 else None
        used: dict[str, str] = {}
        path, query = operation.path, {}
        meant = next((m for part, m in MEANT.items() if part in path), ())
        self._near = own
        for p in operation.parameters:
            if p.get("in") == "path":
                value, used[p["name"]] = self._named(p, valid, meant, drawn)
                self._near = used[p["name"]] or self._near
                path = path.replace("{" + p["name"] + "}", value)
            elif p.get("in") == "query" and (p.get("required") or self.rng.random() < 0.4):
                query[p["name"]], whose = self._query(p, drawn)
                used |= {p["name"]: whose} if whose else {}
        if query:
            path += "?" + urlencode({k: str(v) for k, v in query.items() if v is not None}, errors="replace")
        shot = Shot(operation, path, used)
        if operation.form:
            shot.raw, shot.content_type = self._upload()
        elif operation.body is not None:
            wild = drawn is not None and not (valid and self.rng.random() < 0.7)
            form = FORMS.get(operation.name) if valid and self.rng.random() < RIGHT_SHARE else None
            if form is not None:
                given: Any = form(self.world, self.rng)
            else:
                given = drawn["body"] if drawn is not None and wild else self.fill(operation.body)
            shot.raw = given if isinstance(given, bytes) else None
            shot.body = None if isinstance(given, bytes) else given
        return shot

    def _named(
        self, p: dict[str, Any], valid: bool, meant: tuple[str, ...], drawn: dict[str, Any] | None
    ) -> tuple[str, str]:
        """Return a value for a part of the address, and whose it is."""
        pool = self.world.ids.get(p["name"], {})
        if not pool and valid and p["schema"].get("format") != "uuid":
            value = str(self.fill(p["schema"], p["name"]))
            return quote(value, safe=""), value
        if valid and pool:
            likely = [w for w in meant if w in pool] or self._fitting(pool)
            whose = self.rng.choice(likely if likely and self.rng.random() < 0.5 else sorted(pool))
            return pool[whose], whose
        if drawn is not None and p["name"] in drawn["path"]:
            return quote(str(drawn["path"][p["name"]]), safe="%") or "-", ""
        others = [v for ids in self.world.ids.values() for v in ids.values() if v not in pool.values()]
        return quote(self.rng.choice([*WILD, *self.rng.sample(others, min(4, len(others)))]), safe="%"), ""

    def _fitting(self, pool: dict[str, str]) -> list[str]:
        """Return whose ids of a pool fit: one's own, else those of the same situation or centre."""
        near = self._near
        return [w for w in pool if w == near] or [w for w in pool if near and w.endswith(near[-1])]

    def _query(self, p: dict[str, Any], drawn: dict[str, Any] | None) -> tuple[Any, str]:
        """Return a value for a part of the query, and whose it is; nobody's where it is no id of the world."""
        if drawn is not None and p["name"] in drawn["query"]:
            return drawn["query"][p["name"]], ""
        pool = self.world.ids.get(p["name"])
        if pool:
            whose = self.rng.choice(sorted(pool))
            return pool[whose], whose
        return self.fill(p.get("schema", {}), p["name"]), ""

    def _upload(self) -> tuple[bytes, str]:
        rows = "\n".join(f"{i},관리기관,{self.rng.choice(['37.5', 'x', ''])},127.0" for i in range(2))
        body = (
            '--b0\r\nContent-Disposition: form-data; name="file"; filename="../../x.csv"\r\n'
            f"Content-Type: text/csv\r\n\r\n{rows}\r\n--b0--\r\n"
        )
        return body.encode(), "multipart/form-data; boundary=b0"

    def fill(self, schema: dict[str, Any], name: str = "") -> Any:
        """Return a value that a schema allows; ids, where a name asks for one, from the world."""
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[-1]]
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                kinds = [s for s in schema[choice] if s.get("type") != "null"] or schema[choice]
                return self.fill(self.rng.choice(kinds), name)
        if "allOf" in schema:
            return self.fill(schema["allOf"][0], name)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.rng.choice(schema["enum"])
        return self._typed(schema, name)

    def _typed(self, schema: dict[str, Any], name: str) -> Any:
        rng = self.rng
        match schema.get("type"):
            case "object":
                needed = set(schema.get("required", ()))
                return {
                    k: self.fill(s, k)
                    for k, s in schema.get("properties", {}).items()
                    if k in needed or rng.random() < 0.5
                }
            case "array":
                if "prefixItems" in schema:
                    return [self.fill(s, name) for s in schema["prefixItems"]]
                least = schema.get("minItems", 0)
                return [self.fill(schema.get("items", {}), name) for _ in range(max(least, rng.randint(0, 2)))]
            case "integer":
                if name in WORDS and rng.random() < RIGHT_SHARE:
                    return int(rng.choice(WORDS[name]))
                return rng.randint(int(schema.get("minimum", 0)), int(schema.get("maximum", 50)))
            case "number":
                return round(rng.uniform(schema.get("minimum", 36.0), schema.get("maximum", 38.0)), 4)
            case "boolean":
                return rng.random() < 0.5
            case "string":
                return self._text(schema, name)
        return {}

    def _text(self, schema: dict[str, Any], name: str) -> str:
        form = schema.get("format")
        if form == "uuid" or name.endswith("_id") or name == "resources":
            pools = self.world.ids.get(POOLS.get(name, name)) or {
                w: i for ids in self.world.ids.values() for w, i in ids.items()
            }
            fitting = self._fitting(pools) if self.rng.random() < RIGHT_SHARE else []
            return pools[self.rng.choice(fitting or sorted(pools))] if pools else str(UUID(int=1))
        known = [*WORDS.get(name, ()), *self.world.ids.get(name, {}).values()]
        if known and self.rng.random() < RIGHT_SHARE:
            return self.rng.choice(known)
        if form == "date-time":
            meant = when(self.world, self.rng, name)
            if meant is not None and self.rng.random() < RIGHT_SHARE:
                return meant
            at: datetime = self.world.at + timedelta(minutes=self.rng.randint(-200, 200))
            return at.isoformat()
        if form == "time":
            return "00:00:00"
        if form == "date":
            return self.world.at.date().isoformat()
        least = max(int(schema.get("minLength", 1)), 1)
        text = "".join(self.rng.choice("abcdefgh12345") for _ in range(min(max(least, 8), 60)))
        return text[: schema.get("maxLength", 60)]

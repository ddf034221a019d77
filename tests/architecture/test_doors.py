"""Every way in names the act it is, or says why anybody may: routes, sockets, pages, jobs, timers, link."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route, WebSocketRoute
from tests.architecture.conftest import Whole

from ansimnet.kernel.permits import Act
from ansimnet.platform.http import Door
from ansimnet.platform.jobs import REGISTRY, Job, Timer

PUBLIC = {
    "/": "pages",
    "/healthz": "alive",
    "/metrics": "counts for loopback",
    "/phone": "pages",
    "/unit": "pages",
    "/me": "pages",
    "/show": "pages",
    "/transparency": "pages",
    "/console-fixtures": "pages",
    "/console": "pages",
    "/api/v1/openapi.json": "the contract",
    "/api/v1/push-key": "a public key",
    "/api/v1/session": "signing in",
    "/api/v1/session/methods": "how to sign in",
    "/api/v1/session/passkey/options": "a challenge that names nobody",
    "/api/v1/session/passkey": "signing in",
    "/api/v1/session/invite": "a one-time code is the proof",
    "/api/v1/session/sso": "leads to the city's own sign-in",
    "/api/v1/session/sso/callback": "the way back from it",
    "/api/v1/phone/enrol": "a phone without an account yet",
    "/api/v1/me/enrol": "a phone without an account yet",
    "/api/v1/transparency": "monthly counts for everybody",
    "/api/v1/transparency/{centre}/{month}": "monthly counts for everybody",
    "/api/v1/ledger/heads": "signed hashes that witnesses keep",
    "/api/v1/ledger/consistency": "hashes between two signed heads",
    "/api/v1/unit/enrol": "a phone without an account yet",
    "/link/v1/tell": "signed by the other centre",
    "/link/v1/ask": "signed by the other centre",
}
"""Every address that answers without a session. A new one is added here by a person who thought about it."""


def doors_of(dependant: Any) -> list[Door]:
    """Return the doors of a route, however deep."""
    found = [dependant.call] if isinstance(dependant.call, Door) else []
    for inner in dependant.dependencies:
        found += doors_of(inner)
    return found


def test_every_route_has_one_door(whole: Whole) -> None:
    without, walked = [], 0
    for route in whole.routes():
        if isinstance(route, APIRoute):
            walked += 1
            doors = doors_of(route.dependant)
            if len(doors) != 1 or not isinstance(doors[0].act, Act):
                without.append(f"{sorted(route.methods or ())} {route.path}: {len(doors)} doors")
            elif doors[0].public_because is not None:
                if len(doors[0].public_because.split()) < 3:
                    without.append(f"{route.path}: `{doors[0].public_because}` is no sentence")
                if route.path not in PUBLIC:
                    without.append(f"{route.path}: is public, and nobody listed it")
    assert without == []
    assert walked > 50


def test_sockets_plain_routes_and_mounts_name_their_act(whole: Whole) -> None:
    others = [r for r in whole.routes() if not isinstance(r, APIRoute)]
    assert {type(r).__name__ for r in others} >= {"APIWebSocketRoute", "Route", "Pages"}
    without = [
        r.path
        for r in others
        if not isinstance(getattr(r, "act", None) or getattr(getattr(r, "endpoint", None), "act", None), Act)
    ]
    assert without == []
    for mount in (r for r in others if isinstance(r, Mount)):
        assert len(getattr(mount, "public_because", "").split()) > 3
    assert all(isinstance(r, Route | WebSocketRoute | Mount) for r in others)


def test_the_walk_misses_no_path_of_the_contract(whole: Whole) -> None:
    walked = {r.path for r in whole.routes()}
    assert set(whole.app.openapi()["paths"]) <= walked


def test_every_job_and_timer_names_its_act_or_says_why_none(whole: Whole) -> None:
    assert whole.host.parts.readers  # every slice is imported
    registered: dict[str, Job | Timer] = {**REGISTRY.jobs, **REGISTRY.timers}
    assert len(registered) >= 3
    for name, one in registered.items():
        if not one.handler.__module__.startswith("ansimnet."):
            continue  # jobs that other tests registered
        assert one.act is not None or len(one.why.split()) >= 4, name
        assert name.count(".") == 1, name


def test_every_reader_and_question_of_the_link_is_somebodys(whole: Whole) -> None:
    slices = {
        "policy",
        "notifications",
        "duties",
        "cameras",
        "footage",
        "vision",
        "tracing",
        "supervision",
        "protection",
        "dispatch",
    }
    names = [(r.centre, r.name) for r in whole.host.parts.readers]
    assert len(set(names)) == len(names)
    assert {n.split(".")[0] for _, n in names} <= slices
    assert {a.split(".")[0] for a in whole.host.parts.link_asks} <= slices
    for name in {*whole.host.parts.link_out, *whole.host.parts.link_in}:
        assert name.kind.split(".")[0] in slices


# ---------------------------------------------------------------------------------------------- answers at the edge


@pytest.fixture
def edge(whole: Whole) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=whole.app, client=("127.0.0.1", 4000), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/nothing", "/api/v2/incidents", "/ingest/nothing", "/link/v1/nothing"]
)
async def test_an_unknown_address_of_the_api_is_a_problem(edge: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await edge.request(method, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:ansimnet:problem:not-found"


async def test_a_known_address_says_which_methods_it_takes(edge: httpx.AsyncClient) -> None:
    answer = await edge.delete("/api/v1/incidents")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.json()["type"] == "urn:ansimnet:problem:method-not-allowed"


@pytest.mark.parametrize("path", ["/nothing", "/assets/nothing.js", "/console.html.bak", "/%2e%2e/pyproject.toml"])
async def test_an_unknown_page_is_not_found(edge: httpx.AsyncClient, path: str) -> None:
    assert (await edge.get(path)).status_code == 404


async def test_pages_and_their_files_are_there_and_post_is_not(edge: httpx.AsyncClient) -> None:
    assert (await edge.get("/")).text == "a page"
    assert (await edge.get("/phone")).text == "a page"
    assert (await edge.get("/assets/a.js")).headers["cache-control"].endswith("immutable")
    assert (await edge.post("/assets/a.js")).status_code == 405


@pytest.mark.parametrize("path", ["/", "/api/v1/nothing", "/api/v1/push-key", "/nothing"])
async def test_every_answer_carries_the_headers(edge: httpx.AsyncClient, path: str) -> None:
    headers = (await edge.get(path)).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    if path.startswith("/api/"):
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/api/v1/session", "/link/v1/tell", "/api/v1/incidents/x/notes"])
async def test_a_body_that_is_too_large_is_read_no_further(edge: httpx.AsyncClient, path: str) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b"x" * (64 << 10)

    answer = await edge.post(path, content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code in {401, 413}  # 401: nobody signed in, so nothing was read
    if path != "/api/v1/incidents/x/notes":
        assert answer.json()["type"] == "urn:ansimnet:problem:too-large"


async def test_broken_json_is_a_problem(edge: httpx.AsyncClient) -> None:
    for body, status in ((b"{", 422), (b"[]", 422), (b"null", 422), (b'{"login": 7}', 422), (b"\xff", 400)):
        answer = await edge.post("/api/v1/session", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


async def test_metrics_are_for_this_machine_alone(whole: Whole) -> None:
    far = httpx.ASGITransport(app=whole.app, client=("10.0.0.7", 4000), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=far, base_url="http://127.0.0.1:8700") as client:
        assert (await client.get("/metrics")).status_code == 404
    near = httpx.ASGITransport(app=whole.app, client=("127.0.0.1", 4000))
    async with httpx.AsyncClient(transport=near, base_url="http://127.0.0.1:8700") as client:
        assert "ansimnet_" in (await client.get("/metrics")).text


@pytest.mark.requirement("CC-03")
async def test_nobody_gets_in_anywhere_without_a_session(whole: Whole, edge: httpx.AsyncClient) -> None:
    """Every route that is not public, with made-up ids: never anything but `sign in first`."""
    open_doors = []
    for route in whole.routes():
        if not isinstance(route, APIRoute) or route.path in PUBLIC:
            continue
        path = route.path_format
        for name in route.param_convertors:
            path = path.replace("{" + name + "}", "00000000-0000-7000-8000-000000000000")
        for method in route.methods or ():
            answer = await edge.request(method, path)
            if answer.status_code != 401:
                open_doors.append(f"{method} {path}: {answer.status_code}")
    assert open_doors == []

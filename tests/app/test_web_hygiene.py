"""What every door owes a browser: cookies, headers, CSRF, bodies, addresses, pauses. Walked, not sampled."""

from __future__ import annotations

import asyncio
import copy
import json
import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.routing import APIRoute

from ansimnet.app.host import Host, assemble
from ansimnet.app.serve import build
from ansimnet.kernel.clock import SimulatedClock, now
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs
from ansimnet.platform.http import Door, Hardened
from ansimnet.platform.link import Link
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import Context
from ansimnet.platform.settings import Settings
from ansimnet.slices.policy import queries as policy

HERE = "http://127.0.0.1:8700"
EVIL = "https://evil.example"
PASSWORD = "정말-긴-비밀번호-07"
SOME_ID = "00000000-0000-7000-8000-000000000000"
JSON = {"content-type": "application/json"}


@dataclass
class Edge:
    """The whole product on a fresh database, and browsers in front of it."""

    app: FastAPI
    dbs: Dbs
    clock: SimulatedClock

    def browser(self, base: str = HERE, address: str = "127.0.0.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, client=(address, 40000), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=base, headers={"user-agent": "Windows"})

    async def account(self, role: Role) -> str:
        login = f"{role.value.replace('_', '-')}-desk"
        async with self.dbs.tracking.transaction() as tx:
            await policy.create_account(
                tx, login=login, role=role, display="관제07", now=self.clock.now(), password=PASSWORD
            )
        return login

    async def signed_in(self, role: Role) -> httpx.AsyncClient:
        client = self.browser()
        answer = await client.post("/api/v1/session", json={"login": await self.account(role), "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        return client

    def writes(self, *, public: bool) -> Iterator[tuple[str, str]]:
        """Yield method and address of every write of the API, with made-up ids."""
        for route in _walk(self.app.router.routes):
            if not isinstance(route, APIRoute) or not route.path.startswith("/api/"):
                continue
            (door,) = _doors(route.dependant)
            if (door.public_because is not None) is not public:
                continue
            path = route.path_format
            for name in route.param_convertors:
                path = path.replace("{" + name + "}", SOME_ID)
            for method in (route.methods or set()) - {"GET", "HEAD"}:
                yield method, path


def _walk(routes: Any, prefix: str = "") -> Iterator[Any]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _walk(inner.routes, prefix + route.include_context.prefix)
        elif prefix:
            placed = copy.copy(route)
            placed.path, placed.path_format = prefix + route.path, prefix + route.path_format
            yield placed
        else:
            yield route


def _doors(dependant: Any) -> list[Door]:
    found = [dependant.call] if isinstance(dependant.call, Door) else []
    for inner in dependant.dependencies:
        found += _doors(inner)
    return found


@pytest.fixture
async def edge(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Edge]:
    pages = tmp_path / "dist"
    (pages / "assets").mkdir(parents=True)
    for page in ("console.html", "phone.html", "unit.html"):
        (pages / page).write_text("a page")
    (pages / "assets" / "a.js").write_text("1")
    (tmp_path / "secret.txt").write_text("SECRET")
    settings = Settings(data_dir=tmp_path / "data", web_dist=pages, database_url=None)
    clock = SimulatedClock(now())
    link = Link.of(settings, dbs)
    context = Context(settings, dbs, clock, MapData(tmp_path / "map"), link)
    yield Edge(build(Host(context, assemble(context))), dbs, clock)
    await link.close()


# ------------------------------------------------------------------------------------------------- CSRF and origins


@pytest.mark.requirement("CC-03")
async def test_every_write_needs_the_sessions_own_token_and_our_own_page(edge: Edge) -> None:
    client = await edge.signed_in(Role.ADMINISTRATOR)
    token = client.headers.pop("x-csrf-token")
    open_doors, walked = [], 0
    for method, path in edge.writes(public=False):
        for headers in ({}, {"x-csrf-token": "0" * 64}, {"x-csrf-token": token, "origin": EVIL}):
            answer = await client.request(method, path, headers=headers)
            walked += 1
            if (answer.status_code, answer.json()["type"]) != (403, "urn:ansimnet:problem:bad-csrf"):
                open_doors.append(f"{method} {path} {headers}: {answer.status_code}")
    assert open_doors == []
    assert walked > 100


async def test_no_foreign_page_signs_anybody_in(edge: Edge) -> None:
    """Signing in as the attacker is an attack too: the victim then works in a stranger's session."""
    taken = []
    for method, path in edge.writes(public=True):
        answer = await edge.browser().request(method, path, json={}, headers={"origin": EVIL})
        if answer.status_code < 400:
            taken.append(f"{method} {path}: {answer.status_code}")
    login = await edge.account(Role.AUDITOR)
    forged = await edge.browser().post(
        "/api/v1/session", json={"login": login, "password": PASSWORD}, headers={"origin": EVIL}
    )
    assert (taken, forged.status_code) == ([], 403)
    assert "set-cookie" not in forged.headers


@pytest.mark.parametrize("path", ["/api/v1/session", "/api/v1/incidents", "/", "/assets/a.js"])
async def test_no_other_origin_is_ever_allowed(edge: Edge, path: str) -> None:
    client = edge.browser()
    asked = {"origin": EVIL, "access-control-request-method": "POST", "access-control-request-headers": "x-csrf-token"}
    for method, headers in (("OPTIONS", asked), ("GET", {"origin": EVIL})):
        answer = await client.request(method, path, headers=headers)
        assert not [h for h in answer.headers if h.startswith("access-control-")]


@pytest.mark.parametrize("origin", [EVIL, "null", "http://127.0.0.1:9999", "http://127.0.0.1:8700.evil.example"])
async def test_the_live_socket_closes_before_a_foreign_page(edge: Edge, origin: str) -> None:
    client = await edge.signed_in(Role.TRACKING_CONTROLLER)
    cookie = "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar)
    said: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        said.append(dict(message))

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    headers = [(b"host", b"127.0.0.1:8700"), (b"cookie", cookie.encode()), (b"origin", origin.encode())]
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/api/v1/live",
        "raw_path": b"/api/v1/live",
        "query_string": b"",
        "root_path": "",
        "headers": [*headers, (b"user-agent", b"Windows")],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8700),
        "subprotocols": [],
        "state": {},
    }
    await edge.app(scope, receive, send)
    assert [m["type"] for m in said] == ["websocket.close"]


# ------------------------------------------------------------------------------------------------- sessions


async def test_cookies_are_for_our_own_pages_alone(edge: Edge) -> None:
    login = await edge.account(Role.AUDITOR)
    for base, secure in ((HERE, False), ("https://ansimnet.example", True)):
        answer = await edge.browser(base).post("/api/v1/session", json={"login": login, "password": PASSWORD})
        (cookie,) = answer.headers.get_list("set-cookie")
        words = {w.strip().lower() for w in cookie.split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/"} <= words
        assert not [w for w in words if w.startswith("domain")]
        assert ("secure" in words) is secure
        assert cookie.startswith("__Host-") is secure


async def test_a_planted_session_is_never_the_one_that_is_signed_in(edge: Edge) -> None:
    login = await edge.account(Role.AUDITOR)
    client = edge.browser()
    client.cookies.set("ansimnet_session", "t.planted", domain="127.0.0.1")
    answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
    fresh = answer.headers["set-cookie"].split("=", 1)[1].split(";")[0]
    assert "planted" not in fresh
    stranger = edge.browser()
    stranger.cookies.set("ansimnet_session", "t.planted", domain="127.0.0.1")
    assert (await stranger.get("/api/v1/session")).status_code == 401
    assert "planted" not in answer.text


async def test_guessing_is_paused_and_the_pause_says_how_long(edge: Edge) -> None:
    login = await edge.account(Role.AUDITOR)
    attacker = edge.browser(address="203.0.113.9")
    for _ in range(6):
        await attacker.post("/api/v1/session", json={"login": login, "password": "guess-guess"})
    paused = await attacker.post("/api/v1/session", json={"login": login, "password": PASSWORD})
    assert paused.status_code == 429
    assert int(paused.headers["retry-after"]) >= 1
    edge.clock.advance(timedelta(seconds=int(paused.headers["retry-after"])))
    assert (await attacker.post("/api/v1/session", json={"login": login, "password": PASSWORD})).status_code == 200


# ------------------------------------------------------------------------------------------------- every answer


ANSWERS = [
    ("GET", "/", 200),
    ("GET", "/phone", 200),
    ("GET", "/assets/a.js", 200),
    ("GET", "/healthz", 200),
    ("GET", "/nothing", 404),
    ("GET", "/api/v1/nothing", 404),
    ("GET", "/api/v1/incidents", 401),
    ("DELETE", "/api/v1/incidents", 405),
    ("POST", "/assets/a.js", 405),
    ("POST", "/api/v1/session", 422),
    ("GET", "/api/v1/openapi.json", 200),
    ("POST", "/link/v1/tell", 422),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
async def test_every_answer_carries_the_headers(edge: Edge, method: str, path: str, status: int) -> None:
    answer = await edge.browser().request(method, path)
    assert answer.status_code == status
    headers = answer.headers
    policy_ = headers["content-security-policy"]
    for directive in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in policy_
    assert "'unsafe-eval'" not in policy_.replace("'wasm-unsafe-eval'", "")
    assert headers["x-frame-options"] == "DENY"  # for browsers older than frame-ancestors
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    opens = "camera=(self)" if path == "/phone" else "camera=()"  # the one page that shows a scene, and never by sound
    assert headers["permissions-policy"].startswith(f"{opens}, microphone=()")
    assert "server" not in headers
    assert "x-powered-by" not in headers
    assert headers["content-type"]
    if path.startswith(("/api/", "/link/")):
        assert headers["cache-control"] == "no-store"
        if status >= 400:
            assert headers["content-type"] == "application/problem+json"


async def test_a_fault_says_nothing_of_its_cause(edge: Edge) -> None:
    async def broken() -> None:
        raise RuntimeError("SECRET in some_module.py")

    edge.app.add_api_route("/api/v1/broken", broken)
    answer = await edge.browser().get("/api/v1/broken")
    assert answer.status_code == 500
    assert "SECRET" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


# ------------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "/assets//etc/passwd",
        "/%00",
        "/assets/a.js%00.html",
        "/" + "a" * 5000,
    ],
)
async def test_no_address_leaves_the_built_pages(edge: Edge, path: str) -> None:
    answer = await edge.browser().get(path)
    assert answer.status_code in {400, 404}
    assert "SECRET" not in answer.text
    assert "root:" not in answer.text


async def test_the_contract_is_written_once_however_often_anybody_asks(edge: Edge) -> None:
    answers = [await edge.browser().get("/api/v1/openapi.json") for _ in range(3)]
    assert {a.content for a in answers} == {answers[0].content}
    assert answers[0].json()["paths"].keys() == edge.app.openapi()["paths"].keys()
    assert edge.app.openapi() is edge.app.openapi()  # half a second of work that a stranger could ask for


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/%2e%2e", "/\\evil.example", "/phone/", "/assets"])
async def test_nobody_is_sent_elsewhere(edge: Edge, path: str) -> None:
    answer = await edge.browser().get(HERE + path)
    assert "evil.example" not in answer.headers.get("location", "")


async def test_the_host_header_is_believed_for_nothing(edge: Edge) -> None:
    login = await edge.account(Role.AUDITOR)
    for path in ("/", "/api/v1/openapi.json", "/api/v1/session/methods", "/phone", "/api/v1/nothing"):
        answer = await edge.browser().get(path, headers={"host": "evil.example"})
        assert "evil.example" not in answer.text
        assert "evil.example" not in str(answer.headers)
    answer = await edge.browser().post(
        "/api/v1/session", json={"login": login, "password": PASSWORD}, headers={"host": "evil.example"}
    )
    cookies = answer.headers.get_list("set-cookie")
    assert all("; Secure" in c and "evil" not in c for c in cookies)  # plain HTTP elsewhere gets no usable cookie


# ------------------------------------------------------------------------------------------------- bodies


BODIES = [
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"login": "a\\u0000b", "code": "\\u0000", "reason": "\\u0000", "text": "\\u0000", "name": "\\u0000"}',
    b'{"a": ' + b"9" * 5000 + b"}",
    b"[" * 20_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"a": NaN}',
    b'{"__proto__": {"role": "administrator"}}',
]


@pytest.mark.parametrize("public", [True, False])
async def test_no_body_breaks_a_door(edge: Edge, public: bool) -> None:
    client = edge.browser() if public else await edge.signed_in(Role.ADMINISTRATOR)
    broken = []
    for method, path in list(edge.writes(public=public)):
        if (method, path) == ("DELETE", "/api/v1/session"):
            continue
        for body in BODIES:
            answer = await client.request(method, path, content=body, headers=JSON)
            if answer.status_code >= 500:
                broken.append(f"{method} {path} {body[:40]!r}: {answer.status_code}")
            elif answer.status_code >= 400 and answer.headers["content-type"] != "application/problem+json":
                broken.append(f"{method} {path} {body[:40]!r}: {answer.headers['content-type']}")
        if "password" in path or "sessions" in path:
            continue
    assert broken == []


async def test_a_body_that_never_ends_is_given_up(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hardened, "patience_s", 0.05)

    async def drip() -> AsyncIterator[bytes]:
        yield b'{"login": "'
        await asyncio.sleep(3)
        yield b'x"}'

    answer = await edge.browser().post("/api/v1/session", content=drip(), headers=JSON)
    assert answer.status_code == 408
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_oversized_body_is_read_no_further(edge: Edge) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * (64 << 10)

    answer = await edge.browser().post("/api/v1/session", content=endless(), headers=JSON)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/html"]
)
async def test_a_plain_form_of_a_foreign_page_is_no_json(edge: Edge, kind: str) -> None:
    """A browser sends these without asking first; none of them may be read as a write."""
    login = await edge.account(Role.AUDITOR)
    body = json.dumps({"login": login, "password": PASSWORD}).encode()
    answer = await edge.browser().post("/api/v1/session", content=body, headers={"content-type": kind, "origin": EVIL})
    assert answer.status_code in {403, 415, 422}
    assert "set-cookie" not in answer.headers


# ------------------------------------------------------------------------------------------------- on the wire


@asynccontextmanager
async def _on_the_wire(edge: Edge) -> AsyncIterator[int]:
    port = next(p for p in random.sample(range(18_000, 32_000), 50) if _free(p))
    server = uvicorn.Server(
        uvicorn.Config(
            edge.app, host="127.0.0.1", port=port, log_config=None, lifespan="off", server_header=False, ws="none"
        )
    )
    task = asyncio.create_task(server.serve())
    while not server.started and not task.done():
        await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        await task


def _free(port: int) -> bool:
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) != 0


HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 4\r\nContent-Length: 60\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Content-Length: +4\r\n",
        b"Content-Length : 4\r\n",
    ],
)
async def test_no_request_hides_in_another(edge: Edge, head: bytes) -> None:
    """Where two servers could disagree on the length of a body, ours reads neither: nothing behind it is answered."""
    async with _on_the_wire(edge) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /api/v1/nothing HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n0\r\n\r\n" + HIDDEN)
        await writer.drain()
        writer.write_eof()
        async with asyncio.timeout(10):
            said = await reader.read()
        writer.close()
    assert b'"status":"ok"' not in said
    assert said.count(b"HTTP/1.1 ") <= 1

"""One request at the application's own interface: no socket between, so that a hundred thousand take minutes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message


@dataclass(slots=True)
class Answer:
    """What came back: everything a client could read."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    @property
    def cookie(self) -> str:
        """Return the session cookie that was set, or nothing."""
        for name, value in self.headers:
            if name == b"set-cookie" and b"ansimnet_session=" in value:
                return value.decode().split("=", 1)[1].split(";")[0].strip('"')
        return ""

    @property
    def text(self) -> str:
        """Return headers and body as one text: where a canary could show."""
        heads = b"\n".join(n + b": " + v for n, v in self.headers)
        return (heads + b"\n\n" + self.body).decode("utf-8", "replace")


async def call(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    headers: list[tuple[str, str]],
    body: Any = None,
    raw: bytes | None = None,
    client: str = "127.0.0.1",
) -> Answer:
    """Send one request and return the whole answer; a fault that reaches the server counts as 500."""
    where, _, query = path.partition("?")
    sent = raw if raw is not None else b"" if body is None else json.dumps(body, default=str).encode()
    head = [(n.lower().encode(), v.encode("utf-8", "surrogateescape")) for n, v in headers]
    if sent:
        if not any(n == b"content-type" for n, _ in head):
            head.append((b"content-type", b"application/json"))
        head.append((b"content-length", str(len(sent)).encode()))
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(where, errors="replace"),
        "raw_path": where.encode("utf-8", "replace"),
        "query_string": query.encode("utf-8", "replace"),
        "root_path": "",
        "headers": head,
        "client": (client, 40000),
        "server": ("127.0.0.1", 8700),
        "state": {},
    }
    answer = Answer()
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": sent, "more_body": False}

    parts: list[bytes] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    try:
        await app(scope, receive, send)
    except Exception:  # what no handler took: a server hangs up in the middle of whatever it had begun to say
        answer.status = 500
    answer.body = b"".join(parts)
    return answer

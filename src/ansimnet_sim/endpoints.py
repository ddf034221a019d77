"""The others: 112's desk, a push service, a gateway for texts and calls. One small HTTP server of our own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansimnet.kernel.clock import now
from ansimnet_sim.webpush import BadPush, Subscription

MOST_BODY = 1 << 20


@dataclass(frozen=True, slots=True)
class Call:
    """One request that arrived."""

    at: datetime
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> object:
        """Return the body read as JSON, or None."""
        try:
            found: object = json.loads(self.body)
            return found
        except ValueError:
            return None


Answer = tuple[int, dict[str, object] | None]


@dataclass(slots=True)
class Others:
    """Everybody the centre talks to over HTTP, on one loopback port."""

    delay_s: float = 0.0
    """How long 112 takes to acknowledge."""
    deaf: bool = False
    """112 does not answer (503)."""
    police: list[Call] = field(default_factory=list)
    police_answered: list[datetime] = field(default_factory=list)
    texts: list[Call] = field(default_factory=list)
    voices: list[Call] = field(default_factory=list)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    push_refused: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    push_port: int = 0
    ca_file: Path | None = None
    """Certificate of the push service: what a server's `push_ca_file` names."""
    _receipts: dict[str, str] = field(default_factory=dict)
    _servers: list[asyncio.Server] = field(default_factory=list)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def police_url(self) -> str:
        """Return where 112 takes requests."""
        return f"{self.base_url}/112/requests"

    @property
    def text_url(self) -> str:
        return f"{self.base_url}/gateway/sms"

    @property
    def voice_url(self) -> str:
        return f"{self.base_url}/gateway/voice"

    @property
    def push_url(self) -> str:
        """Return the origin of the push service: HTTPS with a certificate of its own (`ca_file`)."""
        return f"https://localhost:{self.push_port}"

    async def start(self, folder: Path, port: int = 0) -> None:
        """Listen on loopback: plainly as 112 and the gateways, with TLS as the push service."""
        plain = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.ca_file, context = certificate(folder)
        secure = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self._servers = [plain, secure]
        self.port, self.push_port = (s.sockets[0].getsockname()[1] for s in self._servers)

    async def stop(self) -> None:
        """Close both ports and hang up."""
        for server in self._servers:
            server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    def subscribe(self, server_key: bytes | None = None) -> Subscription:
        """Return a fresh push subscription that this service answers for."""
        token = secrets.token_urlsafe(24)
        self.subscriptions[token] = Subscription(f"{self.push_url}/push/{token}", server_key=server_key)
        return self.subscriptions[token]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ValueError, asyncio.LimitOverrunError):
            while True:
                call = await _read(reader)
                status, body = await self._route(call)(call)
                data = json.dumps(body).encode() if body is not None else b""
                kind = "Content-Type: application/json\r\n" if data else ""
                head = (
                    f"HTTP/1.1 {status} {'OK' if status < 400 else 'No'}\r\n{kind}Content-Length: {len(data)}\r\n\r\n"
                )
                writer.write(head.encode() + data)
                await writer.drain()
        self._open.discard(writer)
        writer.close()

    def _route(self, call: Call) -> Callable[[Call], Awaitable[Answer]]:
        if call.path.startswith("/112"):
            return self._police
        if call.path.startswith("/push/"):
            return self._push
        if call.path.startswith("/gateway/voice"):
            return self._voice
        return self._text

    async def _police(self, call: Call) -> Answer:
        """Take the request, answer with a receipt: asked twice with the same Idempotency-Key, answered the same."""
        self.police.append(call)
        self.arrived.set()
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.deaf:
            return 503, {"title": "112 does not answer"}
        wanted = call.headers.get("idempotency-key") or secrets.token_hex(8)
        receipt = self._receipts.setdefault(wanted, f"112-{len(self._receipts) + 1:04d}")
        self.police_answered.append(now())
        return 200, {"receipt": receipt, "received_at": now().isoformat()}

    async def _push(self, call: Call) -> Answer:
        found = self.subscriptions.get(call.path.removeprefix("/push/"))
        if found is None:
            return 410, None
        try:
            found.receive(call.body, call.headers, self.push_url)
        except BadPush as e:
            self.push_refused.append(e.message)
            return 403, {"title": e.message}
        self.arrived.set()
        return 201, None

    async def _voice(self, call: Call) -> Answer:
        self.voices.append(call)
        self.arrived.set()
        return 200, {"accepted": True, "id": secrets.token_hex(6)}

    async def _text(self, call: Call) -> Answer:
        self.texts.append(call)
        self.arrived.set()
        return 200, {"accepted": True, "id": secrets.token_hex(6)}


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Write a fresh certificate for localhost; return its file and a server context that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulated push service")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(hours=1))
        .not_valid_after(now() + timedelta(days=30))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    public, private = folder / "push-ca.pem", folder / "push-key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


async def _read(reader: asyncio.StreamReader) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    headers = {k.strip().lower(): v.strip() for k, v in (h.split(":", 1) for h in head[1:] if ":" in h)}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
    else:
        length = int(headers.get("content-length", "0"))
        if length > MOST_BODY:
            raise ValueError("too large")
        body = await reader.readexactly(length)
    return Call(now(), method, path, headers, body)

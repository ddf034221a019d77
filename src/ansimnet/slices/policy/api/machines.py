"""Machines at the door: a request that signs itself, or that a trusted proxy vouches for, needs no session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from starlette.requests import HTTPConnection

from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.kernel.permits import Act
from ansimnet.platform.settings import Settings
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.rules import signatures
from ansimnet.slices.policy.rules.signatures import BadSignature
from ansimnet.slices.policy.service.machines import Machines

OF_PEOPLE = frozenset(
    {Act.SIGN_IN, Act.READ_OWN, Act.MANAGE_OWN, Act.MANAGE_ACCOUNTS, Act.MANAGE_AGENCIES, Act.APPROVE}
)
"""Doors that a machine never passes, whatever its role: sessions, accounts and second persons are people's."""
_OWN_PORT = {"http": ":80", "https": ":443"}


class NotForMachines(Refusal):
    """A person does this."""

    kind = Kind.FORBIDDEN
    name = "not-for-machines"


def install(app: FastAPI, machines: Machines, settings: Settings) -> None:
    """Let an application's resolver know machines, before it looks for a session."""
    by_session: Callable[[HTTPConnection], Awaitable[Account]] = app.state.sign_in
    proxies = frozenset(p.strip() for p in settings.mtls_proxies.split(",") if p.strip())
    header = settings.mtls_header.lower() if settings.mtls_header is not None and proxies else None

    async def sign_in(connection: HTTPConnection) -> Account:
        if not isinstance(connection, Request):
            return await by_session(connection)
        if "signature-input" in connection.headers or "signature" in connection.headers:
            return _only_machines(connection, await machines.signed(await _read(connection)))
        vouched = None if header is None else _vouched(connection, header, proxies)
        if vouched is not None:
            return _only_machines(connection, await machines.certified(vouched))
        return await by_session(connection)

    app.state.sign_in = sign_in


def _only_machines(request: Request, account: Account) -> Account:
    if request.scope.get("ansimnet.act") in OF_PEOPLE:
        raise NotForMachines
    request.state.stepped_up = False
    return account


def _vouched(request: Request, header: str, proxies: frozenset[str]) -> bytes | None:
    """Return the fingerprint that a trusted proxy put in its header; anybody else's header is not read.

    Raises:
        BadSignature: the proxy's header holds no SHA-256.
    """
    value = request.headers.get(header)
    if value is None or request.client is None or request.client.host not in proxies:
        return None
    try:
        fingerprint = bytes.fromhex(value.replace(":", "").strip())
    except ValueError as e:
        raise BadSignature("the proxy gave no fingerprint") from e
    if len(fingerprint) != 32:
        raise BadSignature("the proxy gave no fingerprint")
    return fingerprint


async def _read(request: Request) -> signatures.Request:
    """Return what of a request is signed.

    Raises:
        BadSignature: its body was read as a form already, so that nobody can say what was signed.
    """
    try:
        body = await request.body()
    except RuntimeError as e:
        raise BadSignature("this route takes no signed requests") from e
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return signatures.Request(
        method=request.method,
        authority=request.headers.get("host", "").lower().removesuffix(_OWN_PORT.get(request.url.scheme, "")),
        path=raw.split(b"?")[0].decode("ascii", "replace"),
        query=request.scope.get("query_string", b"").decode("ascii", "replace"),
        body=body,
        digest=request.headers.get("content-digest"),
        signature_input=request.headers.get("signature-input", ""),
        signature=request.headers.get("signature", ""),
    )

"""A single sign-on of our own (OpenID Connect) on a real port: codes, PKCE, keys that change, and lies on demand."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from ansimnet.app.demo.stage import free_port
from ansimnet.kernel.clock import Clock

CLIENT, SECRET = "ansimnet", "a-client-secret-of-a-test"


@dataclass
class Provider:
    """What it will say of whoever comes back; `lie` overrides claims, `alg` and `key_of` the signature."""

    port: int
    clock: Clock
    subject: str = "s-1234"
    methods: list[str] = field(default_factory=lambda: ["pwd", "otp"])
    lie: dict[str, Any] = field(default_factory=dict)
    hide: set[str] = field(default_factory=set)
    names_issuer: str | None = None
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1", "use": "sig"}))
    sign_with: Any = None
    alg: str = "ES256"
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """Its name, which is its address."""
        return f"http://127.0.0.1:{self.port}"

    def signs_in(self, query: dict[str, str]) -> str:
        """Return the code somebody brings back after signing in there."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return code

    def token(self, nonce: str) -> str:
        """Return an id token."""
        at = int(self.clock.now().timestamp())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": self.subject, "exp": at + 300, "iat": at, "nonce": nonce,
            "auth_time": at, "amr": self.methods,
        } | self.lie  # fmt: skip
        claims = {k: v for k, v in claims.items() if k not in self.hide}
        key = self.sign_with or self.key
        head = {"alg": self.alg, "kid": self.key.kid}
        if isinstance(key, OctKey):
            return jwt.encode(head, claims, key, algorithms=["HS256"])
        return jwt.encode(head, claims, key)

    def turn_key(self, kid: str) -> None:
        """Sign with another key from now on, and publish it."""
        self.key = ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})

    def app(self) -> FastAPI:
        """Return its pages for machines."""
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def about() -> dict[str, str]:
            self.asked.append("about")
            return {
                "issuer": self.names_issuer or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }

        @app.get("/keys")
        async def keys() -> dict[str, Any]:
            self.asked.append("keys")
            return {"keys": [self.key.as_dict(private=False)]}

        @app.post("/token")
        async def token(request: Request) -> JSONResponse:
            self.asked.append("token")
            form = await request.form()
            basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            asked = self.codes.pop(str(form.get("code")), None)
            verifier = str(form.get("code_verifier", ""))
            challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
            right = (
                request.headers.get("authorization") == f"Basic {basic}"
                and asked is not None
                and asked["code_challenge"] == challenge
                and asked["code_challenge_method"] == "S256"
                and asked["redirect_uri"] == form.get("redirect_uri")
            )
            if not right or asked is None:
                return JSONResponse({"error": "invalid_grant"}, status_code=400)
            return JSONResponse({"id_token": self.token(asked["nonce"]), "token_type": "Bearer", "access_token": "x"})

        return app


@asynccontextmanager
async def running(clock: Clock) -> AsyncIterator[Provider]:
    """Run a provider on a free port."""
    provider = Provider(free_port(), clock)
    server = uvicorn.Server(uvicorn.Config(provider.app(), host="127.0.0.1", port=provider.port, log_level="warning"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    try:
        yield provider
    finally:
        server.should_exit = True
        await task

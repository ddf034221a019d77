#!/usr/bin/env python3
"""A machine of another agency against Ansimnet's open API: `httpx` and `cryptography`, nothing of ours.

    python examples/agency_client.py new-key agency.key
    python examples/agency_client.py --base http://127.0.0.1:8700 --key agency.key --key-id … GET /api/v1/status

An agency's machine has no password and no session. It signs each request: HTTP message signatures (RFC 9421) with
Ed25519 over method, authority, path and query, and over the digest (RFC 9530) of a body. `new-key` writes a private key
and prints the public one; an administrator of the centre registers that and gives back the key's id. From then on the
machine may do what the table of rules and the agreement with its agency allow, until the agreement ends.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

TAG = "ansimnet-agency"
OWN_PORT = {"http": 80, "https": 443}


def new_key(file: Path) -> str:
    """Write a private key that only its owner reads (0600), and return the public one, base64."""
    key = Ed25519PrivateKey.generate()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


@dataclass(frozen=True)
class Signer(httpx.Auth):
    """Signs each request of an `httpx` client."""

    key_id: str
    key: Ed25519PrivateKey
    requires_request_body = True

    def auth_flow(self, request: httpx.Request) -> Any:
        """Add `Signature-Input`, `Signature` and, for a body, `Content-Digest`."""
        request.headers.update(self.sign(request.method, str(request.url), request.content))
        yield request

    def sign(
        self, method: str, url: str, body: bytes, *, created: int | None = None, nonce: str = ""
    ) -> dict[str, str]:
        """Return the headers that sign a request. `created` is in seconds since 1970; each nonce opens once."""
        to = urlsplit(url)
        port = "" if to.port in (None, OWN_PORT.get(to.scheme)) else f":{to.port}"
        signed = {
            "@method": method.upper(),
            "@authority": f"{(to.hostname or '').lower()}{port}",
            "@path": to.path or "/",
            "@query": f"?{to.query}",
        }
        headers = {}
        if body:
            headers["Content-Digest"] = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
            signed["content-digest"] = headers["Content-Digest"]
        names = " ".join(f'"{name}"' for name in signed)
        parameters = (
            f'({names});created={int(time.time()) if created is None else created};keyid="{self.key_id}"'
            f';nonce="{nonce or secrets.token_urlsafe(18)}";alg="ed25519";tag="{TAG}"'
        )
        lines = [*(f'"{name}": {value}' for name, value in signed.items()), f'"@signature-params": {parameters}']
        signature = self.key.sign("\n".join(lines).encode())
        headers["Signature-Input"] = f"sig1={parameters}"
        headers["Signature"] = f"sig1=:{base64.b64encode(signature).decode()}:"
        return headers


def client(base: str, key_id: str, key_file: Path, *, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return a client whose every request is signed by a key in a file."""
    key = Ed25519PrivateKey.from_private_bytes(key_file.read_bytes())
    return httpx.Client(base_url=base, auth=Signer(key_id, key), timeout=20.0, trust_env=False, transport=transport)


def main(argv: list[str] | None = None) -> int:
    """Make a key, or send one signed request and print the answer."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["new-key"] and len(words) == 2:
        print(json.dumps({"public_key": new_key(Path(words[1]))}))
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--base", default="http://127.0.0.1:8700")
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--key-id", required=True)
    parser.add_argument("method", choices=["GET", "POST"])
    parser.add_argument("path")
    parser.add_argument("body", nargs="?", help="JSON of a POST")
    asked = parser.parse_args(words)
    with client(asked.base, asked.key_id, asked.key) as http:
        answer = http.request(asked.method, asked.path, json=None if asked.body is None else json.loads(asked.body))
    print(json.dumps(answer.json() if answer.content else {"status": answer.status_code}, ensure_ascii=False))
    return 0 if answer.is_success else 1


if __name__ == "__main__":
    sys.exit(main())

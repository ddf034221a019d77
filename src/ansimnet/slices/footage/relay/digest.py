"""Answer an RTSP server's challenge: HTTP Digest (RFC 7616, RFC 2617) and, only where allowed, Basic."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ansimnet.kernel.errors import Refusal

_PART = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_HASHES: dict[str, Callable[[bytes], str]] = {
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}
_RANK = ("SHA-256", "MD5")
"""Strongest first; what a camera offers beyond these is not answered."""


class NoLogin(Refusal):
    """The camera asks for a login that we do not have, or in a way that we do not allow."""

    name = "camera-login"


@dataclass(frozen=True, slots=True)
class Login:
    """A camera's account. Its text form hides the password, so that a log line cannot leak it."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One `WWW-Authenticate` header, read."""

    scheme: str  # "digest" | "basic"
    realm: str
    nonce: str = ""
    algorithm: str = "MD5"
    session: bool = False  # the `-sess` variant of the algorithm
    qop_auth: bool = False
    opaque: str | None = None
    stale: bool = False


def read_challenge(header: str) -> Challenge | None:
    """Return the challenge of one header, or None where its scheme or algorithm is unknown.

    >>> read_challenge('Digest realm="cam", nonce="ab", qop="auth,auth-int"').qop_auth
    True
    """
    scheme, _, rest = header.strip().partition(" ")
    parts = {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _PART.finditer(rest)}
    if scheme.lower() == "basic":
        return Challenge("basic", parts.get("realm", ""))
    algorithm, session, more = parts.get("algorithm", "MD5").upper().partition("-SESS")
    if scheme.lower() != "digest" or algorithm not in _HASHES or more or not parts.get("nonce"):
        return None
    return Challenge(
        scheme="digest",
        realm=parts.get("realm", ""),
        nonce=parts["nonce"],
        algorithm=algorithm,
        session=bool(session),
        qop_auth="auth" in [q.strip().lower() for q in parts.get("qop", "").split(",")],
        opaque=parts.get("opaque"),
        stale=parts.get("stale", "").lower() == "true",
    )


def choose(headers: Sequence[str], *, allow_basic: bool) -> Challenge:
    """Return the strongest challenge that we may answer.

    Raises:
        NoLogin: nothing but schemes that are unknown, or Basic where it is not allowed.
    """
    known = [c for c in map(read_challenge, headers) if c is not None]
    for algorithm in _RANK:
        for challenge in known:
            if challenge.scheme == "digest" and challenge.algorithm == algorithm:
                return challenge
    basic = next((c for c in known if c.scheme == "basic"), None)
    if basic is not None and allow_basic:
        return basic
    if basic is not None:
        raise NoLogin("the camera only offers Basic, which sends the password in the clear")
    raise NoLogin("the camera offers no way to sign in that we know")


def answer(challenge: Challenge, login: Login, *, method: str, uri: str, count: int, cnonce: str) -> str:
    """Return the `Authorization` header. `count` is how often this nonce was used, from 1."""
    if challenge.scheme == "basic":
        return "Basic " + base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
    digest = _HASHES[challenge.algorithm]
    secret = digest(f"{login.user}:{challenge.realm}:{login.password}".encode())
    if challenge.session:
        secret = digest(f"{secret}:{challenge.nonce}:{cnonce}".encode())
    asked = digest(f"{method}:{uri}".encode())
    nc = f"{count:08x}"
    proof = f"{challenge.nonce}:{nc}:{cnonce}:auth" if challenge.qop_auth else challenge.nonce
    fields = [
        f'username="{_quote(login.user)}"',
        f'realm="{challenge.realm}"',
        f'nonce="{challenge.nonce}"',
        f'uri="{uri}"',
        f'response="{digest(f"{secret}:{proof}:{asked}".encode())}"',
        f"algorithm={challenge.algorithm}{'-sess' if challenge.session else ''}",
    ]
    if challenge.qop_auth:
        fields += ["qop=auth", f"nc={nc}"]
    if challenge.qop_auth or challenge.session:
        fields.append(f'cnonce="{cnonce}"')
    if challenge.opaque is not None:
        fields.append(f'opaque="{challenge.opaque}"')
    return "Digest " + ", ".join(fields)


def _quote(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"')

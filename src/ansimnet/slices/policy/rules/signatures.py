"""Signed requests of machines: a strict subset of HTTP message signatures (RFC 9421) and content digests (RFC 9530).

One signature per request, Ed25519, over method, authority, path, query and, where there is a body, its digest; with an
instant, a nonce and the id of the key. Whatever is not exactly that is refused. Pure: bytes in, a verdict out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ansimnet.kernel.errors import Kind, Refusal

WINDOW = timedelta(seconds=60)
"""How old, or how far ahead of our clock, a request may be: as for the link between centres."""
TAG = "ansimnet-agency"
"""What the signature is for, so that one made for another system's door does not open ours (RFC 9421 §2.3)."""
ALWAYS = ("@method", "@authority", "@path", "@query")
DIGEST = "content-digest"

_INPUT = re.compile(
    r'([a-z][a-z0-9_-]{0,30})=(\(((?:"[@a-z-]+" ?)+)\)((?:;[a-z]+=(?:"[!#-~ ]{0,128}"|\d{1,12})){4,8}))'
)
_PARAMETER = re.compile(r';([a-z]+)=(?:"([!#-~ ]{0,128})"|(\d{1,12}))')
_SIGNATURE = re.compile(r"([a-z][a-z0-9_-]{0,30})=:([A-Za-z0-9+/=]{1,128}):")
_NONCE = re.compile(r"[A-Za-z0-9_+/=-]{16,64}")


class BadSignature(Refusal):
    """The request is not signed as it must be."""

    kind = Kind.UNAUTHENTICATED
    name = "bad-signature"


class StaleRequest(BadSignature):
    """The request is too old, or from a clock far ahead of ours."""

    name = "stale-message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What of a request is signed. `authority` is host and port, lower case, a scheme's own port left out."""

    method: str
    authority: str
    path: str
    query: str
    body: bytes
    digest: str | None
    signature_input: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a request says of itself before anybody believes it."""

    key_id: UUID
    created_at: datetime
    nonce: str
    base: bytes
    signature: bytes


def digest_of(body: bytes) -> str:
    """Return the `Content-Digest` of a body.

    >>> digest_of(b'{"hello": "world"}')
    'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'
    """
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def base_of(request: Request, components: tuple[str, ...], parameters: str) -> bytes:
    """Return the bytes that are signed (RFC 9421 §2.5).

    Raises:
        BadSignature: a component that we do not take.
    """
    values = {
        "@method": request.method.upper(),
        "@authority": request.authority,
        "@path": request.path or "/",
        "@query": f"?{request.query}",
        DIGEST: request.digest or "",
    }
    if any(c not in values for c in components):
        raise BadSignature("a component is signed that this server does not take", takes=[*values])
    lines = [f'"{c}": {values[c]}' for c in components]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()


def read_claim(request: Request, now: datetime) -> Claim:
    """Return what a signed request claims, once its form, its body and its age are right. The signature is not checked.

    Raises:
        BadSignature: another form, a part left unsigned, or a body that its digest does not fit.
        StaleRequest: signed more than a minute ago, or as far ahead.
    """
    found = _INPUT.fullmatch(request.signature_input.strip())
    value = _SIGNATURE.fullmatch(request.signature.strip())
    if found is None or value is None or found[1] != value[1]:
        raise BadSignature("send one signature in Signature-Input and Signature (RFC 9421)")
    components = tuple(re.findall(r'"([@a-z-]+)"', found[3]))
    told = {m[1]: m[2] if m[2] is not None else m[3] for m in _PARAMETER.finditer(found[4])}
    wanted = {*ALWAYS, *([DIGEST] if request.body else [])}
    if len(set(components)) != len(components) or not wanted <= set(components):
        raise BadSignature("sign method, authority, path and query, and the digest of a body", signs=sorted(wanted))
    if told.get("alg") != "ed25519" or told.get("tag") != TAG or not _NONCE.fullmatch(told.get("nonce", "")):
        raise BadSignature("give alg ed25519, our tag, and a nonce of 16 to 64 characters", tag=TAG)
    if request.body and not hmac.compare_digest((request.digest or "").strip(), digest_of(request.body)):
        raise BadSignature("the body is not the one that was signed")
    try:
        key_id, created_at = UUID(told["keyid"]), datetime.fromtimestamp(int(told["created"]), UTC)
        signature = base64.b64decode(value[2], validate=True)
    except (KeyError, ValueError, OverflowError, OSError, binascii.Error) as e:
        raise BadSignature("give keyid and created") from e
    if abs(now - created_at) > WINDOW:
        raise StaleRequest(todo="check your clock", skew_s=round((created_at - now).total_seconds(), 3))
    base = base_of(request, components, found[2])
    return Claim(key_id=key_id, created_at=created_at, nonce=told["nonce"], base=base, signature=signature)


def verify(claim: Claim, public_key: bytes) -> None:
    """Check the signature under a claim.

    Raises:
        BadSignature: it is not by this key.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(claim.signature, claim.base)
    except (InvalidSignature, ValueError) as e:
        raise BadSignature("the signature is not by that key") from e

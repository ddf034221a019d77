"""Passwords, tokens and codes: how they are drawn and how they are kept. What is stored opens nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ansimnet.kernel.errors import Kind, Refusal

HASHER = PasswordHasher()
"""argon2id with the second recommended parameters of RFC 9106 (3 passes, 64 MiB, 4 lanes): about 0.1 s here."""
_AT_ONCE = 2
"""Hashes at a time: a flood of sign-ins may take 128 MiB, not the machine."""
SHORTEST_PASSWORD = 10
"""Characters (ours; KISA's guide asks 8 of three classes or 10 of two)."""
LONGEST_PASSWORD = 200
_DUMMY = HASHER.hash(secrets.token_urlsafe(16))
"""Compared where there is no such login, so that the answer takes as long."""
_CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing that is read as something else."""

_gates: dict[int, asyncio.Semaphore] = {}


class WeakPassword(Refusal):
    """A password needs at least 10 characters."""

    kind = Kind.INVALID
    name = "weak-password"


def _gate() -> asyncio.Semaphore:
    """Return the gate of the running loop; loops of tests come and go."""
    loop = id(asyncio.get_running_loop())
    if loop not in _gates:
        _gates.clear()
        _gates[loop] = asyncio.Semaphore(_AT_ONCE)
    return _gates[loop]


async def hash_password(password: str) -> str:
    """Return what is stored of a password. Runs in a thread.

    Raises:
        WeakPassword: too short, or longer than anybody types.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise WeakPassword(todo=f"choose {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    async with _gate():
        return await asyncio.to_thread(HASHER.hash, password)


async def right_password(stored: str | None, password: str) -> bool:
    """Compare a password, or a dummy where nothing is stored: both take as long. Runs in a thread."""

    def verify() -> bool:
        try:
            return HASHER.verify(stored or _DUMMY, password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False

    async with _gate():
        right = await asyncio.to_thread(verify)
    return right and stored is not None


def new_token() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Return a one-time code a person can read out: 50 random bits as `XXXXX-XXXXX`."""
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def tidy_code(typed: str) -> str:
    """Return a typed code as it was issued.

    >>> tidy_code(" k3f9o qw2xl ")
    'K3F90-QW2X1'
    """
    letters = re.sub(r"[^0-9A-Z]", "", typed.upper()).replace("O", "0").replace("I", "1").replace("L", "1")
    return f"{letters[:5]}-{letters[5:]}"


def fingerprint(secret: str) -> bytes:
    """Return what is stored of a token, ticket or code. They are random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def csrf_of(token: str) -> str:
    """Return the CSRF token bound to a session: whoever lacks the session's token cannot compute it."""
    return hmac.new(token.encode(), b"ansimnet csrf v1", hashlib.sha256).hexdigest()


def same(a: str, b: str) -> bool:
    """Compare two secrets without telling how far they agree."""
    return hmac.compare_digest(a.encode(), b.encode())

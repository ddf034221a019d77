"""Passwords, tokens and codes: how they are drawn and how they are kept. What is stored opens nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher()
"""argon2id with the second recommended parameters of RFC 9106 (3 passes, 64 MiB, 4 lanes): about 0.1 s here."""
_AT_ONCE = 2
"""Hashes at a time: a flood of sign-ins may take 128 MiB, not the machine."""
LONGEST_PASSWORD = 200
"""What is hashed at most, whatever somebody sends; `rules.passwords` refuses longer ones."""
_DUMMY = HASHER.hash(secrets.token_urlsafe(16))
"""Compared where there is no such login, so that the answer takes as long."""
_CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing that is read as something else."""

_gates: dict[int, asyncio.Semaphore] = {}


def _gate() -> asyncio.Semaphore:
    """Return the gate of the running loop; loops of tests come and go."""
    loop = id(asyncio.get_running_loop())
    if loop not in _gates:
        _gates.clear()
        _gates[loop] = asyncio.Semaphore(_AT_ONCE)
    return _gates[loop]


def _plain(password: str) -> str:
    """Return a password as it is hashed: composed alike whatever keyboard it came from, and of bounded length."""
    return unicodedata.normalize("NFKC", password)[:LONGEST_PASSWORD]


async def hash_password(password: str) -> str:
    """Return what is stored of a password that `rules.passwords` did not refuse. Runs in a thread."""
    async with _gate():
        return await asyncio.to_thread(HASHER.hash, _plain(password))


async def right_password(stored: str | None, password: str) -> bool:
    """Compare a password, or a dummy where nothing is stored: both take as long. Runs in a thread."""

    def verify() -> bool:
        try:
            return HASHER.verify(stored or _DUMMY, _plain(password))
        except (VerificationError, InvalidHashError):
            return False

    async with _gate():
        right = await asyncio.to_thread(verify)
    return right and stored is not None


def outdated(stored: str) -> bool:
    """Return whether a hash was made with lesser parameters than today's."""
    return HASHER.check_needs_rehash(stored)


def new_token() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def new_bytes(count: int) -> bytes:
    """Return random bytes."""
    return secrets.token_bytes(count)


def new_code() -> str:
    """Return a one-time code a person can read out: 50 random bits as `XXXXX-XXXXX`."""
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def new_long_code() -> str:
    """Return a code that stands for a password or a second factor: 80 random bits as `XXXX-XXXX-XXXX-XXXX`.

    Its fingerprint is a plain hash, so the bits themselves must withstand whoever steals the table.
    """
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(16))
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


def tidy_long_code(typed: str) -> str:
    """Return a typed long code as it was issued.

    >>> tidy_long_code("abcd efgh jkmo 0o1l")
    'ABCD-EFGH-JKM0-0011'
    """
    letters = _letters(typed)
    return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))


def tidy_code(typed: str) -> str:
    """Return a typed code as it was issued.

    >>> tidy_code(" k3f9o qw2xl ")
    'K3F90-QW2X1'
    """
    letters = _letters(typed)
    return f"{letters[:5]}-{letters[5:]}"


def _letters(typed: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", typed.upper()).replace("O", "0").replace("I", "1").replace("L", "1")


def fingerprint(secret: str) -> bytes:
    """Return what is stored of a token, ticket or code. They are random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def fingerprint_of(secret: bytes) -> bytes:
    """Return what is stored of a random challenge."""
    return hashlib.sha256(secret).digest()


def csrf_of(token: str) -> str:
    """Return the CSRF token bound to a session: whoever lacks the session's token cannot compute it."""
    return hmac.new(token.encode(), b"ansimnet csrf v1", hashlib.sha256).hexdigest()


def same(a: str, b: str) -> bool:
    """Compare two secrets without telling how far they agree."""
    return hmac.compare_digest(a.encode(), b.encode())

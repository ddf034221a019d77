"""Keys that never enter the database: one per subject and year, and each centre's signing key.

Files under a folder per centre, created whole or not at all by whichever process comes first, wrapped (AES key wrap,
RFC 3394) under a key-encryption key that an operator may keep elsewhere. Destroying a file makes every payload under it
unreadable for ever while the chain of hashes still verifies. Nothing here is ever logged.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from ansimnet.kernel.errors import Fault

KEY_BYTES = 32
"""AES-256."""
NONCE_BYTES = 12
"""AES-GCM's nonce (NIST SP 800-38D)."""
CACHED_KEYS = 4096
"""Unwrapped keys held in memory; an entry takes well under 1 kB."""


class KeyBroken(Fault):
    """A key file cannot be unwrapped: the key-encryption key is another one, or the file is damaged."""


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_folder(folder: Path, mode: int) -> None:
    """Create a folder and those above it, each with this mode (`mkdir` gives it to the last alone)."""
    if not folder.exists():
        _make_folder(folder.parent, mode)
        folder.mkdir(mode=mode, exist_ok=True)


def create_once(path: Path, content: bytes, mode: int = 0o600) -> bytes:
    """Write a small file unless it exists and return what it holds; safe among processes, synced before it appears."""
    _make_folder(path.parent, 0o700 if mode == 0o600 else 0o755)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.{os.urandom(4).hex()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            os.write(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)
        try:
            os.link(draft, path)  # fails where another process was first: its content stands
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        _sync_folder(path.parent)
    return path.read_bytes()


@dataclass(frozen=True, slots=True)
class _Cached:
    stamp: tuple[int, int]  # inode and mtime of the file it came from
    aead: AESGCM


class KeyStore:
    """The payload keys of one centre. Safe in several threads and processes at once."""

    def __init__(self, folder: Path, *, kek: bytes | None = None) -> None:
        self.folder = folder
        _make_folder(folder, 0o700)
        self._kek = kek if kek is not None else create_once(folder / "kek", os.urandom(KEY_BYTES))
        if len(self._kek) != KEY_BYTES:
            raise KeyBroken(f"the key-encryption key must have {KEY_BYTES} bytes")
        self._cache: OrderedDict[tuple[UUID, int], _Cached] = OrderedDict()
        self._lock = threading.Lock()

    def _path(self, subject_id: UUID, year: int) -> Path:
        return self.folder / "subjects" / subject_id.hex[-2:] / str(subject_id) / f"{year}.key"

    def _key(self, subject_id: UUID, year: int, *, create: bool) -> AESGCM | None:
        path, name = self._path(subject_id, year), (subject_id, year)
        try:
            stat = path.stat()
            stamp = (stat.st_ino, stat.st_mtime_ns)
        except FileNotFoundError:
            with self._lock:
                self._cache.pop(name, None)
            if not create:
                return None
            create_once(path, aes_key_wrap(self._kek, os.urandom(KEY_BYTES)))
            stat = path.stat()
            stamp = (stat.st_ino, stat.st_mtime_ns)
        with self._lock:
            cached = self._cache.get(name)
            if cached is not None and cached.stamp == stamp:
                self._cache.move_to_end(name)
                return cached.aead
        try:
            aead = AESGCM(aes_key_unwrap(self._kek, path.read_bytes()))
        except FileNotFoundError:  # destroyed between the two looks
            return self._key(subject_id, year, create=create)
        except InvalidUnwrap as e:
            raise KeyBroken("a payload key does not open under this key-encryption key") from e
        with self._lock:
            self._cache[name] = _Cached(stamp, aead)
            while len(self._cache) > CACHED_KEYS:
                self._cache.popitem(last=False)
        return aead

    def encrypt(self, subject_id: UUID, year: int, plain: bytes, *, bound_to: bytes) -> bytes:
        """Return nonce and ciphertext under the key of (subject, year), made at its first use."""
        aead = self._key(subject_id, year, create=True)
        assert aead is not None
        nonce = os.urandom(NONCE_BYTES)
        return nonce + aead.encrypt(nonce, plain, bound_to)

    def decrypt(self, subject_id: UUID, year: int, sealed: bytes, *, bound_to: bytes) -> bytes | None:
        """Return the plain payload, or None where the key was destroyed or does not open these bytes."""
        aead = self._key(subject_id, year, create=False)
        if aead is None:
            return None
        try:
            return aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
        except InvalidTag:  # its key was destroyed and a later fact made another
            return None

    def destroy(self, subject_id: UUID, year: int | None = None) -> int:
        """Destroy the key of a subject's year, or of all years; return how many there were. Cannot be undone."""
        folder = self._path(subject_id, 0).parent
        paths = list(folder.glob("*.key")) if year is None else [folder / f"{year}.key"]
        gone = 0
        for path in paths:
            try:
                size = path.stat().st_size
                with path.open("r+b") as f:
                    f.write(os.urandom(size))
                    f.flush()
                    os.fsync(f.fileno())
                path.unlink()
                gone += 1
            except FileNotFoundError:
                continue
        if gone:
            _sync_folder(folder)
        with self._lock:
            for name in [n for n in self._cache if n[0] == subject_id and year in (None, n[1])]:
                del self._cache[name]
        return gone

    def years(self, subject_id: UUID) -> list[int]:
        """Return the years for which a subject has a key."""
        return sorted(int(p.stem) for p in self._path(subject_id, 0).parent.glob("*.key"))

    def signer(self, name: str) -> Signer:
        """Return the centre's signing key of that name (`ledger-signing`, `link-signing`), made at its first use."""
        raw = Ed25519PrivateKey.generate().private_bytes_raw()
        wrapped = create_once(self.folder / f"{name}.key", aes_key_wrap(self._kek, raw))
        try:
            return Signer(Ed25519PrivateKey.from_private_bytes(aes_key_unwrap(self._kek, wrapped)))
        except InvalidUnwrap as e:
            raise KeyBroken(f"`{name}` does not open under this key-encryption key") from e


def key_id(public: bytes) -> str:
    """Return the short name of a public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


class Signer:
    """An Ed25519 signing key with its name."""

    __slots__ = ("_key", "key_id", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw()
        self.key_id = key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature."""
        return self._key.sign(message)

    def pem(self) -> bytes:
        """Return the public key as PEM, the form handed to auditors and neighbours."""
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def read_public(pem: bytes) -> Ed25519PublicKey:
    """Return the Ed25519 public key in a PEM file.

    Raises:
        KeyBroken: it holds something else.
    """
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError as e:
        raise KeyBroken("no PEM public key") from e
    if not isinstance(key, Ed25519PublicKey):
        raise KeyBroken("the public key is not Ed25519")
    return key

"""Keys that never enter the database: one per subject and year, and each centre's signing key.

Files under a folder per centre, created whole or not at all by whichever process comes first, wrapped (AES key wrap,
RFC 3394) under a key-encryption key that an operator may keep elsewhere. Destroying a file makes every payload under it
unreadable for ever while the chain of hashes still verifies. Nothing here is ever logged.

Year 0 is for what rests in tables and may be written again: its key has versions. The newest seals, each opens what it
sealed, and what it sealed names it. A year's key is the ledger's: its ciphertexts are in the chain and stay.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ansimnet.platform.files import create_once, make_folder, replace_file, shred, sync_folder
from ansimnet.platform.ledger import keks
from ansimnet.platform.ledger.keks import KeyBroken

__all__ = ["KeyBroken", "KeyStore", "Signer", "create_once", "key_id", "read_public", "version_of"]

KEY_BYTES = 32
"""AES-256."""
NONCE_BYTES = 12
"""AES-GCM's nonce (NIST SP 800-38D)."""
CACHED_KEYS = 16_384
"""Unwrapped keys held in memory, well under 1 kB each: some 5,000 wear a device in this country, with two or three."""
STATE = 0
"""The year of keys for what rests in tables."""
VERSIONED = b"\xe9AN2"
"""What a value sealed under a later version begins with, before two bytes of version; the first has no such head."""


def version_of(sealed: bytes) -> int:
    """Return under which version of its key a value of year 0 was sealed; the first is 0."""
    return int.from_bytes(sealed[4:6], "big") if sealed.startswith(VERSIONED) else 0


@dataclass(frozen=True, slots=True)
class _Cached:
    stamp: tuple[int, int]  # inode and mtime of the file it came from
    aead: AESGCM


class KeyStore:
    """The payload keys of one centre. Safe in several threads and processes at once."""

    def __init__(self, folder: Path, *, kek: bytes | None = None, source: keks.Source | None = None) -> None:
        self.folder = folder
        self._subjects = f"{folder}/subjects/"
        make_folder(folder, 0o700)
        self.ring = keks.Ring(source or (keks.Given(kek) if kek is not None else keks.Folder(folder)))
        self._cache: OrderedDict[str, _Cached] = OrderedDict()
        self._newest: OrderedDict[UUID, tuple[tuple[int, int], int]] = OrderedDict()
        self._lock = threading.Lock()
        self._index: bytes | None = None

    def _folder(self, subject_id: UUID) -> Path:
        return self.folder / "subjects" / subject_id.hex[-2:] / str(subject_id)

    def _text(self, subject_id: UUID) -> str:
        """Return the folder as text: every value that is opened asks for it, and paths are slow to build."""
        words = str(subject_id)
        return f"{self._subjects}{words[-2:]}/{words}"

    def _path(self, subject_id: UUID, year: int, version: int = 0) -> str:
        return f"{self._text(subject_id)}/{year}.{version}.key" if version else f"{self._text(subject_id)}/{year}.key"

    def _key(self, path: str, *, create: bool) -> AESGCM | None:
        try:
            stat = os.stat(path)  # noqa: PTH116 - of the text: a Path costs more than the look
        except FileNotFoundError:
            with self._lock:
                self._cache.pop(path, None)
            if not create:
                return None
            with keks.held(self.folder, alone=False):
                create_once(Path(path), self.ring.wrap(os.urandom(KEY_BYTES)))
            stat = os.stat(path)  # noqa: PTH116
        stamp = (stat.st_ino, stat.st_mtime_ns)
        with self._lock:
            cached = self._cache.get(path)
            if cached is not None and cached.stamp == stamp:
                self._cache.move_to_end(path)
                return cached.aead
        try:
            aead = AESGCM(self.ring.unwrap(Path(path).read_bytes()))
        except FileNotFoundError:  # destroyed between the two looks
            return self._key(path, create=create)
        with self._lock:
            self._cache[path] = _Cached(stamp, aead)
            while len(self._cache) > CACHED_KEYS:
                self._cache.popitem(last=False)
        return aead

    def newest_version(self, subject_id: UUID) -> int:
        """Return the version under which a subject's tables are sealed now; 0 until its key was first renewed."""
        try:
            stat = os.stat(f"{self._text(subject_id)}/newest")  # noqa: PTH116
        except FileNotFoundError:
            return 0
        stamp = (stat.st_ino, stat.st_mtime_ns)
        with self._lock:
            known = self._newest.get(subject_id)
        if known is not None and known[0] == stamp:
            return known[1]
        version = int((self._folder(subject_id) / "newest").read_bytes())
        with self._lock:
            self._newest[subject_id] = (stamp, version)
            while len(self._newest) > CACHED_KEYS:
                self._newest.popitem(last=False)
        return version

    def renew(self, subject_id: UUID) -> int:
        """Draw the next version of a subject's key for tables: it seals from now on. Return its number."""
        folder = self._folder(subject_id)
        with keks.held(self.folder, alone=True):
            version = self.newest_version(subject_id) + 1
            create_once(Path(self._path(subject_id, STATE, version)), self.ring.wrap(os.urandom(KEY_BYTES)))
            replace_file(folder / "newest", str(version).encode())  # the key is there before anybody seals with it
        return version

    def retire(self, subject_id: UUID, version: int) -> bool:
        """Destroy one older version of a subject's key for tables; nothing may be sealed under it any more."""
        if version >= self.newest_version(subject_id):
            return False
        path = Path(self._path(subject_id, STATE, version))
        with keks.held(self.folder, alone=True):
            gone = shred(path)
            if gone:
                sync_folder(path.parent)
        return gone

    def versions(self, subject_id: UUID) -> dict[int, float]:
        """Return the versions of a subject's key for tables that exist, and when each was made (POSIX seconds)."""
        found = {}
        for path in self._folder(subject_id).glob(f"{STATE}*.key"):
            words = path.stem.split(".")
            if words[0] == str(STATE):
                found[int(words[1]) if len(words) > 1 else 0] = path.stat().st_mtime
        return found

    def subjects(self) -> Iterator[UUID]:
        """Yield every subject that has a key."""
        for folder in sorted((self.folder / "subjects").glob("*/*")):
            yield UUID(folder.name)

    def rewrap(self) -> int:
        """Wrap what lies under an older key-encryption key under the newest; return how many files were.

        Readers and writers go on meanwhile. Killed in the middle it has lost nothing: what is done is done.
        """
        done = 0
        for path in sorted(self.folder.rglob("*.key")):
            with keks.held(self.folder, alone=True):
                try:
                    wrapped = path.read_bytes()
                except FileNotFoundError:
                    continue
                if not self.ring.newest_opens(wrapped):
                    replace_file(path, self.ring.wrap(self.ring.unwrap(wrapped)))
                    done += 1
        return done

    def change_kek(self) -> tuple[int, int]:
        """Let a new key-encryption key follow the present one; return how many keys were rewrapped and KEKs destroyed.

        An unfinished change is finished instead of begun anew. A key service changes its own: then this rewraps alone.
        """
        source = self.ring.source
        if isinstance(source, keks.Folder):
            with keks.held(self.folder, alone=True):  # whoever was adding a key has added it under the old one
                if len(source.files()) < 2:
                    source.add()
        rewrapped, destroyed = self.rewrap(), 0
        if isinstance(source, keks.Folder):
            with keks.held(self.folder, alone=True):
                if all(self.ring.newest_opens(p.read_bytes()) for p in self.folder.rglob("*.key")):
                    destroyed = source.retire()
        return rewrapped, destroyed

    def digest(self, content: bytes) -> bytes:
        """Return 32 bytes by which content is known again; without this centre's key nobody can try guesses."""
        if self._index is None:
            path = self.folder / "index.key"
            with keks.held(self.folder, alone=False):
                self._index = self.ring.unwrap(create_once(path, self.ring.wrap(os.urandom(KEY_BYTES))))
        return hmac.digest(self._index, content, hashlib.sha256)

    def encrypt(self, subject_id: UUID, year: int, plain: bytes, *, bound_to: bytes) -> bytes:
        """Return nonce and ciphertext under the key of (subject, year), made at its first use."""
        version = self.newest_version(subject_id) if year == STATE else 0
        aead = self._key(self._path(subject_id, year, version), create=version == 0)
        if aead is None:  # erased since `newest` was read
            return self.encrypt(subject_id, year, plain, bound_to=bound_to)
        nonce = os.urandom(NONCE_BYTES)
        head = VERSIONED + version.to_bytes(2, "big") if version else b""
        return head + nonce + aead.encrypt(nonce, plain, bound_to)

    def decrypt(self, subject_id: UUID, year: int, sealed: bytes, *, bound_to: bytes) -> bytes | None:
        """Return the plain payload, or None where the key was destroyed or does not open these bytes."""
        if year == STATE and (version := version_of(sealed)):
            plain = self._open(self._path(subject_id, year, version), sealed[6:], bound_to)
            if plain is not None:
                return plain
        return self._open(self._path(subject_id, year), sealed, bound_to)

    def _open(self, path: str, sealed: bytes, bound_to: bytes) -> bytes | None:
        aead = self._key(path, create=False)
        if aead is None:
            return None
        try:
            return aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
        except InvalidTag:  # its key was destroyed and a later fact made another
            return None

    def destroy(self, subject_id: UUID, year: int | None = None) -> int:
        """Destroy the key of a subject's year, or of all years; return how many there were. Cannot be undone."""
        folder = self._folder(subject_id)
        with keks.held(self.folder, alone=True):  # or a rewrapping beside us would put one back
            if year in (None, STATE):
                (folder / "newest").unlink(missing_ok=True)
            paths = list(folder.glob("*.key" if year is None else f"{year}*.key"))
            gone = sum(shred(p) for p in paths if year is None or p.stem.split(".")[0] == str(year))
            if folder.exists():
                sync_folder(folder)
        with self._lock:
            for path in paths:
                self._cache.pop(str(path), None)
            self._newest.pop(subject_id, None)
        return gone

    def fingerprint(self, subject_id: UUID, year: int) -> str | None:
        """Return by what a year's key is known again, wrapped however it is; None where there is none."""
        try:
            key = self.ring.unwrap(Path(self._path(subject_id, year)).read_bytes())
        except FileNotFoundError:
            return None
        return hashlib.sha256(b"ansimnet payload key\x00" + key).hexdigest()

    def years(self, subject_id: UUID) -> list[int]:
        """Return the years for which a subject has a key."""
        return sorted({int(p.stem.split(".")[0]) for p in self._folder(subject_id).glob("*.key")})

    def signer(self, name: str) -> Signer:
        """Return the centre's signing key of that name (`ledger-signing`, `link-signing`), made at its first use."""
        raw = Ed25519PrivateKey.generate().private_bytes_raw()
        with keks.held(self.folder, alone=False):
            wrapped = create_once(self.folder / f"{name}.key", self.ring.wrap(raw))
        return Signer(Ed25519PrivateKey.from_private_bytes(self.ring.unwrap(wrapped)))


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

"""Keys of sightings, a pair per camera and hour: who writes has the public half, an approved search the private one.

An hour is a file with a slot for each camera: its id, the private key wrapped under a ring of tracing's own (AES key
wrap, RFC 3394), the public key in the clear. Neither is in the database or its backup. Destroying an hour overwrites
its file: nothing sealed in it opens again. No key is drawn for an hour older than sightings are kept, so what was
destroyed stays so. Private keys are not kept in memory: a picture of the writer's memory opens nothing.
"""

from __future__ import annotations

import os
import re
import struct
import threading
import zlib
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ansimnet.kernel.ids import CameraId
from ansimnet.platform.files import make_folder, sync_folder
from ansimnet.platform.ledger import keks
from ansimnet.platform.settings import Settings
from ansimnet.slices.tracing.model import KEPT, Destroyed

_SLOT = struct.Struct(">16s40s32sI4x")
SLOT = _SLOT.size
"""96 bytes: camera, wrapped private key, public key, check sum of the three."""
CACHED = 400_000
"""Public halves in memory, 100 bytes each: two hours of every camera of a city like Seoul (176,371)."""
CACHE_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# Keys of sightings. A copy of them would outlive it.\n"
_NAME = re.compile(r"(\d{10})\.key")


class Slot(NamedTuple):
    """One camera's pair of an hour."""

    wrapped: bytes
    public: bytes


class HourKeys:
    """The keys of one centre. Safe in several threads and processes at once; private halves come from the disk."""

    def __init__(self, folder: Path, ring: keks.Ring) -> None:
        self.folder = folder
        self.ring = ring
        self._public: dict[tuple[datetime, CameraId], bytes] = {}
        self._lock = threading.Lock()
        make_folder(folder, 0o700)
        tag = folder / "CACHEDIR.TAG"
        if not tag.exists():
            tag.write_bytes(CACHE_TAG)

    @classmethod
    def of(cls, settings: Settings) -> HourKeys:
        """Return the keys of this machine's city, under a ring of their own."""
        folder = settings.data_dir / "tracing-keys"
        if settings.kek_command:
            return cls(folder, keks.Ring(keks.Command(settings.kek_command, "tracing")))
        ring = settings.kek_dir / "tracing" if settings.kek_dir else folder
        return cls(folder, keks.Ring(keks.Folder(ring, used=folder)))

    def public(self, hour_at: datetime, cameras: Collection[CameraId], now: datetime) -> dict[CameraId, bytes]:
        """Return the public keys of these cameras and hour; pairs that lack are drawn, with one sync for all.

        Raises:
            Destroyed: the hour is past its time.
        """
        if hour_at <= now - KEPT:
            raise Destroyed
        with self._lock:
            known = {c: self._public[hour_at, c] for c in cameras if (hour_at, c) in self._public}
        lacks = set(cameras) - set(known)
        if lacks:
            known |= {c: slot.public for c, slot in self._prepared(hour_at, lacks).items()}
            with self._lock:
                if len(self._public) > CACHED:
                    self._public.clear()
                self._public |= {(hour_at, c): key for c, key in known.items()}
        return known

    def private(self, hour_at: datetime, cameras: Collection[CameraId]) -> dict[CameraId, bytes]:
        """Return private keys of an hour, those that there are. Only `service.releasing` calls this."""
        slots = self._slots(hour_at)
        return {c: self.ring.unwrap(slots[c].wrapped) for c in cameras if c in slots}

    def hours(self) -> list[datetime]:
        """Return every hour that has keys, oldest first."""
        found = (m[1] for p in self.folder.iterdir() if (m := _NAME.fullmatch(p.name)))
        return sorted(datetime.strptime(h, "%Y%m%d%H").replace(tzinfo=UTC) for h in found)

    def destroy(self, hour_at: datetime) -> int:
        """Destroy every key of an hour and return how many there were. Cannot be undone; safe to run twice."""
        with keks.held(self.folder, alone=True):
            path = self._path(hour_at)
            try:
                size = path.stat().st_size
            except FileNotFoundError:
                return 0
            with path.open("r+b") as file:
                file.write(bytes(size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            sync_folder(self.folder)
        with self._lock:
            self._public = {k: v for k, v in self._public.items() if k[0] != hour_at}
        return size // SLOT

    def _prepared(self, hour_at: datetime, cameras: Collection[CameraId]) -> dict[CameraId, Slot]:
        with keks.held(self.folder, alone=True):
            slots = self._slots(hour_at)
            new = [c for c in sorted(cameras) if c not in slots]
            if new:
                path = self._path(hour_at)
                path.touch(mode=0o600)
                with path.open("ab") as file:
                    file.truncate(os.fstat(file.fileno()).st_size // SLOT * SLOT)
                    file.write(b"".join(self._drawn(c) for c in new))
                    file.flush()
                    os.fsync(file.fileno())
                sync_folder(self.folder)
                slots = self._slots(hour_at)
        return {c: slots[c] for c in cameras}

    def _drawn(self, camera_id: CameraId) -> bytes:
        key = X25519PrivateKey.generate()
        wrapped, public = self.ring.wrap(key.private_bytes_raw()), key.public_key().public_bytes_raw()
        return _SLOT.pack(camera_id.bytes, wrapped, public, zlib.crc32(camera_id.bytes + wrapped + public))

    def _slots(self, hour_at: datetime) -> dict[CameraId, Slot]:
        try:
            page = self._path(hour_at).read_bytes()
        except FileNotFoundError:
            return {}
        found = {}
        for camera, wrapped, public, check in _SLOT.iter_unpack(page[: len(page) // SLOT * SLOT]):
            if check == zlib.crc32(camera + wrapped + public):
                found[CameraId(UUID(bytes=camera))] = Slot(wrapped, public)
        return found

    def _path(self, hour_at: datetime) -> Path:
        return self.folder / f"{hour_at:%Y%m%d%H}.key"

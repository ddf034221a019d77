"""The keys of footage: one per camera and hour, and one per hold. Destroying a key is what destroys pictures.

A page is a file for one term (`model.Term`) with a slot for each camera, so that an hour of a thousand cameras dies by
one write. Keys lie wrapped (AES key wrap, RFC 3394) under a ring of key-encryption keys of footage's own. Neither is in
the database, in its backup, or in an export of keys; `CACHEDIR.TAG` keeps programs that copy folders away. A destroyed
slot is overwritten where it lies, synced, and keeps the camera's id: a tombstone, so that the key is not drawn again.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Collection, Iterator
from typing import NamedTuple
from uuid import UUID

from ansimnet.kernel.ids import CameraId
from ansimnet.platform.ledger.keks import Folder, Ring
from ansimnet.slices.footage.archive.disk import Disk
from ansimnet.slices.footage.archive.model import Destroyed, Term

KEY_BYTES = 32
"""AES-256."""
WRAPPED = 40
"""A wrapped key: eight bytes of integrity more (RFC 3394 §2.2.1)."""
_SLOT = struct.Struct(">16s40s4xI")
SLOT = _SLOT.size
"""64 bytes: camera, wrapped key, check sum of both. No slot lies across two sectors of a disk."""
DEAD = bytes(WRAPPED)
CACHED = 8192
"""Unwrapped keys in memory, 200 bytes each: the present hour of every camera of a node, and what is looked at."""
CACHE_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# Keys of footage. A copy of them would outlive it.\n"
"""What programs that make backups look for (bford.info/cachedir)."""


class Slot(NamedTuple):
    """One slot of a page. `wrapped` None: destroyed, or torn by a power cut before anything was sealed under it."""

    camera_id: CameraId
    wrapped: bytes | None


def _packed(camera_id: CameraId, wrapped: bytes) -> bytes:
    return _SLOT.pack(camera_id.bytes, wrapped, zlib.crc32(camera_id.bytes + wrapped))


def _slots(page: bytes) -> list[Slot]:
    found = []
    for camera, wrapped, check in _SLOT.iter_unpack(page[: len(page) // SLOT * SLOT]):
        whole = wrapped != DEAD and zlib.crc32(camera + wrapped) == check
        found.append(Slot(CameraId(UUID(bytes=camera)), wrapped if whole else None))
    return found


class KeyStore:
    """The keys of one archive. Safe in several threads and processes at once; what is read is read from the disk."""

    def __init__(self, disk: Disk, ring: Ring) -> None:
        self.disk = disk
        self.ring = ring
        self._open: OrderedDict[bytes, bytes] = OrderedDict()
        self._places: dict[tuple[Term, CameraId], int] = {}
        self._lock = threading.Lock()
        disk.create("CACHEDIR.TAG", CACHE_TAG)

    # -- terms

    def terms(self) -> list[Term]:
        """Return every term that has a page, the oldest first."""
        found = (Term.read(n.removesuffix(".key")) for n in self.disk.names("") if n.endswith(".key"))
        return sorted(t for t in found if t is not None)

    def slots(self, term: Term) -> list[Slot]:
        """Return a term's slots; none where there is no page."""
        try:
            return _slots(self.disk.read(_page(term)))
        except FileNotFoundError:
            return []

    def key(self, camera_id: CameraId, term: Term, *, create: bool = False) -> bytes:
        """Return the key of a camera's term.

        Raises:
            Destroyed: it was destroyed, or there never was one.
        """
        wrapped = self._look(camera_id, term)
        if wrapped is None:
            if not create:
                raise Destroyed
            self.prepare({camera_id}, term)
            wrapped = self._look(camera_id, term)
            if wrapped is None:
                raise Destroyed
        return self._unwrapped(wrapped)

    def prepare(self, cameras: Collection[CameraId], term: Term) -> None:
        """Draw the keys of a term that cameras lack; one sync for all. What was destroyed stays destroyed."""
        with self.disk.held():
            try:
                page = self.disk.read(_page(term))
            except FileNotFoundError:
                page = b""
            if torn := len(page) % SLOT:
                page = page[:-torn]
                self.disk.replace(_page(term), page)
            known = {slot.camera_id for slot in _slots(page)}
            new = [c for c in sorted(cameras) if c not in known]
            if new:
                self.disk.append(_page(term), b"".join(_packed(c, self.ring.wrap(os.urandom(KEY_BYTES))) for c in new))
                self.disk.sync([_page(term)])

    def destroy(self, term: Term, cameras: Collection[CameraId] | None = None) -> list[CameraId]:
        """Destroy the keys of a term, all or of some cameras; return whose died now. Cannot be undone."""
        died = []
        with self.disk.held():
            try:
                page = self.disk.read(_page(term))
            except FileNotFoundError:
                return []
            for place, (camera_id, wrapped) in enumerate(_slots(page)):
                at = place * SLOT
                if page[at + 16 : at + 16 + WRAPPED] != DEAD and (cameras is None or camera_id in cameras):
                    self.disk.overwrite(_page(term), at + 16, DEAD)
                    died.append(camera_id)
                    self._forget(wrapped)
            if died:
                self.disk.sync([_page(term)])
        return died

    def settle(self) -> None:
        """Make what a killed run destroyed outlast a power cut: it may have died between writing and syncing."""
        for name in self.disk.names(""):
            if name.endswith(".key"):
                self.disk.sync([name])  # one by one: nearly all of them are clean, and cost nothing

    def drop(self, term: Term) -> None:
        """Remove a page of tombstones, once nothing can be recorded in its hour any more."""
        with self.disk.held():
            try:
                page = self.disk.read(_page(term))
            except FileNotFoundError:
                return
            if all(page[at + 16 : at + 16 + WRAPPED] == DEAD for at in range(0, len(page) // SLOT * SLOT, SLOT)):
                self.disk.remove(_page(term))
                with self._lock:
                    self._places = {k: v for k, v in self._places.items() if k[0] != term}

    # -- holds

    def held_key(self, hold_id: UUID, *, create: bool = False) -> bytes:
        """Return the key of what a hold keeps; raises Destroyed."""
        try:
            wrapped = self.disk.read(_held(hold_id))
        except FileNotFoundError:
            if not create:
                raise Destroyed from None
            with self.disk.held():
                wrapped = self.disk.create(_held(hold_id), self.ring.wrap(os.urandom(KEY_BYTES)))
        if wrapped == DEAD:
            raise Destroyed
        return self._unwrapped(wrapped)

    def held_is_dead(self, hold_id: UUID) -> bool:
        """Return whether a hold's key was destroyed and its tombstone is still there."""
        try:
            return self.disk.read(_held(hold_id)) == DEAD
        except FileNotFoundError:
            return False

    def destroy_held(self, hold_id: UUID) -> bool:
        """Destroy the key of a hold; return whether there was one. The file stays as a tombstone until `drop_held`."""
        with self.disk.held():
            try:
                wrapped = self.disk.read(_held(hold_id))
            except FileNotFoundError:
                return False
            if wrapped == DEAD:
                return False
            self.disk.overwrite(_held(hold_id), 0, DEAD)
            self.disk.sync([_held(hold_id)])
            self._forget(wrapped)
        return True

    def drop_held(self, hold_id: UUID) -> None:
        """Remove a hold's tombstone, once nothing of it is left."""
        self.disk.remove(_held(hold_id))

    def holds(self) -> list[UUID]:
        """Return every hold that has a key or a tombstone."""
        names = (n for n in self.disk.names("") if n.startswith("held-") and n.endswith(".key"))
        return [UUID(n.removeprefix("held-").removesuffix(".key")) for n in names]

    # -- the key-encryption keys

    def rewrap(self) -> int:
        """Wrap everything under the newest key-encryption key; return how many keys were not. Safe to kill and repeat.

        Raises:
            KeyBroken: a key opens under none; nothing of its page was changed.
        """
        done = 0
        for name in self.disk.names(""):
            if name.endswith(".key"):
                with self.disk.held():
                    done += self._rewrap(name)
        return done

    def change_kek(self) -> tuple[int, int]:
        """Let a new key-encryption key follow the present one; return how many keys were rewrapped and KEKs destroyed.

        An unfinished change is finished instead of begun anew. A key service changes its own: then this rewraps alone.
        """
        source = self.ring.source
        if isinstance(source, Folder) and len(source.files()) < 2:
            with self.disk.held():  # whoever draws a key now wraps it under the new one
                source.add()
        done, retired = self.rewrap(), 0
        if isinstance(source, Folder):
            with self.disk.held():
                if all(self.ring.newest_opens(w) for w in self._every_wrapped()):
                    retired = source.retire()
        return done, retired

    def _every_wrapped(self) -> Iterator[bytes]:
        for term in self.terms():
            yield from (s.wrapped for s in self.slots(term) if s.wrapped is not None)
        for hold_id in self.holds():
            wrapped = self.disk.read(_held(hold_id))
            if wrapped != DEAD:
                yield wrapped

    def _rewrap(self, name: str) -> int:
        try:
            content = self.disk.read(name)
        except FileNotFoundError:
            return 0
        if name.startswith("held-"):
            if content == DEAD or self.ring.newest_opens(content):
                return 0
            self.disk.replace(name, self.ring.wrap(self.ring.unwrap(content)))
            return 1
        done, page = 0, bytearray(content)
        for place, (camera_id, wrapped) in enumerate(_slots(content)):
            if wrapped is not None and not self.ring.newest_opens(wrapped):
                page[place * SLOT : (place + 1) * SLOT] = _packed(camera_id, self.ring.wrap(self.ring.unwrap(wrapped)))
                done += 1
        if done:
            self.disk.replace(name, bytes(page))
        return done

    # -- inside

    def _look(self, camera_id: CameraId, term: Term) -> bytes | None:
        """Return the wrapped key as it lies on the disk now: another process may have destroyed it."""
        place = self._places.get((term, camera_id))
        try:
            if place is not None:
                slots = _slots(self.disk.read(_page(term), place * SLOT, SLOT))
                if slots and slots[0].camera_id == camera_id:
                    return slots[0].wrapped
            slots = _slots(self.disk.read(_page(term)))
        except FileNotFoundError:
            return None
        with self._lock:
            self._places.update({(term, slot.camera_id): place for place, slot in enumerate(slots)})
        return next((slot.wrapped for slot in slots if slot.camera_id == camera_id), None)

    def _unwrapped(self, wrapped: bytes) -> bytes:
        with self._lock:
            key = self._open.get(wrapped)
            if key is not None:
                self._open.move_to_end(wrapped)
                return key
        key = self.ring.unwrap(wrapped)
        with self._lock:
            self._open[wrapped] = key
            while len(self._open) > CACHED:
                self._open.popitem(last=False)
        return key

    def _forget(self, wrapped: bytes | None) -> None:
        if wrapped is not None:
            with self._lock:
                self._open.pop(wrapped, None)


def _page(term: Term) -> str:
    return f"{term.name}.key"


def _held(hold_id: UUID) -> str:
    return f"held-{hold_id}.key"

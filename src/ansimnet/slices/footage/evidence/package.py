"""What an export consists of, and the bytes of its zip file. Pure: material in, files out.

The manifest names everything else: seals, films, entries of the ledger, programs. `signature.json` signs it, the ledger
takes in its hash, an authority may stamp the signature, and `proof.json` shows the ledger under a signed head.
`tools/verify_clip.py` is the verifier, and travels with each export as `verify.py`.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from av.video.frame import VideoFrame

from ansimnet.kernel.ids import CameraId, CentreId
from ansimnet.platform.ledger.canonical import canonical, instant
from ansimnet.platform.ledger.keys import Signer
from ansimnet.platform.ledger.merkle import Tree
from ansimnet.slices.footage.evidence.anchoring import Anchor
from ansimnet.slices.footage.evidence.films import Group, Strip, masked, parts
from ansimnet.slices.footage.evidence.seal import micros
from ansimnet.slices.footage.masking.tracks import Masks

CONTEXT = b"ansimnet footage export v1\x00"
SEALS, MANIFEST, SIGNATURE, PROOF, STAMP = (
    "seals.bin", "manifest.json", "signature.json", "proof.json", "timestamp.der",
)  # fmt: skip
MOST_BYTES = 3 << 30
"""A zip file of more than 4 GB has another form; an hour of ten sub-streams is 2.3 GB."""


@dataclass(frozen=True, slots=True)
class Missing:
    """No picture of `[from_at, until_at)`, and why."""

    from_at: datetime
    until_at: datetime
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """All of one camera: its groups in `[from_at, until_at)`, what is missing, and what is hidden in the copy."""

    camera_id: CameraId
    code: str
    name: str
    from_at: datetime
    until_at: datetime
    groups: tuple[Group, ...]
    missing: tuple[Missing, ...]
    masks: Masks
    clear: frozenset[str] = frozenset()
    anchors: tuple[Anchor, ...] = ()
    track: str = "sub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who gets what, why, and who stands for it. Seats, never names; what is asked and masked is JSON values."""

    export_id: UUID
    centre_id: CentreId
    made_at: datetime
    request: Mapping[str, Any]
    masking: Mapping[str, Any]
    watermark: str
    original: bool
    ledger: tuple[UUID, ...]
    sealing_keys: tuple[bytes, ...]
    software: str


def films(
    reels: Sequence[Reel], *, original: bool, burn: Callable[[VideoFrame], None]
) -> tuple[dict[str, bytes], list[dict[str, Any]], bytes]:
    """Return the films and seals by file name, what the manifest says of each camera, and the root over all groups."""
    files: dict[str, bytes] = {}
    seals, cameras, tree = bytearray(), list[dict[str, Any]](), Tree()
    for k, reel in enumerate(reels, start=1):
        told = []
        for n, groups in enumerate(parts(reel.groups), start=1):
            strips = list(masked(groups, reel.masks, reel.clear, burn))
            name = f"cameras/{k:02}-{n:02}"
            files[f"{name}-masked.mp4"] = strips[0].init + b"".join(f for s in strips for f in s.fragments)
            if original:
                files[f"{name}-original.mp4"] = groups[0].frames[0].init.segment + b"".join(
                    f.fragment for g in groups for f in g.frames
                )
            listed = []
            for group, strip in zip(groups, strips, strict=True):
                seals += struct.pack(">I", len(group.seal)) + group.seal
                listed.append(_group(group, strip, original))
                tree.add(hashlib.sha256(b"\x00" + canonical(listed[-1])).digest())
            told.append(
                {
                    "masked": _film(f"{name}-masked.mp4", strips[0].init),
                    "original": _film(f"{name}-original.mp4", groups[0].frames[0].init.segment) if original else None,
                    "groups": listed,
                }
            )
        cameras.append(_camera(reel, told))
    return {SEALS: bytes(seals), **files}, cameras, tree.root()


def sha256(data: bytes) -> str:
    """Return SHA-256 in hex, as manifests name it."""
    return hashlib.sha256(data).hexdigest()


def _film(name: str, init: bytes) -> dict[str, str]:
    return {"file": name, "init": sha256(init)}


def _group(group: Group, strip: Strip, original: bool) -> dict[str, Any]:
    """Return a group as the manifest lists it: its leaf under the root."""
    head = group.head
    found: dict[str, Any] = {
        "number": head.number,
        "at_us": micros(head.begins_at),
        "seal": sha256(group.seal),
        "hidden": [list(box) for box in strip.hidden],
        "masked": {"frames": len(strip.fragments), "root": strip.root.hex()},
    }
    if original:
        found["original"] = {"frames": head.frames, "root": head.frames_root.hex()}
    return found


def _camera(reel: Reel, told: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "camera_id": str(reel.camera_id),
        "code": reel.code,
        "name": reel.name,
        "track": reel.track,
        "from_at": instant(reel.from_at),
        "until_at": instant(reel.until_at),
        "clock_error_ms": [None if e is None else round(e.total_seconds() * 1000) for e in _errors(reel)],
        "gaps": [
            {"from_at": instant(g.from_at), "until_at": instant(g.until_at), "cause": g.cause} for g in reel.missing
        ],
        "anchors": [
            {"entry": a.entry, "index": a.index, "size": a.size, "path": a.path, "leaves": a.leaves}
            for a in reel.anchors
        ],
        "parts": told,
    }


def _errors(reel: Reel) -> list[Any]:
    """Return the least and the most that the camera's clock was known to be off, empty where it never was."""
    known = [e for g in reel.groups if (e := g.head.clock_error) is not None]
    return [min(known), max(known)] if known else []


def signed(
    order: Order,
    made: tuple[dict[str, bytes], list[dict[str, Any]], bytes],
    programs: Mapping[str, bytes],
    signer: Signer,
) -> dict[str, bytes]:
    """Return the files of an export with manifest and signature, ready to be put on the ledger."""
    files, cameras, root = made
    manifest = canonical(
        {
            "type": "export",
            "v": 1,
            "export_id": order.export_id,
            "centre_id": order.centre_id,
            "made_at": order.made_at,
            "request": order.request,
            "masking": order.masking,
            "watermark": order.watermark,
            "cameras": cameras,
            "root": root,
            "ledger": order.ledger,
            "files": {name: sha256(data) for name, data in programs.items()},
            "keys": {"export": signer.public, "sealing": order.sealing_keys},
            "software": order.software,
        }
    )
    signature = canonical({"public": signer.public, "signature": signer.sign(CONTEXT + manifest)})
    return {MANIFEST: manifest, SIGNATURE: signature, **files, **programs}


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the zip file: stored, without times, in the one way the verifier takes."""
    out, directory = bytearray(), bytearray()
    for name, data in files.items():
        word, at = name.encode(), len(out)
        common = struct.pack("<HHHHHIIIHH", 20, 0x800, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(word), 0)
        out += b"PK\x03\x04" + common + word + data
        directory += b"PK\x01\x02\x14\x00" + common + struct.pack("<HHHII", 0, 0, 0, 0, at) + word
    end = struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(directory), len(out), 0)
    return bytes(out + directory + b"PK\x05\x06" + end)

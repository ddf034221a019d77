"""A genuine export with everything that somebody inside has of it, and how its parts are put together again."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from uuid import UUID

from evaluation._evidence_studio import MemoryLedger, Studio, recorded, street

from ansimnet.platform.ledger import merkle
from ansimnet.platform.ledger.keys import Signer
from ansimnet.slices.footage.evidence import package

Files = dict[str, bytes]
Planes = list[tuple[bytes, int, int, int]]


@dataclass(frozen=True, slots=True)
class Tampered:
    """An export after the fact: its files, or the bytes of the whole; `seen` replaces what a film's key frame shows."""

    files: Files
    data: bytes | None = None
    seen: dict[bytes, Planes] = field(default_factory=dict)


@dataclass
class Exhibit:
    """A genuine export with everything somebody inside has."""

    studio: Studio
    files: Files
    planes: dict[bytes, Planes]
    hidden: dict[bytes, list[list[int]]]
    tool: ModuleType

    @property
    def manifest(self) -> dict[str, Any]:
        """Return a copy of the manifest to change."""
        found: dict[str, Any] = json.loads(self.files["manifest.json"])
        return found

    def resigned(
        self, files: Files, manifest: dict[str, Any], signer: Signer | None = None, ledger: MemoryLedger | None = None
    ) -> Files:
        """Return the files as somebody with the export key signs them, with the ledger's word for it."""
        signer = signer or self.studio.signer
        told = refitted(manifest)
        raw = plain(told)
        mine = ledger or self.ledger()
        other = Studio(self.studio.seed + 1, mine, self.studio.recorder, signer)
        sealed = other.seal(raw, bytes.fromhex(told["root"]))
        known = {r.entry_id for r in mine.rows}
        ids = [i for i in map(UUID, told["ledger"]) if i in known]
        signature = {"public": signer.public.hex(), "signature": signer.sign(package.CONTEXT + raw).hex()}
        return {
            **files,
            "manifest.json": raw,
            "signature.json": plain(signature),
            "proof.json": plain(mine.proof([*ids, sealed])),
        }

    def ledger(self) -> MemoryLedger:
        """Return the ledger before the export was sealed, to be told more."""
        return MemoryLedger(self.studio.ledger.signer, self.studio.ledger.rows[:-1])


def exhibit(tool: ModuleType, seed: int) -> Exhibit:
    """Return an export of two cameras with their originals; the second has a stated gap."""
    studio = Studio(seed)
    reels = []
    for k in (1, 2):
        pieces = recorded(list(street(seed + k, 80, width=320, height=192)), crf=30)
        whole = studio.reel(f"HD-000{k}", pieces)
        if k == 2:
            cut = pieces[1]
            gap = (package.Missing(cut.start, cut.end, "destroyed"),)
            whole = studio.reel("HD-0002", pieces, missing=gap)
            whole = package.Reel(
                **{f: getattr(whole, f) for f in package.Reel.__slots__ if f != "groups"},
                groups=(whole.groups[0], *whole.groups[2:]),
            )
        reels.append(whole)
    files = studio.export(reels, looks=4)
    manifest = json.loads(files["manifest.json"])
    shown = key_frames(tool, files, manifest)
    groups = [g for c in manifest["cameras"] for p in c["parts"] for g in p["groups"]]
    hidden = {s: g["hidden"] for s, g in zip(shown, groups, strict=True)}
    return Exhibit(studio, files, {s: tool.decode_with_av(s) for s in shown}, hidden, tool)


def key_frames(tool: ModuleType, files: Files, manifest: dict[str, Any]) -> list[bytes]:
    """Return init segment and key frame of each group of the masked films, in order."""
    found = []
    for part in (p for c in manifest["cameras"] for p in c["parts"]):
        init, films = tool.fragments(files[part["masked"]["file"]])
        at = 0
        for group in part["groups"]:
            found.append(init + films[at])
            at += group["masked"]["frames"]
    return found


def plain(value: Any) -> bytes:
    """Return the canonical form of what JSON can say: there is nothing in it to translate."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def refitted(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest whose root fits its groups."""
    groups = [g for c in manifest["cameras"] for p in c["parts"] for g in p["groups"]]
    tree = merkle.Tree(hashlib.sha256(b"\x00" + plain(g)).digest() for g in groups)
    return {**manifest, "root": tree.root().hex()}


def seals_of(files: Files) -> list[bytes]:
    """Return the seals of an export."""
    found, at, coded = [], 0, files["seals.bin"]
    while at < len(coded):
        size = struct.unpack_from(">I", coded, at)[0]
        found.append(coded[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def with_seals(files: Files, seals: list[bytes]) -> Files:
    """Return the files with other seals."""
    return {**files, "seals.bin": b"".join(struct.pack(">I", len(s)) + s for s in seals)}

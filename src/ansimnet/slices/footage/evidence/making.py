"""Makes an export out of the archive: what masking doubts, then films, manifest, ledger's word, one sealed file."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from ansimnet.facts.footage import ExportSealed, SealingKeyAnnounced
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Fault, NotFound
from ansimnet.kernel.ids import CameraId, FactId, new_id
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.files import make_folder, replace_file, shred, sync_folder
from ansimnet.platform.ledger import pages, proofs
from ansimnet.platform.ledger.canonical import canonical, instant
from ansimnet.platform.ledger.keys import STATE, KeyStore, Signer, read_public
from ansimnet.slices.cameras.queries import Camera
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.evidence import package, proof, watermark
from ansimnet.slices.footage.evidence.material import Material, collect
from ansimnet.slices.footage.evidence.package import Missing, Order, Reel
from ansimnet.slices.footage.evidence.timestamp import Authority
from ansimnet.slices.footage.masking.decisions import Decided, applied, open_spans
from ansimnet.slices.footage.masking.doubts import Doubt
from ansimnet.slices.footage.masking.render import crop, render
from ansimnet.slices.footage.masking.spotting import OwnBoxes
from ansimnet.slices.footage.masking.tracks import Masks, Patch
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.footage.store import decisions
from ansimnet.slices.footage.store.exports import ExportRow, Words

SEALING_KEY, EXPORT_KEY = "footage-sealing", "footage-export"
"""Names of the recorder's key and of the one that signs exports, among the centre's signing keys."""
OF_A_SEARCH = ("tracing.search.asked.v1", "tracing.hop.made.v1")
"""What the ledger says of a traced route: verifiers ask for every number of its steps. Where a step led is sealed."""
SIGNED_WITHIN_S = 60.0
"""The ledger signs a head every 10 s; one that takes a minute does not work."""
_ROOT = Path(__file__).resolve().parents[5]


class NothingThere(NotFound):
    """There is no picture of this time."""

    name = "nothing-recorded"


def doubts_of(archive: Archive, own: OwnBoxes, row: ExportRow) -> list[dict[str, Any]]:
    """Return what a person must look at before an export leaves, the worst first, as JSON values. Blocks.

    Raises:
        NothingThere: of none of the cameras there is a picture.
    """
    found: list[tuple[int, Material, Doubt]] = []
    empty = True
    for number, span in enumerate(row.spans):
        material = collect(archive, own, span.camera_id, row.track, span.from_at, span.until_at)
        if material is None:
            continue
        empty = False
        found += [(number, material, d) for d in material.doubts()]
    if empty:
        raise NothingThere
    found.sort(key=lambda each: -each[2].doubt)
    return [
        {
            "camera_id": str(row.spans[number].camera_id),
            "span": number,
            "track": d.track,
            "at": instant(material.start + timedelta(seconds=d.at_pts / CLOCK_HZ)),
            "from_at": instant(material.start + timedelta(seconds=d.from_pts / CLOCK_HZ)),
            "until_at": instant(material.start + timedelta(seconds=d.until_pts / CLOCK_HZ)),
            "box": [round(v, 4) for v in d.box],
            "why": sorted(d.why),
            "doubt": round(d.doubt, 3),
        }
        for number, material, d in found
    ]


def look(archive: Archive, own: OwnBoxes, row: ExportRow, number: int) -> bytes:
    """Return the JPEG of one doubtful place as the export would show it. Blocks.

    Raises:
        NothingThere: there is no such doubt, or its pictures are gone.
    """
    if not 0 <= number < len(row.doubts):
        raise NothingThere
    doubt = row.doubts[number]
    at = datetime.fromisoformat(doubt["at"])
    around = timedelta(seconds=5)  # more than tracks are bridged over
    material = collect(archive, own, CameraId(UUID(doubt["camera_id"])), row.track, at - around, at + around)
    if material is None:
        raise NothingThere
    pts = material.tick(at)
    group = max((g for g in material.groups if g.frames[0].pts <= pts), key=lambda g: g.frames[0].pts, default=None)
    if group is None:
        raise NothingThere
    shown = list(render(group.frames, material.masks()))
    return crop(shown, pts, Box(*doubt["box"]))


# ------------------------------------------------------------------------------------------------- sealing


@dataclass(frozen=True, slots=True)
class Maker:
    """What making exports needs: a centre's database with its keys, its archive, where files lie, who stamps."""

    db: Db
    clock: Clock
    archive: Archive
    own: OwnBoxes
    folder: Path
    ledger_folder: Path
    authority: Authority | None = None

    @property
    def keys(self) -> KeyStore:
        """Return the centre's keys."""
        if self.db.keys is None:
            raise Fault("no key store: nothing can be sealed")
        return self.db.keys

    async def seal(
        self, row: ExportRow, cameras: dict[CameraId, Camera], words: Words, seats: dict[str, str]
    ) -> tuple[bytes, bytes]:
        """Return the finished file of a reviewed export and the hash of its manifest, which the ledger then holds.

        Raises:
            NothingThere: of none of the cameras there is a picture any more.
        """
        signer = self.keys.signer(EXPORT_KEY)
        entries = await self._entries(row, [self.keys.signer(SEALING_KEY), signer])
        reels = [await self._reel(row, n, cameras[s.camera_id]) for n, s in enumerate(row.spans)]
        if not any(r.groups for r in reels):
            raise NothingThere
        entries += dict.fromkeys(a.entry for r in reels for a in r.anchors)
        async with self.db.transaction() as tx:
            left = await decisions.undecided(tx, row.export_id, len(row.doubts))
        order = self._order(row, words, seats, tuple(entries), left)
        files, root = await asyncio.to_thread(_signed, order, reels, signer)
        stamp = None if self.authority is None else await self.authority.stamp(files[package.SIGNATURE])
        if stamp is not None:
            files = {**files, package.STAMP: stamp}
        fact = ExportSealed(
            fact_id=FactId(new_id()),
            happened_at=self.clock.now(),
            export_id=row.export_id,
            manifest_sha256=package.sha256(files[package.MANIFEST]),
            root=root.hex(),
            timestamp_sha256=None if stamp is None else package.sha256(stamp),
        )
        async with self.db.transaction() as tx:
            await ledger.append(tx, fact, actor="system:footage")
        proven = canonical(await self._proof([*entries, fact.fact_id]))
        data = await asyncio.to_thread(package.pack, {**files, package.PROOF: proven})
        return data, bytes.fromhex(fact.manifest_sha256)

    def _order(
        self, row: ExportRow, words: Words, seats: dict[str, str], entries: tuple[UUID, ...], undecided: int
    ) -> Order:
        seat = seats[str(row.asked_by)]
        return Order(
            export_id=row.export_id,
            centre_id=self.db.centre_id,
            made_at=self.clock.now(),
            request={
                "reason": words.reason,
                "case_no": words.case_no,
                "recipient": words.recipient,
                "asked_by": seat,
                "asked_at": row.asked_at,
                "role": row.asked_role,
                "ground_id": row.ground_id,
                "permits": [row.permit_id],
                "approved_by": seats[str(row.reviewed_by)],
                "download_until": row.download_until,
                "downloads": row.most_downloads,
                **({} if row.search_id is None else {"search": {"id": row.search_id, "step": row.search_step}}),
            },
            masking={
                "reviewed_by": seats[str(row.reviewed_by)],
                "reviewed_at": row.reviewed_at,
                "doubts": len(row.doubts),
                "hidden_whole": undecided,
                "patches": len(row.patches),
            },
            watermark=f"PERMIT {row.permit_id.hex[-8:]} {seat} {row.asked_at:%Y-%m-%d}".upper(),
            original=row.original,
            ledger=entries,
            sealing_keys=(self.keys.signer(SEALING_KEY).public,),
            software=f"ansimnet {importlib.metadata.version('ansimnet')}",
        )

    async def _reel(self, row: ExportRow, number: int, camera: Camera) -> Reel:
        """Return what there is of one of an export's spans."""
        span = row.spans[number]
        what = (camera.camera_id, row.track, span.from_at, span.until_at)
        material = await asyncio.to_thread(collect, self.archive, self.own, *what)
        gaps = await self.archive.gaps(*what)
        missing = [Missing(g.start, g.end, g.cause) for g in gaps]
        masks = Masks((), ())
        if material is not None:
            missing += material.unsealed
            patches = [_patch(p, material) for p in row.patches if p["camera_id"] == str(camera.camera_id)]
            known = await self._decided(row, number, material)
            masks = applied(material.masks(patches), known, open_spans(material.doubts(), known))
        return Reel(
            camera_id=camera.camera_id,
            code=camera.code,
            track=row.track,
            name=camera.address,
            from_at=span.from_at,
            until_at=span.until_at,
            groups=() if material is None else material.groups,
            missing=tuple(sorted(missing, key=lambda m: m.from_at)),
            masks=masks,
            anchors=() if material is None else material.anchors,
        )

    async def _decided(self, row: ExportRow, number: int, material: Material) -> list[Decided]:
        """Return what the reviewer decided about the doubts of a span."""
        async with self.db.transaction() as tx:
            rows = await decisions.of_export(tx, row.export_id)
        about = [(d, row.doubts[d.number]) for d in rows]
        return [material.decided(d, doubt) for d, doubt in about if doubt["span"] == number]

    async def _entries(self, row: ExportRow, signers: Sequence[Signer]) -> list[UUID]:
        """Return the entries that tell of the export: keys, who saw these cameras then, the question, the review.

        Of a traced route also each step of its search from the first on, and who asked to search: `OF_A_SEARCH`.
        """
        async with self.db.transaction() as tx:
            for signer in signers:
                await announce(tx, signer, self.clock.now())
        at_once: dict[tuple[datetime, datetime], list[str]] = {}
        for span in row.spans:
            at_once.setdefault((span.from_at, span.until_at), []).append(str(span.camera_id))
        async with self.db.transaction() as tx:
            found = await self._until_sealed(tx, [s.public.hex() for s in signers])
            for (from_at, until_at), names in at_once.items():
                found += await pages.entries_naming(
                    tx, "footage.view.opened.v1", "camera_id", names, recorded=(from_at - LOOKS_BEFORE, until_at)
                )
                found += await pages.entries_naming(
                    tx, "footage.recording.opened.v1", "camera_ids", names, about=(from_at, until_at)
                )
            found += await pages.entries_naming(tx, "policy.access.decided.v1", "permit_id", [str(row.permit_id)])
            for kind in ("footage.export.asked.v1", "footage.doubt.decided.v1", "footage.export.reviewed.v1"):
                found += await pages.entries_naming(tx, kind, "export_id", [str(row.export_id)])
            for kind in OF_A_SEARCH if row.search_id is not None else ():
                found += await pages.entries_naming(tx, kind, "search_id", [str(row.search_id)])
        return list(dict.fromkeys(found))  # somebody looked at a camera at two of its times, or at two cameras at once

    async def _until_sealed(self, tx: Tx, publics: Sequence[str]) -> list[UUID]:
        for _ in range(100):
            found = await pages.entries_naming(tx, SealingKeyAnnounced.kind, "public", publics)
            if len(found) >= len(set(publics)):
                return found
            await asyncio.sleep(0.1)
        raise Fault("the ledger does not seal")

    async def _proof(self, ids: Sequence[UUID]) -> dict[str, Any]:
        """Return the proof of these entries under one head, once the last one is signed."""
        centre = self.db.centre_id
        public = read_public((self.ledger_folder / f"{centre}.pub").read_bytes()).public_bytes_raw()
        lines = self.ledger_folder / f"{centre}.keys"
        later = [json.loads(line) for line in lines.read_bytes().splitlines()] if lines.exists() else []
        for _ in range(int(SIGNED_WITHIN_S / 0.5)):
            async with self.db.transaction() as tx:
                try:
                    last = await proofs.prove_entry(self.db, tx, ids[-1])
                    size = last["checkpoint"]["size"]
                    found = [await proofs.prove_entry(self.db, tx, i, size=size) for i in ids]
                    return proof.joined(public, later, found)
                except NotFound:
                    pass
            await asyncio.sleep(0.5)
        raise Fault("the ledger signs no head")

    # -- the file

    def path(self, export_id: UUID) -> Path:
        """Return where an export's sealed file lies."""
        return self.folder / "exports" / str(export_id)

    def keep(self, export_id: UUID, data: bytes) -> None:
        """Write a finished export, under its own key."""
        make_folder(self.folder / "exports", 0o700)
        sealed = self.keys.encrypt(export_id, STATE, data, bound_to=_bound(export_id))
        replace_file(self.path(export_id), sealed)

    def bring(self, export_id: UUID) -> bytes:
        """Return a finished export.

        Raises:
            NothingThere: it is gone.
        """
        try:
            sealed = self.path(export_id).read_bytes()
        except FileNotFoundError:
            raise NothingThere from None
        data = self.keys.decrypt(export_id, STATE, sealed, bound_to=_bound(export_id))
        if data is None:
            raise NothingThere
        return data

    def destroy(self, export_id: UUID) -> None:
        """Destroy an export: its key first, then its bytes. Safe to run twice."""
        self.keys.destroy(export_id)
        if shred(self.path(export_id)):
            sync_folder(self.folder / "exports")


LOOKS_BEFORE = timedelta(hours=12)
"""A look that began so long before may still go on: no session lives longer."""


def _bound(export_id: UUID) -> bytes:
    return b"footage export|" + export_id.bytes


async def announce(tx: Tx, signer: Signer, now: datetime) -> None:
    """Say on the ledger that this key seals, unless it says so already."""
    if not await pages.entries_naming(tx, SealingKeyAnnounced.kind, "public", [signer.public.hex()]):
        fact = SealingKeyAnnounced(
            fact_id=FactId(new_id()), happened_at=now, key_id=signer.key_id, public=signer.public.hex()
        )
        await ledger.append(tx, fact, actor="system:footage")


def _patch(told: dict[str, Any], material: Material) -> Patch:
    from_at, until_at = (datetime.fromisoformat(told[k]) for k in ("from_at", "until_at"))
    return Patch(material.tick(from_at), material.tick(until_at), Box(*told["box"]))


def _signed(order: Order, reels: Sequence[Reel], signer: Signer) -> tuple[dict[str, bytes], bytes]:
    made = package.films(reels, original=order.original, burn=watermark.burner(order.watermark))
    return package.signed(order, made, programs(), signer), made[2]


def programs() -> dict[str, bytes]:
    """Return what travels with every export: the verifier, and how to use it."""
    packaged = Path(__file__).resolve().parents[3] / "_tools" / "verify_clip.py"
    tool = packaged if packaged.exists() else _ROOT / "tools" / "verify_clip.py"
    return {"verify.py": tool.read_bytes(), "README.txt": _README.encode()}


_README = """이 파일은 무엇인가
  가려진 영상과 그 증명입니다. 인터넷 없이 확인할 수 있습니다.
  1) 어느 센터의 /verify 쪽에 이 zip 파일을 놓습니다. 파일은 밖으로 나가지 않습니다.
  2) 또는: python verify.py 이_파일.zip --key 센터.pub   (Python 3.11, cryptography)
     센터.pub 은 이 파일이 아니라 센터가 공개한 곳에서 받으십시오.

What this is
  Masked footage and its proof. It can be checked offline.
  1) Drop this zip file on the page /verify of any centre. It is not uploaded.
  2) Or: python verify.py THIS.zip --key CENTRE.pub   (Python 3.11, cryptography)
     Get CENTRE.pub from where the centre publishes it, not from this file.
"""

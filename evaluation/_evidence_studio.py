"""Sealed recordings, a ledger in memory and whole exports, made by the real code: what evidence is tried on."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import av
import numpy as np
from av.video.frame import PictureType, VideoFrame
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from ansimnet.facts.footage import ExportAsked, ExportSealed, SealingKeyAnnounced, SealsAnchored, ViewOpened
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CITY_CENTRE, AccountId, CameraId, FactId, PermitId, named_id
from ansimnet.platform.ledger import merkle
from ansimnet.platform.ledger.canonical import canonical, entry_hash, split
from ansimnet.platform.ledger.checkpoints import sign
from ansimnet.platform.ledger.keys import Signer
from ansimnet.platform.ledger.rows import SealedRow, exported
from ansimnet.slices.footage.evidence import package, proof, watermark
from ansimnet.slices.footage.evidence.anchoring import Anchor, path_of, tops_of
from ansimnet.slices.footage.evidence.films import Group
from ansimnet.slices.footage.evidence.seal import Sealer, micros
from ansimnet.slices.footage.masking.tracks import Masks, fill
from ansimnet.slices.footage.recording.cutter import Piece
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, fragment
from ansimnet.slices.footage.relay.h264 import IDR, PPS, SLICE, SPS, Parameters, split_annex_b
from ansimnet.slices.footage.relay.onvif import Box, Kind, Seen
from ansimnet.slices.footage.relay.ring import Frame, Init
from ansimnet.slices.footage.relay.source import Sighting, init_of

TOOL = Path(__file__).parents[1] / "tools" / "verify_clip.py"
BEGAN = datetime(2026, 11, 7, 3, 0, tzinfo=UTC)
Picture = NDArray[np.uint8]
"""A picture as `yuv420p`, shape (height · 3 / 2, width)."""


def tool() -> ModuleType:
    """Return the independent verifier, loaded from its one file."""
    spec = importlib.util.spec_from_file_location("verify_clip", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ------------------------------------------------------------------------------------------------- pictures


def street(seed: int, count: int, *, width: int = 640, height: int = 360, noise: float = 3.0) -> Iterator[Picture]:
    """Yield pictures of a made-up street: walls, windows, a lamp's light, two people and a car that move, noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    light = 90 + 50 * np.sin(x / 37) * np.cos(y / 23) + 40 * (y / height)
    for _ in range(60):
        left, top = rng.integers(0, width - 40), rng.integers(0, height - 40)
        light[top : top + rng.integers(6, 40), left : left + rng.integers(6, 40)] += rng.integers(-60, 60)
    blue = 128 + 20 * np.sin(x[::2, ::2] / 61)
    red = 128 + 20 * np.cos(y[::2, ::2] / 47)
    for n in range(count):
        frame = light + rng.normal(0, noise, light.shape)
        for k, (x1, y1, x2, y2) in enumerate(walkers(n, width, height)):
            frame[y1:y2, x1:x2] = 60 + 50 * k
        planes = (frame.clip(16, 235), blue.clip(16, 240), red.clip(16, 240))
        yield np.vstack([p.reshape(-1, width) for p in planes]).astype(np.uint8)


def walkers(n: int, width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Return where two people and a car are in picture `n`: x1 y1 x2 y2 in pixels."""
    a, b, c = (37 + 3 * n) % (width - 40), (width - 60 - 2 * n) % (width - 40), (5 * n) % (width - 120)
    tall = height // 5
    return [
        (a, height // 2, a + 24, height // 2 + tall),
        (b, height // 3, b + 20, height // 3 + tall),
        (c, height - 80, c + 100, height - 40),
    ]


def of_film(path: Path, count: int, width: int = 640, height: int = 360) -> Iterator[Picture]:
    """Yield the first pictures of a file, made as large as a sub-stream."""
    with av.open(str(path), "r") as movie:
        for n, picture in enumerate(movie.decode(video=0)):
            if n == count:
                return
            yield np.asarray(picture.reformat(width, height, format="yuv420p").to_ndarray(), np.uint8)


def recorded(pictures: Sequence[Picture], *, fps: int = 10, group_s: float = 2.0, crf: int = 26) -> list[Piece]:
    """Return pictures as a camera's stream, cut into pieces of one group, with the boxes its analytics would send."""
    height, width = pictures[0].shape[0] * 2 // 3, pictures[0].shape[1]
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.thread_count = Fraction(1, CLOCK_HZ), Fraction(fps), 1
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "crf": str(crf), "forced-idr": "1",
                       "x264-params": "keyint=1000:scenecut=0"}  # fmt: skip
    per, step = round(group_s * fps), CLOCK_HZ // fps
    init: Init | None = None
    groups: list[list[Frame]] = []
    for n, pixels in enumerate(pictures):
        picture = VideoFrame.from_ndarray(pixels, format="yuv420p")
        picture.pts, picture.time_base = n * step, Fraction(1, CLOCK_HZ)
        picture.pict_type = PictureType.I if n % per == 0 else PictureType.NONE
        for packet in encoder.encode(picture):
            units = split_annex_b(bytes(packet))
            sps = [u for u in units if u[0] & 31 == SPS]
            if init is None:
                init = init_of(Parameters(sps[0], tuple(u for u in units if u[0] & 31 == PPS)))
            if packet.is_keyframe:
                groups.append([])
            slices = [u for u in units if u[0] & 31 in (SLICE, IDR)]
            data = fragment(n + 1, n * step, 0, step, bool(packet.is_keyframe), slices)
            groups[-1].append(Frame(init, n * step, n * step, bool(packet.is_keyframe), data, n / fps))
    pieces = []
    for k, frames in enumerate(groups):
        start = BEGAN + timedelta(seconds=k * group_s)
        seen = tuple(Sighting(f.pts, _seen(f.pts // step, width, height)) for f in frames)
        pieces.append(Piece(start, start + timedelta(seconds=len(frames) / fps), tuple(frames), seen))
    return pieces


def _seen(n: int, width: int, height: int) -> tuple[Seen, ...]:
    kinds = (Kind.PERSON, Kind.PERSON, Kind.VEHICLE)
    return tuple(
        Seen(f"t{k}", kind, Box(x1 / width, y1 / height, x2 / width, y2 / height))
        for k, (kind, (x1, y1, x2, y2)) in enumerate(zip(kinds, walkers(n, width, height), strict=True))
    )


# ------------------------------------------------------------------------------------------------- the ledger


def new_signer() -> Signer:
    """Return a fresh key."""
    return Signer(Ed25519PrivateKey.generate())


_exported = lru_cache(1024)(exported)
"""A row as it leaves, made once: hundred thousand exports name the same few rows."""


@dataclass
class MemoryLedger:
    """A centre's ledger in memory: rows, hashes and heads by the same code that writes the real one."""

    signer: Signer = field(default_factory=new_signer)
    rows: list[SealedRow] = field(default_factory=list)

    def append(self, fact: Fact, actor: str = "system:footage") -> UUID:
        """Seal a fact at once; return its entry's id."""
        body, payload, subject = split(fact)
        assert payload is None
        draft = SealedRow(
            centre_id=CITY_CENTRE,
            seq=len(self.rows) + 1,
            entry_id=fact.fact_id,
            prev_hash=self.rows[-1].hash if self.rows else bytes(32),
            hash=b"",
            sealed_at=fact.happened_at + timedelta(milliseconds=3),
            kind=fact.kind,
            happened_at=fact.happened_at,
            recorded_at=fact.happened_at,
            actor=actor,
            subject_id=subject,
            key_year=None,
            body=body,
            payload=None,
            payload_sha256=None,
            entry_centre=CITY_CENTRE,
        )
        self.rows.append(replace(draft, hash=entry_hash(draft.header())))
        return fact.fact_id

    def proof(self, ids: Sequence[UUID]) -> dict[str, Any]:
        """Return the proof that these entries are under one signed head."""
        leaves = [r.hash for r in self.rows]
        at = self.rows[-1].sealed_at + timedelta(seconds=1)
        point = sign(self.signer, CITY_CENTRE, len(leaves), merkle.Tree(leaves).root(), leaves[-1], None, at).object()
        rows = {r.entry_id: r for r in self.rows}

        @cache
        def subtree(first: int, behind: int) -> bytes:
            return merkle.Tree(leaves[first:behind]).root()

        found = [
            {
                "centre_id": str(CITY_CENTRE),
                "entry": _exported(rows[i]),
                "path": [h.hex() for h in merkle.inclusion_path(subtree, rows[i].seq - 1, len(leaves))],
                "checkpoint": point,
            }
            for i in ids
        ]
        return proof.joined(self.signer.public, [], found)


# ------------------------------------------------------------------------------------------------- whole exports


@dataclass
class Studio:
    """One centre that records, seals and exports."""

    seed: int = 7
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    recorder: Signer = field(default_factory=new_signer)
    signer: Signer = field(default_factory=new_signer)
    ids: int = 0

    def fact_id(self) -> FactId:
        """Return the next id; the same in every run of a seed."""
        self.ids += 1
        return FactId(named_id("fact", f"{self.seed}-{self.ids}"))

    def reel(self, code: str, pieces: Sequence[Piece], **other: Any) -> package.Reel:
        """Return one camera's sealed material."""
        camera_id = CameraId(named_id("camera", code))
        sealer = Sealer(self.recorder)
        groups = tuple(Group(p.frames, sealer.seal(camera_id, "sub", p, clock_error_s=0.12)) for p in pieces)
        anchors = self.anchored([g.seal for g in groups], pieces[-1].end + timedelta(seconds=30))
        last = pieces[-1].frames[-1].pts + CLOCK_HZ
        masks: Masks = fill([s for p in pieces for s in p.sightings], 0, last)
        told: dict[str, Any] = {"from_at": pieces[0].start, "until_at": pieces[-1].end, "missing": (), "masks": masks}
        told |= {"anchors": anchors} | other
        return package.Reel(camera_id=camera_id, code=code, name="새빛로 3", groups=groups, **told)

    def anchored(self, seals: Sequence[bytes], at: datetime) -> tuple[Anchor, ...]:
        """Have the ledger take in seals, as the recorder does every minute."""
        digests = [hashlib.sha256(s).digest() for s in seals]
        tops = tops_of([[bytes(32)], digests])  # another camera's, and these
        entry = self.ledger.append(
            SealsAnchored(
                fact_id=self.fact_id(),
                happened_at=at,
                root=merkle.Tree(tops).root().hex(),
                streams=len(tops),
                groups=1 + len(digests),
            )
        )
        path = [h.hex() for h in path_of(tops, 1)]
        return (Anchor(entry, micros(at), 1, len(tops), path, [d.hex() for d in digests]),)

    def export(self, reels: Sequence[package.Reel], *, original: bool = True, looks: int = 12) -> dict[str, bytes]:
        """Return the files of an export, proof included."""
        entries = [self.ledger.append(self._key(key)) for key in (self.recorder, self.signer)]
        for k in range(looks):
            entries.append(self.ledger.append(self._look(reels[k % len(reels)].camera_id, k), actor=f"relay:{k}"))
        entries.append(self.ledger.append(self._asked(reels, original)))
        entries += dict.fromkeys(a.entry for r in reels for a in r.anchors)
        order = self.order(tuple(entries), original)
        made = package.films(reels, original=original, burn=watermark.burner(order.watermark))
        files = package.signed(order, made, {"verify.py": TOOL.read_bytes()}, self.signer)
        sealed = self.seal(files[package.MANIFEST], made[2])
        return {**files, package.PROOF: canonical(self.ledger.proof([*entries, sealed]))}

    def order(self, entries: tuple[UUID, ...], original: bool) -> package.Order:
        """Return who asked for what."""
        return package.Order(
            export_id=named_id("export", str(self.seed)),
            centre_id=CITY_CENTRE,
            made_at=BEGAN + timedelta(hours=1),
            request={
                "reason": "수사 협조",
                "case_no": "2026-형제-1",
                "recipient": "새빛경찰서",
                "asked_by": "investigator-1",
                "approved_by": "shift-lead-1",
                "ground": "PIPA 18(2)7",
                "permits": [],
            },
            masking={"reviewed_by": "operator-2", "reviewed_at": BEGAN + timedelta(minutes=50)},
            watermark="PERMIT 1A2B3C4D INVESTIGATOR-1 2026-11-07",
            original=original,
            ledger=entries,
            sealing_keys=(self.recorder.public,),
            software="ansimnet",
        )

    def seal(self, manifest: bytes, root: bytes) -> UUID:
        """Put a manifest on the ledger."""
        return self.ledger.append(
            ExportSealed(
                fact_id=self.fact_id(),
                happened_at=BEGAN + timedelta(hours=1),
                export_id=named_id("export", str(self.seed)),
                manifest_sha256=package.sha256(manifest),
                root=root.hex(),
                timestamp_sha256=None,
            )
        )

    def _key(self, key: Signer) -> SealingKeyAnnounced:
        return SealingKeyAnnounced(
            fact_id=self.fact_id(), happened_at=BEGAN, key_id=key.key_id, public=key.public.hex()
        )

    def _asked(self, reels: Sequence[package.Reel], original: bool) -> ExportAsked:
        return ExportAsked(
            fact_id=self.fact_id(),
            happened_at=BEGAN + timedelta(minutes=40),
            export_id=named_id("export", str(self.seed)),
            by=AccountId(named_id("account", "investigator-1")),
            permit_id=PermitId(named_id("permit", "1a2b3c4d")),
            cameras=tuple(sorted({r.camera_id for r in reels})),
            from_at=min(r.from_at for r in reels),
            until_at=max(r.until_at for r in reels),
            original=original,
        )

    def _look(self, camera_id: CameraId, k: int) -> ViewOpened:
        return ViewOpened(
            fact_id=self.fact_id(),
            happened_at=BEGAN + timedelta(seconds=k),
            view_id=named_id("view", f"{self.seed}-{k}"),
            permit_id=PermitId(named_id("permit", f"{self.seed}-{k}")),
            camera_id=camera_id,
            provision_id=None,
            viewer=f"operator-{k % 3}",
            masking="masked",
        )

"""What somebody does to an export: outside of the centre with no key, or inside with the key that signs exports.

The outsider makes hashes and roots fit again as far as he can. The insider signs anew and has the ledger say so; what
he does not have is the recorder's key. The thief has that too, but only later. Every tampering changes what the export
shows or says.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from types import ModuleType
from typing import Any
from uuid import UUID

import numpy as np
from evaluation._evidence_studio import BEGAN, MemoryLedger, Picture, Studio, new_signer, recorded, street
from numpy.typing import NDArray

from ansimnet.platform.ledger import merkle
from ansimnet.platform.ledger.canonical import canonical
from ansimnet.platform.ledger.keys import Signer
from ansimnet.slices.footage.evidence import package
from ansimnet.slices.footage.evidence.seal import CONTEXT as SEAL_CONTEXT
from ansimnet.slices.footage.evidence.seal import HEAD

Files = dict[str, bytes]
Planes = list[tuple[bytes, int, int, int]]
LEVELS = 10
"""A picture counts as tampered with where 3 x 3 blocks changed by so many of 256 levels on average: 36 pixels of a
sub-stream of 360 lines, a person at 30 m. Less may hide in what encoding does (docs/design/evidence.md)."""


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
        raw = canonical(told)
        mine = ledger or self.ledger()
        other = Studio(self.studio.seed + 1, mine, self.studio.recorder, signer)
        sealed = other.seal(raw, bytes.fromhex(told["root"]))
        known = {r.entry_id for r in mine.rows}
        ids = [i for i in map(UUID, told["ledger"]) if i in known]
        signature = {"public": signer.public.hex(), "signature": signer.sign(package.CONTEXT + raw).hex()}
        return {
            **files,
            "manifest.json": raw,
            "signature.json": canonical(signature),
            "proof.json": canonical(mine.proof([*ids, sealed])),
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


def refitted(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest whose root fits its groups."""
    groups = [g for c in manifest["cameras"] for p in c["parts"] for g in p["groups"]]
    tree = merkle.Tree(hashlib.sha256(b"\x00" + canonical(g)).digest() for g in groups)
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


# ------------------------------------------------------------------------------------------------- bytes


def flipped(data: bytes, rng: Random) -> bytes:
    """Return data with one bit changed."""
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def flipped_bit(e: Exhibit, rng: Random) -> Tampered:
    """One bit of one file."""
    name = rng.choice(sorted(e.files))
    return Tampered({**e.files, name: flipped(e.files[name], rng)})


def flipped_container_bit(e: Exhibit, rng: Random) -> Tampered:
    """One bit of the zip file, anywhere."""
    return Tampered(e.files, flipped(e.tool.pack(e.files), rng))


def other_directory(e: Exhibit, rng: Random) -> Tampered:
    """The same files under another list of them: a bit of the zip file's directory."""
    data = e.tool.pack(e.files)
    begins = data.index(b"PK\x01\x02")
    return Tampered(e.files, data[:begins] + flipped(data[begins:], rng))


def cut_or_longer(e: Exhibit, rng: Random) -> Tampered:
    """A file that ends earlier or later."""
    name = rng.choice(sorted(e.files))
    data = e.files[name]
    other = data[: rng.randrange(len(data))] if rng.random() < 0.5 else data + rng.randbytes(rng.randint(1, 99))
    return Tampered({**e.files, name: other})


def other_files(e: Exhibit, rng: Random) -> Tampered:
    """A file dropped, added, or two that change places."""
    names = sorted(e.files)
    match rng.randrange(3):
        case 0:
            gone = rng.choice(names)
            return Tampered({n: d for n, d in e.files.items() if n != gone})
        case 1:
            return Tampered({**e.files, f"cameras/{rng.randrange(100):02}-more.mp4": rng.randbytes(64)})
        case _:
            a, b = rng.sample(names, 2)
            return Tampered({**e.files, a: e.files[b], b: e.files[a]})


def reformatted(e: Exhibit, rng: Random) -> Tampered:
    """The same words, written another way."""
    name = rng.choice(["manifest.json", "signature.json", "proof.json"])
    value = json.loads(e.files[name])
    raw = json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1])).encode()
    return Tampered({**e.files, name: raw})


def other_signature(e: Exhibit, rng: Random) -> Tampered:
    """The manifest under somebody else's signature, or under one over something else."""
    signature = json.loads(e.files["signature.json"])
    by = rng.choice([new_signer(), e.studio.signer])
    signature["signature"] = by.sign(rng.randbytes(8) + e.files["manifest.json"]).hex()
    return Tampered({**e.files, "signature.json": canonical(signature)})


# ------------------------------------------------------------------------------------------------- words


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path to every plain value."""
    if isinstance(value, dict):
        return [p for k, v in value.items() for p in leaves(v, (*path, k))]
    if isinstance(value, list) and value:
        return [p for k, v in enumerate(value) for p in leaves(v, (*path, k))]
    return [path]


def changed(value: Any, rng: Random) -> Any:
    """Return another value of the same sort."""
    match value:
        case bool():
            return not value
        case int():
            return value + rng.choice([-1, 1]) * rng.randint(1, 10**6)
        case str():
            if not value:
                return "x"
            at = rng.randrange(len(value))
            return value[:at] + rng.choice([c for c in "0123456789abcdef가" if c != value[at]]) + value[at + 1 :]
        case _:
            return "x"


def edited(value: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Return an object with one plain value changed."""
    found = copy.deepcopy(value)
    *path, last = rng.choice(leaves(found))
    at: Any = found
    for step in path:
        at = at[step]
    at[last] = changed(at[last], rng)
    return found


def edited_manifest(e: Exhibit, rng: Random) -> Tampered:
    """One value of the manifest, its root made to fit again."""
    told = edited(e.manifest, rng)
    with contextlib.suppress(KeyError, TypeError):
        told = refitted(told)
    return Tampered({**e.files, "manifest.json": canonical(told)})


def edited_ledger(e: Exhibit, rng: Random) -> Tampered:
    """A line of the ledger edited (its hashes made to fit), dropped, doubled, or in another order."""
    proof = json.loads(e.files["proof.json"])
    entries = proof["entries"]
    k = rng.randrange(len(entries))
    match rng.randrange(5):
        case 0:
            proof = edited(proof, rng)
        case 1:
            del entries[k]
        case 2:
            entries.insert(rng.randrange(len(entries)), entries[k])
        case 3:
            entries[k - 1], entries[k] = entries[k], entries[k - 1]
        case _:
            entry = entries[k]["entry"]
            body = edited(json.loads(entry["body"]), rng)
            entry["body"] = canonical(body).decode()
            entry["header"]["body_sha256"] = package.sha256(canonical(body))
            entry["hash"] = hashlib.sha256(b"\x00" + canonical(entry["header"])).hexdigest()
    return Tampered({**e.files, "proof.json": canonical(proof)})


# ------------------------------------------------------------------------------------------------- groups


def _part(e: Exhibit, manifest: dict[str, Any], rng: Random) -> tuple[dict[str, Any], int]:
    """Return a part of several groups, and the number of its first group among all."""
    found, at = [], 0
    for part in (p for c in manifest["cameras"] for p in c["parts"]):
        if len(part["groups"]) > 1:
            found.append((part, at))
        at += len(part["groups"])
    return rng.choice(found)


def _films(e: Exhibit, files: Files, part: dict[str, Any], order: list[int]) -> Files:
    """Return the files with the groups of a part in another order, or fewer of them."""
    out = dict(files)
    for kind in ("masked", "original"):
        init, films = e.tool.fragments(files[part[kind]["file"]])
        cuts, at = [], 0
        for group in part["groups"]:
            cuts.append(films[at : at + group[kind]["frames"]])
            at += group[kind]["frames"]
        out[part[kind]["file"]] = init + b"".join(f for k in order for f in cuts[k])
    return out


def _rearranged(e: Exhibit, rng: Random, order: Callable[[int], list[int]]) -> tuple[Files, dict[str, Any], int]:
    manifest = e.manifest
    part, first = _part(e, manifest, rng)
    kept = order(len(part["groups"]))
    files = _films(e, e.files, part, kept)
    seals = seals_of(e.files)
    own = seals[first : first + len(part["groups"])]
    seals[first : first + len(own)] = [own[k] for k in kept]
    part["groups"] = [part["groups"][k] for k in kept]
    return with_seals(files, seals), refitted(manifest), first


def _without_one(rng: Random) -> Callable[[int], list[int]]:
    def order(count: int) -> list[int]:
        gone = rng.randrange(count)
        return [k for k in range(count) if k != gone]

    return order


def _two_swapped(rng: Random) -> Callable[[int], list[int]]:
    def order(count: int) -> list[int]:
        a, b = rng.sample(range(count), 2)
        return [b if k == a else a if k == b else k for k in range(count)]

    return order


def dropped_group(e: Exhibit, rng: Random) -> Tampered:
    """A group gone from films, seals and manifest; nobody signs that."""
    files, told, _ = _rearranged(e, rng, _without_one(rng))
    return Tampered({**files, "manifest.json": canonical(told)})


def reordered_groups(e: Exhibit, rng: Random) -> Tampered:
    """Two groups change places everywhere; nobody signs that."""
    files, told, _ = _rearranged(e, rng, _two_swapped(rng))
    return Tampered({**files, "manifest.json": canonical(told)})


def insider_dropped_group(e: Exhibit, rng: Random) -> Tampered:
    """A group gone, signed anew; half of the time with an invented loss of the camera over its place."""
    files, told, _ = _rearranged(e, rng, _without_one(rng))
    if rng.random() < 0.5:
        camera = rng.choice([c for c in told["cameras"] if c["gaps"] == []] or told["cameras"])
        camera["gaps"] = [{"from_at": camera["from_at"], "until_at": camera["until_at"], "cause": "camera-lost"}]
        if all(len(p["groups"]) == 4 for p in camera["parts"]):
            return Tampered(e.resigned(files, told))
        if camera["parts"][0]["groups"][0]["number"] != 1 or camera["parts"][-1]["groups"][-1]["number"] != 4:
            camera["gaps"] = []  # at an end nothing but the stated span speaks: he leaves that
    return Tampered(e.resigned(files, told))


def insider_reordered_groups(e: Exhibit, rng: Random) -> Tampered:
    """Two groups change places, signed anew."""
    files, told, _ = _rearranged(e, rng, _two_swapped(rng))
    return Tampered(e.resigned(files, told))


def insider_foreign_pictures(e: Exhibit, rng: Random) -> Tampered:
    """Pictures behind the last group, or seals that belong to none, signed anew."""
    manifest = e.manifest
    if rng.random() < 0.3:
        return Tampered(e.resigned(with_seals(e.files, [*seals_of(e.files), seals_of(e.files)[0]]), manifest))
    part, _ = _part(e, manifest, rng)
    name = part[rng.choice(["masked", "original"])]["file"]
    films = e.tool.fragments(e.files[name])[1]
    return Tampered(e.resigned({**e.files, name: e.files[name] + rng.choice(films)}, manifest))


# ------------------------------------------------------------------------------------------------- clocks, seals


def _spoilt_head(seal: bytes, rng: Random) -> bytes:
    """Return a seal whose group begins at another time, the rest as it was."""
    head = list(HEAD.unpack_from(seal))
    head[4] += rng.choice([-1, 1]) * rng.randint(1, 10**9)
    return HEAD.pack(*head) + seal[HEAD.size :]


def shifted_clock(e: Exhibit, rng: Random) -> Tampered:
    """A group begins at another time, in manifest and seal; nobody signs that."""
    return _shifted(e, rng, signed=False)


def insider_shifted_clock(e: Exhibit, rng: Random) -> Tampered:
    """A clock shifted and signed anew: a group's in the manifest, in its seal, or the camera's whole span."""
    return _shifted(e, rng, signed=True)


def _shifted(e: Exhibit, rng: Random, *, signed: bool) -> Tampered:
    manifest, seals = e.manifest, seals_of(e.files)
    groups = [g for c in manifest["cameras"] for p in c["parts"] for g in p["groups"]]
    k, how = rng.randrange(len(groups)), rng.randrange(3)
    if how == 0:
        groups[k]["at_us"] += rng.choice([-1, 1]) * rng.randint(1, 10**9)
    elif how == 1:
        seals[k] = _spoilt_head(seals[k], rng)
        groups[k] |= {"at_us": HEAD.unpack_from(seals[k])[4], "seal": package.sha256(seals[k])}
    else:
        camera = manifest["cameras"][0]
        from_at, until_at = rng.choice([("05:00:00", "05:00:08"), ("03:00:02", "03:00:08"), ("03:00:00", "03:00:06")])
        camera["from_at"], camera["until_at"] = (f"2026-11-07T{at}.000000Z" for at in (from_at, until_at))
    files = with_seals(e.files, seals)
    return Tampered(
        e.resigned(files, manifest) if signed else {**files, "manifest.json": canonical(refitted(manifest))}
    )


def insider_other_seal(e: Exhibit, rng: Random) -> Tampered:
    """Another group's grid under a seal, or a seal by the export key, signed anew."""
    manifest, seals = e.manifest, seals_of(e.files)
    groups = [g for c in manifest["cameras"] for p in c["parts"] for g in p["groups"]]
    a, b = rng.sample(range(len(seals)), 2)
    if rng.random() < 0.5:
        seals[a] = seals[a][: HEAD.size + 64] + seals[b][HEAD.size + 64 :]
    else:
        head = seals[a][: HEAD.size]
        by = e.studio.signer.sign(SEAL_CONTEXT + head)
        seals[a] = head + by + seals[a][HEAD.size + 64 :]
    groups[a]["seal"] = package.sha256(seals[a])
    return Tampered(e.resigned(with_seals(e.files, seals), manifest))


def insider_other_original(e: Exhibit, rng: Random) -> Tampered:
    """An original that was not recorded, its root made to fit, signed anew."""
    manifest = e.manifest
    part, _ = _part(e, manifest, rng)
    name = part["original"]["file"]
    init, films = e.tool.fragments(e.files[name])
    k = rng.randrange(len(films))
    films[k] = films[k][:-8] + flipped(films[k][-8:], rng)
    at = 0
    for group in part["groups"]:
        own = films[at : at + group["original"]["frames"]]
        at += len(own)
        root = merkle.Tree(hashlib.sha256(b"\x00" + f).digest() for f in own).root()
        group["original"]["root"] = root.hex()
    return Tampered(e.resigned({**e.files, name: init + b"".join(films)}, manifest))


def insider_unknown_key(e: Exhibit, rng: Random) -> Tampered:
    """Signed anew with a key that the ledger never announced."""
    manifest, signer = e.manifest, new_signer()
    manifest["keys"]["export"] = signer.public.hex()
    return Tampered(e.resigned(e.files, manifest, signer))


# ------------------------------------------------------------------------------------------------- a stolen key


def thief_sealed_anew(e: Exhibit, rng: Random) -> Tampered:
    """The recorder's key stolen: a camera's seals made anew with other grids, the chain and the manifest made to fit.

    The old way to the ledger is left, rewritten or dropped, or the ledger takes in the new seals: months later.
    """
    manifest, seals, ledger = e.manifest, seals_of(e.files), e.ledger()
    k = rng.randrange(len(manifest["cameras"]))
    camera = manifest["cameras"][k]
    first = sum(len(p["groups"]) for c in manifest["cameras"][:k] for p in c["parts"])
    groups = [g for p in camera["parts"] for g in p["groups"]]
    told = _sealed_anew(e, rng, seals[first : first + len(groups)])
    for at, (group, seal) in enumerate(zip(groups, told, strict=True)):
        group["seal"], seals[first + at] = package.sha256(seal), seal
    leaves = [g["seal"] for g in groups]
    match rng.randrange(4):
        case 0:
            camera["anchors"] = []
        case 1:
            camera["anchors"][0]["leaves"] = leaves
        case 2:
            late = BEGAN + timedelta(seconds=rng.randint(2 * 3600, 10**7))
            [anchor] = Studio(rng.randrange(10**9), ledger).anchored(told, late)
            names = {"entry": str(anchor.entry), "index": 1, "size": 2, "path": anchor.path, "leaves": leaves}
            camera["anchors"], manifest["ledger"] = [names], [*manifest["ledger"], str(anchor.entry)]
    return Tampered(e.resigned(with_seals(e.files, seals), manifest, ledger=ledger))


def _sealed_anew(e: Exhibit, rng: Random, seals: list[bytes]) -> list[bytes]:
    """Return a camera's seals with other grids from some group on, each naming the one before."""
    from_k, made, renamed = rng.randrange(len(seals)), list[bytes](), dict[bytes, bytes]()
    for k, seal in enumerate(seals):
        if k < from_k:
            made.append(seal)
            continue
        old, grid = seal[: HEAD.size], seal[HEAD.size + 64 :]
        grid = grid[:2] + zlib.compress(flipped(zlib.decompress(grid[2:]), rng), 9)
        values = list(HEAD.unpack(old))
        values[13], values[14] = hashlib.sha256(grid).digest(), renamed.get(values[14], values[14])
        head = HEAD.pack(*values)
        renamed[hashlib.sha256(old).digest()] = hashlib.sha256(head).digest()
        made.append(head + e.studio.recorder.sign(SEAL_CONTEXT + head) + grid)
    return made


# ------------------------------------------------------------------------------------------------- pictures


def arrays(planes: Planes) -> list[Picture]:
    """Return planes as arrays of their own."""
    return [np.frombuffer(d, np.uint8).reshape(-1, line)[:h, :w].copy() for d, line, w, h in planes]


def insider_other_picture(e: Exhibit, rng: Random) -> Tampered:
    """The masked copy shows something else, encoded and signed anew."""
    shown = rng.choice(sorted(e.planes))
    before = arrays(e.planes[shown])
    while True:
        after = [p.copy() for p in before]
        rng.choice([_pasted, _painted_over, _brighter, _swapped, _recoloured, _other_moment])(e, after, rng)
        if visible(before, after, e.hidden[shown]):
            return _shows(e, shown, after)


def insider_other_hidden(e: Exhibit, rng: Random) -> Tampered:
    """What is hidden was something else: lighter or darker under every mosaic, encoded and signed anew."""
    shown = rng.choice([s for s in sorted(e.planes) if e.hidden[s]])
    after = arrays(e.planes[shown])
    by = rng.choice([-1, 1]) * rng.randint(LEVELS, 60)
    for x1, y1, x2, y2 in e.hidden[shown]:
        part = after[0][y1:y2, x1:x2]
        part[:] = (part.astype(np.int16) + by).clip(0, 255).astype(np.uint8)
    return _shows(e, shown, after)


def _shows(e: Exhibit, shown: bytes, after: list[Picture]) -> Tampered:
    return Tampered(e.files, seen={shown: [(p.tobytes(), p.shape[1], p.shape[1], p.shape[0]) for p in after]})


def visible(before: list[Picture], after: list[Picture], hidden: list[list[int]]) -> bool:
    """Return whether some 3 x 3 blocks that are not hidden changed by `LEVELS` on average, in light or a colour."""
    block = max(8, round(before[0].shape[0] / 30))
    for k, (b, a) in enumerate(zip(before, after, strict=True)):
        change = a.astype(np.int64) - b
        for x1, y1, x2, y2 in hidden:
            box = [v >> (k > 0) for v in (x1, y1, x2 + 1, y2 + 1)]
            left, top, right, bottom = box[0] // block, box[1] // block, -(-box[2] // block), -(-box[3] // block)
            change[top * block : bottom * block, left * block : right * block] = 0
        if (_boxed(change, 3 * block) >= LEVELS).any():
            return True
    return False


def _boxed(change: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """Return the mean change of every square of this edge."""
    total = np.pad(np.cumsum(np.cumsum(change, 0), 1), ((1, 0), (1, 0)))
    sums = total[size:, size:] - total[:-size, size:] - total[size:, :-size] + total[:-size, :-size]
    return np.asarray(np.abs(sums) / (size * size), np.float64)


def _patch(planes: list[Picture], rng: Random) -> tuple[int, int, int, int]:
    """Return a rectangle with even corners: from a person at 30 m to a car at 10."""
    height, width = planes[0].shape
    w, h = rng.randrange(24, 90, 2), rng.randrange(24, 90, 2)
    return rng.randrange(0, width - w, 2), rng.randrange(0, height - h, 2), w, h


def _copy(planes: list[Picture], source: list[Picture], a: tuple[int, int, int, int], to: tuple[int, int]) -> None:
    for plane, other, half in zip(planes, source, (1, 2, 2), strict=True):
        x, y, w, h = (v // half for v in a)
        u, v = to[0] // half, to[1] // half
        plane[v : v + h, u : u + w] = other[y : y + h, x : x + w]


def _pasted(e: Exhibit, planes: list[Picture], rng: Random) -> None:
    """A person from another picture."""
    x, y, w, h = _patch(planes, rng)
    u, v = _patch(planes, rng)[:2]
    u, v = min(u, planes[0].shape[1] - w), min(v, planes[0].shape[0] - h)
    _copy(planes, arrays(e.planes[rng.choice(sorted(e.planes))]), (u, v, w, h), (x, y))


def _painted_over(e: Exhibit, planes: list[Picture], rng: Random) -> None:
    """A car removed: the ground beside it drawn over it."""
    x, y, w, h = _patch(planes, rng)
    for plane, half in zip(planes, (1, 2, 2), strict=True):
        part = plane[y // half : (y + h) // half, x // half : (x + w) // half]
        part[:] = part[:, :1]


def _brighter(e: Exhibit, planes: list[Picture], rng: Random) -> None:
    by = rng.choice([-1, 1]) * rng.randint(LEVELS, 60)
    planes[0][:] = (planes[0].astype(np.int16) + by).clip(0, 255).astype(np.uint8)


def _swapped(e: Exhibit, planes: list[Picture], rng: Random) -> None:
    """Two places of the picture change places."""
    x, y, w, h = _patch(planes, rng)
    u, v = _patch(planes, rng)[:2]
    u, v = min(u, planes[0].shape[1] - w), min(v, planes[0].shape[0] - h)
    source = [p.copy() for p in planes]
    _copy(planes, source, (x, y, w, h), (u, v))
    _copy(planes, source, (u, v, w, h), (x, y))


def _recoloured(e: Exhibit, planes: list[Picture], rng: Random) -> None:
    """A car of another colour."""
    x, y, w, h = _patch(planes, rng)
    w, h = max(w, 60), max(h, 60)
    part = planes[rng.choice([1, 2])][y // 2 : (y + h) // 2, x // 2 : (x + w) // 2]
    part[:] = (part.astype(np.int16) + rng.choice([-1, 1]) * rng.randint(LEVELS, 60)).clip(0, 255).astype(np.uint8)


def _other_moment(e: Exhibit, planes: list[Picture], rng: Random) -> None:
    """The picture of another group, or of another camera."""
    other = arrays(e.planes[rng.choice(sorted(e.planes))])
    for plane, source in zip(planes, other, strict=True):
        plane[:] = source


TAMPERINGS: dict[str, Callable[[Exhibit, Random], Tampered]] = {
    f.__name__: f
    for f in (
        *(
            flipped_bit,
            flipped_container_bit,
            other_directory,
            cut_or_longer,
            other_files,
            reformatted,
            other_signature,
        ),
        *(
            edited_manifest,
            edited_ledger,
            dropped_group,
            reordered_groups,
            shifted_clock,
            insider_dropped_group,
            insider_reordered_groups,
        ),
        *(insider_foreign_pictures, insider_shifted_clock, insider_other_seal, insider_other_original),
        *(insider_unknown_key, insider_other_picture, insider_other_hidden, thief_sealed_anew),
    )
}

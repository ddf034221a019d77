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
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from evaluation._evidence_exhibit import Exhibit, Files, Tampered, plain, refitted, seals_of, with_seals
from evaluation._evidence_paint import insider_other_hidden, insider_other_picture
from evaluation._evidence_studio import BEGAN, Studio, new_signer

from ansimnet.platform.ledger import merkle
from ansimnet.platform.ledger.canonical import instant
from ansimnet.slices.footage.evidence import package
from ansimnet.slices.footage.evidence.seal import CONTEXT as SEAL_CONTEXT
from ansimnet.slices.footage.evidence.seal import HEAD

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
    return Tampered({**e.files, "signature.json": plain(signature)})


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
    return Tampered({**e.files, "manifest.json": plain(told)})


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
            entry["body"] = plain(body).decode()
            entry["header"]["body_sha256"] = package.sha256(plain(body))
            entry["hash"] = hashlib.sha256(b"\x00" + plain(entry["header"])).hexdigest()
    return Tampered({**e.files, "proof.json": plain(proof)})


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
    return Tampered({**files, "manifest.json": plain(told)})


def reordered_groups(e: Exhibit, rng: Random) -> Tampered:
    """Two groups change places everywhere; nobody signs that."""
    files, told, _ = _rearranged(e, rng, _two_swapped(rng))
    return Tampered({**files, "manifest.json": plain(told)})


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
    return Tampered(e.resigned(files, manifest) if signed else {**files, "manifest.json": plain(refitted(manifest))})


def insider_other_span(e: Exhibit, rng: Random) -> Tampered:
    """A camera said to have been asked for longer than it was, an invented loss over the rest, signed anew."""
    manifest = e.manifest
    camera = rng.choice(manifest["cameras"])
    end = rng.choice(["from_at", "until_at"])
    far = timedelta(seconds=rng.randint(1, 10**6) * (-1 if end == "from_at" else 1))
    between = sorted([camera[end], instant(datetime.fromisoformat(camera[end]) + far)])
    camera[end] = between[0 if end == "from_at" else 1]
    camera["gaps"] = [*camera["gaps"], {"from_at": between[0], "until_at": between[1], "cause": "camera-lost"}]
    camera["gaps"].sort(key=lambda g: g["from_at"])
    return Tampered(e.resigned(e.files, manifest))


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
        *(insider_foreign_pictures, insider_shifted_clock, insider_other_span, insider_other_seal),
        insider_other_original,
        *(insider_unknown_key, insider_other_picture, insider_other_hidden, thief_sealed_anew),
    )
}

#!/usr/bin/env python3
"""Verify exported Ansimnet footage without any Ansimnet code: the standard library and `cryptography` alone.

    verify.py EXPORT.zip [--key CENTRE.pub] [--json]

Finds every flipped bit, dropped or reordered group of pictures, shifted clock, edited manifest, edited ledger line. Get
the key, and a copy of this program, from somewhere else than the export. Where PyAV is installed (`pip install av`) the
masked pictures are decoded too and compared with the block means that were signed when they were recorded; without it
the answer says `pictures: not checked`, and the page `/verify` of any centre does that in a browser. A time stamp
(RFC 3161) is checked by `openssl ts -verify -token_in -in timestamp.der -data signature.json -CAfile AUTHORITY.pem`.
Exit status: 0 verified, 1 something is wrong, 2 the file cannot be read. The format: docs/design/evidence.md.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SEAL_CONTEXT = b"ansimnet footage seal v1\x00"
EXPORT_CONTEXT = b"ansimnet footage export v1\x00"
CHECKPOINT_CONTEXT = b"ansimnet ledger checkpoint v1\x00"
KEY_CONTEXT = b"ansimnet ledger key v1\x00"
HEAD = struct.Struct(">4s16sBIqQQHHHi32s32s32s32s")
SEALED, ANNOUNCED = "footage.export.sealed.v1", "footage.sealing-key.announced.v1"
ANCHORED, ASKED = "footage.seals.anchored.v1", "footage.export.asked.v1"
SEARCHED, HOP = "tracing.search.asked.v1", "tracing.hop.made.v1"
TRACKS = {"sub": 0, "main": 1}
LOSING = {"destroyed", "disk-full", "clock", "relay-stopped"}
FIXED = ("manifest.json", "signature.json", "proof.json", "seals.bin")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATE_US = 1_000_000
"""Between two groups without a stated gap: a clock shifted by more is found."""
ANCHOR_LATE_US = 3_600_000_000
"""The ledger takes in seals every minute; one that it took in later than an hour may have been made later."""
BLOCK_OFF, WINDOW_OFF, WHOLE_OFF, WINDOW = 2.0, 0.75, 0.5, 5
"""How far a block, 5 x 5 blocks, and the whole picture may lie off, in 256 levels, beside half a step of the grid.
Hiding, drawing and encoding again moved no block by more than 2 in all (docs/design/evidence.md)."""
Planes = list[tuple[bytes, int, int, int]]  # luma, blue, red: bytes, bytes a line, width, height
Decode = Callable[[bytes], Planes]


class Before(NamedTuple):
    """The group before: its number, its end (µs since 1970), the hash of its head."""

    number: int
    end: int
    sha256: bytes


class Broken(ValueError):  # noqa: N818 - what the file is, in plain words
    """The file is not such an export, or not written in the one way it is written."""


def canonical(value: object) -> bytes:
    """Return canonical JSON: sorted keys, UTF-8, no white space."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def unhex(text: str) -> bytes:
    """Return the bytes of hex digits, which are written in small letters only."""
    found = bytes.fromhex(text)
    if found.hex() != text:
        raise Broken("not hex as it is written")
    return found


def sha256(*parts: bytes) -> bytes:
    """Return SHA-256 of the parts, one behind the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether an Ed25519 signature holds."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def root_of(leaves: list[bytes]) -> bytes:
    """Return the RFC 6962 root over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"")
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01", root_of(leaves[:split]), root_of(leaves[split:]))


def included(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Return the root that an inclusion path gives (RFC 9162 §2.1.3.2), None where it has the wrong length."""
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = sha256(b"\x01", sibling, found)
            while not at & 1 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            found = sha256(b"\x01", found, sibling)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


# ------------------------------------------------------------------------------------------------- the file


def pack(files: dict[str, bytes]) -> bytes:
    """Return a zip file of these files, stored, written in the only way that `unpack` takes."""
    out, directory = bytearray(), bytearray()
    for name, data in files.items():
        word, at = name.encode(), len(out)
        common = struct.pack("<HHHHHIIIHH", 20, 0x800, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(word), 0)
        out += b"PK\x03\x04" + common + word + data
        directory += b"PK\x01\x02\x14\x00" + common + struct.pack("<HHHII", 0, 0, 0, 0, at) + word
    end = struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(directory), len(out), 0)
    return bytes(out + directory + b"PK\x05\x06" + end)


def unpack(data: bytes) -> tuple[dict[str, bytes], bool]:
    """Return the files of an export by name, and whether every byte of the container is as `pack` writes it."""
    files: dict[str, bytes] = {}
    at = 0
    while data[at : at + 4] == b"PK\x03\x04" and len(data) >= at + 30:
        size, length = struct.unpack_from("<I", data, at + 22)[0], struct.unpack_from("<H", data, at + 26)[0]
        name = data[at + 30 : at + 30 + length].decode("utf-8", "replace")
        files.setdefault(name, data[at + 30 + length : at + 30 + length + size])
        at += 30 + length + size
    return files, pack(files) == data


def fragments(data: bytes) -> tuple[bytes, list[bytes]]:
    """Return the head of a fragmented MP4 and its fragments, `moof` with `mdat`; every byte is in one of them.

    Raises:
        Broken: the boxes do not fill the file.
    """
    at, cuts = 0, list[int]()
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at) if len(data) - at >= 8 else (0, b"")
        if size < 8 or at + size > len(data):
            raise Broken("a box is cut")
        if kind == b"moof":
            cuts.append(at)
        at += size
    return data[: cuts[0]] if cuts else data, [data[a:b] for a, b in zip(cuts, [*cuts[1:], len(data)], strict=True)]


# ------------------------------------------------------------------------------------------------- pictures


def tiles(plane: tuple[bytes, int, int, int], block: int) -> list[list[float]]:
    """Return the means of a plane's blocks, row by row; those at the edge may be smaller."""
    data, line, width, height = plane
    found = []
    for top in range(0, height, block):
        rows, sums = range(top, min(top + block, height)), [0] * -(-width // block)
        for row in rows:
            pixels = data[row * line : row * line + width]
            for k in range(len(sums)):
                sums[k] += sum(pixels[k * block : k * block + block])
        found.append([s / (len(rows) * min(block, width - k * block)) for k, s in enumerate(sums)])
    return found


def read_grid(coded: bytes, width: int, height: int) -> tuple[int, int, list[list[list[int]]]]:
    """Return block size, step, and the signed means of the three planes.

    Raises:
        Broken: it is not a grid of such a picture.
    """
    block, step = coded[0], coded[1]
    if not block or not step:
        raise Broken("not a grid")
    sizes = [(width, height), (width + 1 >> 1, height + 1 >> 1), (width + 1 >> 1, height + 1 >> 1)]
    shapes = [(-(-h // block), -(-w // block)) for w, h in sizes]
    rest, at, planes = zlib.decompressobj().decompress(coded[2:], 1 << 20), 0, []
    for rows, columns in shapes:
        if len(rest) < at + rows * columns:
            raise Broken("not a grid of this picture")
        values: list[list[int]] = []
        for r in range(rows):
            line: list[int] = []
            for c in range(columns):
                left, up = (line[c - 1] if c else 0), (values[r - 1][c] if r else 0)
                corner = values[r - 1][c - 1] if r and c else 0
                line.append(rest[at] + left + up - corner & 255)
                at += 1
            values.append(line)
        planes.append([[v * step for v in line] for line in values])
    return block, step, planes


def off(means: list[list[float]], signed: list[list[int]], hidden: set[tuple[int, int]], step: int) -> Iterator[str]:
    """Yield in words where the blocks of one plane are not those that were signed; hidden ones (row, column) apart."""
    apart = [[m - s for m, s in zip(*lines, strict=True)] for lines in zip(means, signed, strict=True)]
    rows, columns = len(apart), len(apart[0])
    open_ = [[(r, c) not in hidden for c in range(columns)] for r in range(rows)]
    seen = [(abs(apart[r][c]), r, c) for r in range(rows) for c in range(columns) if open_[r][c]]
    worst = max(seen, default=(0.0, 0, 0))
    half = step / 2
    if worst[0] > BLOCK_OFF + half:
        yield f"block {worst[1]},{worst[2]} is off by {worst[0]:.1f}"
    whole = sum(apart[r][c] for _, r, c in seen) / max(len(seen), 1)
    if len(seen) >= WINDOW * WINDOW and abs(whole) > WHOLE_OFF + half:
        yield f"the whole is off by {whole:+.2f}"
    for top in range(0, rows - WINDOW + 1, WINDOW):
        for left in range(0, columns - WINDOW + 1, WINDOW):
            part = [(r, c) for r in range(top, top + WINDOW) for c in range(left, left + WINDOW) if open_[r][c]]
            if (
                len(part) * 2 > WINDOW * WINDOW
                and abs(sum(apart[r][c] for r, c in part) / len(part)) > WINDOW_OFF + half
            ):
                yield f"around block {top},{left} it is off"
    for region in regions(hidden):  # a mosaic keeps the mean of what it covers
        mean = sum(apart[r][c] for r, c in region) / len(region)
        if abs(mean) > WINDOW_OFF + 0.5 + half:  # each cell of a mosaic is rounded down
            yield f"a hidden region at block {min(region)} is off by {mean:+.1f}"


def regions(hidden: set[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Yield the hidden blocks that hang together."""
    left = set(hidden)
    while left:
        todo, region = [left.pop()], []
        while todo:
            r, c = todo.pop()
            region.append((r, c))
            near = {(r + dr, c + dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1)} & left
            left -= near
            todo += near
        yield region


def covered(boxes: list[list[int]], block: int, rows: int, columns: int) -> set[tuple[int, int]]:
    """Return the blocks that hidden boxes (x1 y1 x2 y2) touch."""
    return {
        (r, c)
        for x1, y1, x2, y2 in boxes
        for r in range(y1 // block, min(rows, -(-y2 // block)))
        for c in range(x1 // block, min(columns, -(-x2 // block)))
    }


def picture_faults(grid: bytes, planes: Planes, hidden: list[list[int]]) -> tuple[list[str], float]:
    """Return in words how a masked picture departs from its signed grid, and which share of its blocks is hidden."""
    block, step, signed = read_grid(grid, planes[0][2], planes[0][3])
    found, share = [], 0.0
    for k, (plane, values) in enumerate(zip(planes, signed, strict=True)):
        boxes = hidden if k == 0 else [[a >> 1, b >> 1, c + 1 >> 1, d + 1 >> 1] for a, b, c, d in hidden]
        under = covered(boxes, block, len(values), len(values[0]))
        if k == 0:
            share = len(under) / (len(values) * len(values[0]))
        found += [f"{('light', 'blue', 'red')[k]}: {word}" for word in off(tiles(plane, block), values, under, step)]
    return found, share


def decode_with_av(data: bytes) -> Planes:
    """Return the planes of the first picture of an MP4."""
    import av

    with av.open(io.BytesIO(data), "r") as movie:
        frame = next(movie.decode(video=0)).reformat(format="yuv420p")
    return [(bytes(p), p.line_size, p.width, p.height) for p in frame.planes]


# ------------------------------------------------------------------------------------------------- the verifier


class Verifier:
    """Judges the files of one export and collects what is wrong."""

    def __init__(self, files: dict[str, bytes], key: bytes | None, decode: Decode | None) -> None:
        self.files = files
        self.key = key
        self.decode = decode
        self.findings: list[dict[str, Any]] = []
        self.report: dict[str, Any] = {"pictures": "not checked", "time": "none", "seen": []}
        self.where: dict[str, Any] = {}
        self.ends: list[tuple[dict[str, Any], str, int]] = []  # where a group is, its seal's hash, when it ends
        self.roots: dict[str, tuple[str, int]] = {}  # of the ledger's entries that take in seals: root, when

    def found(self, what: str, detail: str, **where: object) -> None:
        """Note one thing that is wrong, where it is."""
        self.findings.append({"what": what, **self.where, **where, "detail": detail})

    def object(self, name: str) -> dict[str, Any]:
        """Return a file's object, written in the one canonical way."""
        raw = self.files[name]
        value = json.loads(raw)
        if not isinstance(value, dict) or canonical(value) != raw:
            raise Broken(f"{name} is not canonical")
        return value

    def run(self) -> dict[str, Any]:
        """Judge everything and return the report."""
        for step in (self.manifest, self.seals, self.proof, self.anchors):
            try:
                step()
            except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, struct.error, zlib.error,
                    StopIteration, RecursionError) as e:  # fmt: skip
                self.found("unreadable", f"{type(e).__name__}: {e}")
            self.where = {}
        return {"verified": not self.findings, **self.report, "findings": self.findings}

    def manifest(self) -> None:
        """Judge manifest, signature and the list of files."""
        self.told = self.object("manifest.json")
        signature = self.object("signature.json")
        if (self.told["type"], self.told["v"]) != ("export", 1):
            raise Broken("not an export that this program knows")
        self.public = unhex(self.told["keys"]["export"])
        if set(signature) != {"signature", "public"} or signature["public"] != self.public.hex():
            self.found("bad-signature", "the manifest names another key")
        message = EXPORT_CONTEXT + self.files["manifest.json"]
        if not signed_by(self.public, unhex(signature["signature"]), message):
            self.found("edited-manifest", "the manifest is not as it was signed")
        parts = [p for c in self.told["cameras"] for p in c["parts"]]
        movies = {p[k]["file"] for p in parts for k in ("masked", "original") if p[k] is not None}
        allowed = {*FIXED, *self.told["files"], *movies}
        for name in sorted(allowed - set(self.files)):
            self.found("missing-file", name)
        for name in sorted(set(self.files) - allowed - {"timestamp.der"}):
            self.found("foreign-file", name)
        for name, told in self.told["files"].items():
            if name in self.files and sha256(self.files[name]).hex() != told:
                self.found("edited-file", name)
        self.report |= {
            "export_id": self.told["export_id"], "made_at": self.told["made_at"], "request": self.told["request"],
            "signed_by": sha256(self.public).hex()[:16], "masking": self.told["masking"],
            "cameras": [
                {k: c[k] for k in ("code", "name", "from_at", "until_at", "gaps")} for c in self.told["cameras"]
            ],
        }  # fmt: skip

    def seals(self) -> None:
        """Judge every group: seal, place in time, bytes of masked copy and original, pictures; then the root."""
        coded, at, leaves = self.files["seals.bin"], 0, list[bytes]()
        hidden = checked = 0.0
        for camera in self.told["cameras"]:
            before, left = None, sum(len(p["groups"]) for p in camera["parts"])
            if not left and not _between(camera, _us(camera["from_at"]), _us(camera["until_at"])):
                self.found("dropped-group", "no picture, and no gap says why", camera=camera["code"])
            for part in camera["parts"]:
                kinds = [k for k in ("masked", "original") if part[k] is not None]
                movies = {k: fragments(self.files[part[k]["file"]]) for k in kinds}
                for kind, (first, _) in movies.items():
                    if sha256(first).hex() != part[kind]["init"]:
                        self.found("edited-picture", "the head of a film was changed", camera=camera["code"])
                used = dict.fromkeys(movies, 0)
                for group in part["groups"]:
                    size = struct.unpack_from(">I", coded, at)[0]
                    seal, at = coded[at + 4 : at + 4 + size], at + 4 + size
                    head, grid = self.seal(seal, camera, group)
                    left -= 1
                    self.place(before, head, camera, left == 0)
                    self.ends.append((self.where, group["seal"], _end(head)))
                    before = Before(head[3], _end(head), sha256(seal[: HEAD.size]))
                    shown = b""
                    for kind, (init, films) in movies.items():
                        own = films[used[kind] : used[kind] + group[kind]["frames"]]
                        used[kind] += group[kind]["frames"]
                        root = root_of([sha256(b"\x00", f) for f in own])
                        if root.hex() != group[kind]["root"]:
                            self.found("edited-picture", f"bytes of the {kind} film are not those that were signed")
                        if kind == "masked":
                            shown = init + b"".join(own[:1])
                        elif (root, sha256(init)) != (head[12], head[11]):
                            self.found("edited-picture", "the original is not what was recorded")
                    if self.decode is not None and shown:
                        hidden += self.picture(shown, grid, head, group)
                        checked += 1
                    leaves.append(sha256(b"\x00", canonical(group)))
                self.where = {"camera": camera["code"]}
                for kind, (_, films) in movies.items():
                    if used[kind] != len(films):
                        self.found("foreign-picture", "pictures that belong to no group")
            self.where = {}
        if at != len(coded):
            self.found("foreign-picture", "seals that belong to no group")
        if root_of(leaves).hex() != self.told["root"]:
            self.found("edited-manifest", "the groups do not give the signed root")
        self.report["groups"] = len(leaves)
        if self.decode is not None:
            self.report["pictures"] = {"checked": int(checked), "hidden_share": round(hidden / max(checked, 1), 4)}

    def seal(self, seal: bytes, camera: dict[str, Any], group: dict[str, Any]) -> tuple[tuple[Any, ...], bytes]:
        """Judge one seal by itself and against what the manifest says of its group."""
        head, signature, grid = HEAD.unpack_from(seal), seal[HEAD.size : HEAD.size + 64], seal[HEAD.size + 64 :]
        at = EPOCH + timedelta(microseconds=head[4])
        self.where = {"camera": camera["code"], "group": head[3], "at": at.isoformat()}
        message = SEAL_CONTEXT + seal[: HEAD.size]
        if head[0] != b"ANS1" or not any(signed_by(unhex(k), signature, message) for k in self.told["keys"]["sealing"]):
            self.found("bad-seal", "not sealed by a key of this centre")
        if head[13] != sha256(grid):
            self.found("bad-seal", "the grid is not the one that was sealed")
        named = (camera["camera_id"].replace("-", ""), TRACKS[camera["track"]], group["number"], group["at_us"])
        if (head[1].hex(), *head[2:5]) != named:
            self.found("wrong-place", "the group stands where another one belongs")
        if sha256(seal).hex() != group["seal"]:
            self.found("bad-seal", "not the seal that the manifest names")
        return head, grid

    def place(self, before: Before | None, head: tuple[Any, ...], camera: dict[str, Any], last: bool) -> None:
        """Judge whether a group follows the one before, or the beginning that the manifest names, or a stated gap.

        A camera that is lost does not break its chain; a recorder that starts anew begins one. Else something that was
        sealed is not here, and only a gap that loses pictures explains that.
        """
        begin, end = head[4], _us(camera["from_at"]) if before is None else before.end
        causes = _between(camera, end, begin)
        if before is not None and begin < end - LATE_US:
            self.found("shifted-clock", "it begins before its predecessor ends")
        if begin > end + LATE_US and not causes:
            self.found("dropped-group", "something is missing before it, and no gap says why")
        elif before is not None and head[14] != before.sha256 and (head[14] != bytes(32) or not causes):
            if LOSING.isdisjoint(causes):
                self.found("dropped-group", "it does not follow the one before it")
            else:
                self.report["groups_lost"] = self.report.get("groups_lost", 0) + head[3] - before.number - 1
        if before is None and _end(head) <= end:
            self.found("shifted-clock", "it ends before the camera's pictures begin")
        until = _us(camera["until_at"])
        if last and _end(head) < until - LATE_US and not _between(camera, _end(head), until):
            self.found("dropped-group", "something is missing behind it, and no gap says why")
        if begin >= until:
            self.found("shifted-clock", "it begins after the camera's pictures end")

    def picture(self, shown: bytes, grid: bytes, head: tuple[Any, ...], group: dict[str, Any]) -> float:
        """Judge the key frame of the masked copy against the signed grid; return the share that is hidden."""
        assert self.decode is not None
        planes = self.decode(shown)
        if (planes[0][2], planes[0][3]) != (head[8], head[9]):
            self.found("other-picture", "the masked picture has another size")
            return 0.0
        words, share = picture_faults(grid, planes, group["hidden"])
        if words:
            self.found("other-picture", "; ".join(words[:3]))
        return share

    def proof(self) -> None:
        """Judge the ledger's proofs: each entry under one signed head, and that they are the ones named."""
        proof = self.object("proof.json")
        if set(proof) != {"v", "centre_id", "public", "keys", "checkpoint", "entries"} or proof["v"] != 1:
            raise Broken("not a proof")
        public = unhex(proof["public"])
        if self.key is not None and public != self.key:
            self.found("bad-signature", "the ledger's key is not the one you gave")
        self.report["ledger_key"] = sha256(public).hex()[:16]
        self.report["key"] = "given" if self.key is not None else "from the export: compare it with the published one"
        point = proof["checkpoint"]
        public = self.key_in_force(proof, public, point["size"])
        statement = {k: v for k, v in point.items() if k != "signature"}
        if point["centre_id"] != proof["centre_id"] or point["type"] != "checkpoint" or not signed_by(
            public, unhex(point["signature"]), CHECKPOINT_CONTEXT + canonical(statement)
        ):  # fmt: skip
            self.found("edited-ledger", "the ledger's head is not signed by this key")
        bodies = [self.entry(e, point, proof["centre_id"]) for e in proof["entries"]]
        ids = [e["entry"]["header"]["entry_id"] for e in proof["entries"]]
        last = bodies[-1] if bodies else (None, {})
        if last[0] != SEALED or last[1]["manifest_sha256"] != sha256(self.files["manifest.json"]).hex():
            self.found("edited-ledger", "the ledger does not say that this manifest was sealed")
        if ids[:-1] != self.told["ledger"]:
            self.found("edited-ledger", "these are not the entries that the manifest names")
        self.asked([b for kind, b in bodies if kind == ASKED])
        self.search(bodies)
        announced = {b["public"] for kind, b in bodies if kind == ANNOUNCED}
        if not {self.told["keys"]["export"], *self.told["keys"]["sealing"]} <= announced:
            self.found("bad-signature", "the ledger never announced one of the keys")
        stamp = self.files.get("timestamp.der")
        if last[1].get("timestamp_sha256") != (None if stamp is None else sha256(stamp).hex()):
            self.found("edited-ledger", "the time stamp is not the one that the ledger names")
        self.report["time"] = "none" if stamp is None else "stamped: check it with openssl (see --help)"
        self.report["sealed_at"] = proof["entries"][-1]["entry"]["header"]["sealed_at"]

    def asked(self, bodies: list[dict[str, Any]]) -> None:
        """Judge that the cameras and their times are those that were asked for, each time of a camera once.

        The ledger knows the cameras, and when the first time begins and the last one ends; of which camera it keeps
        to itself. What lies in a camera's time is judged group by group.
        """
        if [b["export_id"] for b in bodies] != [self.told["export_id"]]:
            self.found("edited-ledger", "the ledger does not say what this export was asked for")
            return
        [asked] = bodies
        spans = [(c["camera_id"], _us(c["from_at"]), _us(c["until_at"])) for c in self.told["cameras"]]
        whole = (min(s[1] for s in spans), max(s[2] for s in spans))
        if {s[0] for s in spans} != set(asked["cameras"]) or whole != (_us(asked["from_at"]), _us(asked["until_at"])):
            self.found("other-span", "other cameras, or another time, than were asked for")
        ends: dict[str, int] = {}
        for camera, begins, until in sorted(spans):
            if begins >= until or begins < ends.get(camera, begins):
                self.found("other-span", "a camera's time is no time, or is there twice")
            ends[camera] = until
        self.report["spans"] = [
            {"camera": c["code"], "from_at": c["from_at"], "until_at": c["until_at"]} for c in self.told["cameras"]
        ]

    def search(self, bodies: list[tuple[str, dict[str, Any]]]) -> None:
        """Judge that the proof of a traced route has every step of its search, the one that asked for it too."""
        told = self.told["request"].get("search")
        steps = [b for kind, b in bodies if kind == HOP]
        asked = [b["search_id"] for kind, b in bodies if kind == SEARCHED]
        named = {*asked, *(b["search_id"] for b in steps)}
        if told is None:
            if named:
                self.found("edited-ledger", "steps of a search that the manifest does not name")
            return
        if asked != [told["id"]] or named != {told["id"]}:
            self.found("edited-ledger", "the ledger does not say who asked for this search alone")
        if [b["number"] for b in steps] != [*range(1, len(steps) + 1)]:
            self.found("missing-step", "a step of the search is missing")
        if [b["step"] for b in steps if b["number"] == told["step"]] != ["copies"]:
            self.found("missing-step", "no step of the search asked for this export")
        self.report["search"] = {"id": told["id"], "steps": len(steps)}

    def anchors(self) -> None:
        """Judge that the ledger took in each group's seal soon after it was made."""
        taken: dict[str, int] = {}
        for anchor in (a for c in self.told["cameras"] for a in c["anchors"]):
            root, at = self.roots[anchor["entry"]]
            own = root_of([sha256(b"\x00", unhex(leaf)) for leaf in anchor["leaves"]])
            path = [unhex(h) for h in anchor["path"]]
            if included(sha256(b"\x00", own), anchor["index"], anchor["size"], path) != unhex(root):
                self.found("not-anchored", "seals that are not those which the ledger took in")
                continue
            taken |= {leaf: min(at, taken.get(leaf, at)) for leaf in anchor["leaves"]}
        for where, seal, end in self.ends:
            self.where = where
            if seal not in taken:
                self.found("not-anchored", "the ledger did not take in its seal")
            elif taken[seal] > end + ANCHOR_LATE_US:
                late_min = (taken[seal] - end) // 60_000_000
                self.found("not-anchored", f"the ledger took in its seal {late_min} minutes after it was recorded")

    def key_in_force(self, proof: dict[str, Any], public: bytes, size: int) -> bytes:
        """Return the ledger's key that signs heads of this size: each later key is signed by the one before it."""
        for line in proof["keys"]:
            if line["from_size"] >= size:
                self.found("bad-signature", "a key that was not yet in force")
            rest = {k: v for k, v in line.items() if k != "signature"}
            if not signed_by(public, unhex(line["signature"]), KEY_CONTEXT + canonical(rest)):
                self.found("bad-signature", "a later key is not signed by the one before it")
            public = unhex(line["public"])
        return public

    def entry(self, value: dict[str, Any], point: dict[str, Any], centre: str) -> tuple[str, dict[str, Any]]:
        """Judge one entry and its path; return its kind and public fields."""
        entry, header = value["entry"], value["entry"]["header"]
        leaf = sha256(b"\x00", canonical(header))
        self.where = {"entry": header["seq"]}
        payload = None if entry["payload"] is None else sha256(unhex(entry["payload"])).hex()
        if (leaf.hex(), header["body_sha256"], header["payload_sha256"]) != (
            entry["hash"], sha256(entry["body"].encode()).hex(), payload
        ) or set(entry) != {"type", "header", "hash", "body", "payload"} or entry["type"] != "entry" or (
            set(value) != {"entry", "path"} or header["centre_id"] != centre
        ):  # fmt: skip
            self.found("edited-ledger", "an entry does not give its hash")
        path = [unhex(h) for h in value["path"]]
        if included(leaf, header["seq"] - 1, point["size"], path) != unhex(point["root"]):
            self.found("edited-ledger", "an entry is not under the signed head")
        self.where = {}
        body = json.loads(entry["body"])
        if header["kind"] == ANCHORED:
            self.roots[header["entry_id"]] = (body["root"], _us(header["sealed_at"]))
            return header["kind"], body
        told = {k: body[k] for k in ("viewer", "role", "act", "ground_id", "masking", "step") if k in body}
        self.report["seen"].append(
            {"kind": header["kind"], "at": header["happened_at"], "actor": header["actor"], **told}
        )
        return header["kind"], body


def _end(head: tuple[Any, ...]) -> int:
    """Return when a group ends, in microseconds since 1970."""
    return int(head[4] + head[6] * 100 // 9)


def _between(camera: dict[str, Any], end: int, begin: int) -> set[str]:
    """Return the causes of the gaps that cover all that is missing between an end and a beginning, else none."""
    causes = set()
    for gap in camera["gaps"]:
        if _us(gap["from_at"]) <= end + LATE_US and _us(gap["until_at"]) > end:
            end = _us(gap["until_at"])
            causes.add(gap["cause"])
    return causes if end >= begin - LATE_US else set()


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def _us(instant: str) -> int:
    """Return microseconds since 1970 of a canonical instant."""
    if not _TIME.fullmatch(instant):
        raise Broken("not an instant")
    at = datetime.fromisoformat(instant[:-1]).replace(tzinfo=UTC)
    return (at - EPOCH) // timedelta(microseconds=1)


def verify(data: bytes, key: bytes | None = None, decode: Decode | None = None) -> dict[str, Any]:
    """Return the report on one export. `key` is the ledger's public key, 32 bytes."""
    files, whole = unpack(data)
    verifier = Verifier(files, key, decode)
    if not whole:
        verifier.found("edited-container", "a byte of the zip file was changed")
    return verifier.run()


def main() -> int:
    """Read the arguments, verify, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("export", type=Path, help="the export, a zip file")
    parser.add_argument("--key", type=Path, help="the centre's public key, PEM, as it is published")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    try:
        import av  # noqa: F401 - only to see whether it is there

        decode: Decode | None = decode_with_av
    except ImportError:
        decode = None
    try:
        data = args.export.read_bytes()
        key = None
        if args.key is not None:
            public = serialization.load_pem_public_key(args.key.read_bytes())
            key = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    except (OSError, ValueError) as e:
        print(f"cannot read: {e}", file=sys.stderr)
        return 2
    report = verify(data, key, decode)
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        for f in report["findings"]:
            where = " ".join(f"{k} {f[k]}" for k in ("camera", "group", "at", "entry") if k in f)
            print(f"{f['what']}: {where}: {f['detail']}" if where else f"{f['what']}: {f['detail']}")
        print("verified" if report["verified"] else f"NOT verified: {len(report['findings'])} findings")
        for span in report.get("spans", ()):
            print(f"  camera {span['camera']}: {span['from_at']} to {span['until_at']}")
        for name in ("export_id", "made_at", "sealed_at", "signed_by", "ledger_key", "key", "time", "pictures"):
            print(f"  {name}: {report.get(name)}")
    return 0 if report["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())

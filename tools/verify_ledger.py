#!/usr/bin/env python3
"""Verify an exported Ansimnet ledger without any Ansimnet code: the standard library and `cryptography` alone.

    verify_ledger.py LEDGER.jsonl --key CENTRE.pub [--witness CENTRE.checkpoints] [--json]
    verify_ledger.py PROOF.json --key CENTRE.pub [--keys CENTRE.keys] [--witness CENTRE.checkpoints] [--json]

Finds every record that was edited, dropped, put in another order or cut off, as far as a signature covers it. Keep the
public key and copies of the witness file where the operator of the database cannot write. A proof shows that one entry
is under a signed checkpoint, or that one checkpoint goes on from an older one; the witness file then tells whether that
checkpoint is the known one. Exit status: 0 verified, 1 something is wrong, 2 the files cannot be read. The format is
written down in docs/design/ledger.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CONTEXT = b"ansimnet ledger checkpoint v1\x00"
KEY_CONTEXT = b"ansimnet ledger key v1\x00"
ENTRY_KEYS = {"type", "header", "hash", "body", "payload"}
HEADER_KEYS = {
    "v", "centre_id", "seq", "prev", "entry_id", "kind", "happened_at", "recorded_at", "sealed_at", "actor",
    "subject_id", "key_year", "body_sha256", "payload_sha256",
}  # fmt: skip
CHECKPOINT_KEYS = {
    "type", "v", "centre_id", "size", "root", "head_hash", "prev_checkpoint_hash", "key_id", "signed_at", "signature",
}  # fmt: skip
KEY_KEYS = {"type", "v", "centre_id", "from_size", "key_id", "public", "prev_key_id", "signed_at", "signature"}


def canonical(value: object) -> bytes:
    """Return canonical JSON: sorted keys, UTF-8, no white space."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def sha256(data: bytes) -> bytes:
    """Return SHA-256."""
    return hashlib.sha256(data).digest()


def key_id(key: Ed25519PublicKey) -> str:
    """Return the short name of a public key."""
    return sha256(key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)).hex()[:16]


class Roots:
    """RFC 6962 roots of a growing tree of leaf hashes."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Take one more leaf hash."""
        size, peak = self.size, leaf
        while size & 1:
            peak = sha256(b"\x01" + self.peaks.pop() + peak)
            size >>= 1
        self.peaks.append(peak)
        self.size += 1

    def root(self) -> bytes:
        """Return the root so far."""
        if not self.peaks:
            return sha256(b"")
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = sha256(b"\x01" + peak + root)
        return root


class Verifier:
    """Takes the lines of one export in order and collects what is wrong."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self.keys: list[tuple[int, str, Ed25519PublicKey]] = [(-1, key_id(key), key)]
        self.findings: list[dict[str, Any]] = []
        self.tree = Roots()
        self.head = bytes(32)
        self.known: set[str] = set()
        self.centre: str | None = None
        self.checkpoints: list[dict[str, Any]] = []
        self.ended = False

    def found(self, what: str, seq: object, detail: str) -> None:
        """Note one thing that is wrong."""
        self.findings.append({"what": what, "seq": seq, "detail": detail})

    def parse(self, raw: bytes, where: str) -> dict[str, Any] | None:
        """Return a line's object if it is written in the one canonical way."""
        try:
            value = json.loads(raw)
            same = canonical(value) == raw
        except (ValueError, RecursionError):
            same = False
            value = None
        if not same or not isinstance(value, dict):
            self.found("not-canonical", None, where)
            return None
        return value

    def take(self, raw: bytes, number: int) -> None:
        """Judge one line of the export."""
        value = self.parse(raw, f"line {number}")
        if value is None:
            return
        kind = value.get("type")
        if (number == 1) != (kind == "ledger") or self.ended:
            self.found("wrong-place", None, f"line {number}: `{kind}` does not belong here")
        if kind == "ledger":
            self.centre = value.get("centre_id")
            if set(value) != {"type", "v", "centre_id"} or value["v"] != 1:
                self.found("unknown-format", None, f"line {number}")
        elif kind == "key":
            self.next_key(value, number)
        elif kind == "entry":
            self.entry(value, number)
        elif kind == "checkpoint":
            self.checkpoint(value, number)
        elif kind == "end":
            self.ended = True
            expected = {
                "type": "end",
                "entries": self.tree.size,
                "checkpoints": len(self.checkpoints),
                "head": self.head.hex(),
            }
            if value != expected:
                self.found("truncated", self.tree.size, "the end does not count what stands before it")
        else:
            self.found("unknown-line", None, f"line {number}")

    def next_key(self, value: dict[str, Any], number: int) -> None:
        """Take a later signing key, if the key before it says so."""
        size, before_id, before = self.keys[-1]
        statement = {k: v for k, v in value.items() if k != "signature"}
        try:
            if set(value) != KEY_KEYS or self.tree.size or self.checkpoints:
                raise ValueError
            before.verify(bytes.fromhex(value["signature"]), KEY_CONTEXT + canonical(statement))
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(value["public"]))
            if value["key_id"] != key_id(key) or value["prev_key_id"] != before_id or value["from_size"] < max(size, 0):
                raise ValueError
            if value["centre_id"] != self.centre or value["signature"] != value["signature"].lower():
                raise ValueError
        except (InvalidSignature, ValueError, TypeError):
            self.found("bad-signature", None, f"line {number}: a key not signed by the one before it")
        else:
            self.keys.append((value["from_size"], key_id(key), key))

    def key_for(self, size: object) -> tuple[str, Ed25519PublicKey]:
        """Return the key that signs a checkpoint of this size."""
        found = self.keys[0]
        for known in self.keys[1:]:
            if isinstance(size, int) and size > known[0]:
                found = known
        return found[1], found[2]

    def entry(self, value: dict[str, Any], number: int) -> None:
        """Judge one entry: its place, its link, its hash and its content."""
        header, body = value.get("header"), value.get("body")
        if set(value) != ENTRY_KEYS or not isinstance(header, dict) or not isinstance(body, str):
            self.found("missing-entry", None, f"line {number}: no whole entry")
            return
        seq = header.get("seq")
        if set(header) != HEADER_KEYS or header["v"] != 1 or header["centre_id"] != self.centre:
            self.found("edited", seq, "the header is not one of this ledger")
        if seq != self.tree.size + 1:
            self.found("gap", seq, f"after {self.tree.size} comes {seq}")
        if header.get("entry_id") in self.known:
            self.found("repeated", seq, "its entry has a number already")
        self.known.add(str(header.get("entry_id")))
        if header.get("prev") != self.head.hex():
            self.found("broken-link", seq, "does not name the hash before it")
        digest = self.content(value)
        self.head = digest
        self.tree.add(digest)

    def content(self, value: dict[str, Any]) -> bytes:
        """Judge whether an entry's body, payload and header give its hash; return the hash they do give."""
        header, body, payload = value["header"], value["body"], value["payload"]
        seq = header.get("seq")
        digest = sha256(b"\x00" + canonical(header))
        if value["hash"] != digest.hex():
            self.found("edited", seq, "its header does not give its hash")
        if header.get("body_sha256") != sha256(body.encode()).hex():
            self.found("edited", seq, "its body does not give its hash")
        try:
            held = sha256(bytes.fromhex(payload)).hex() if payload is not None else None
            plain = payload is None or payload == bytes.fromhex(payload).hex()
        except (ValueError, TypeError):
            held, plain = "", False
        if not plain or held != header.get("payload_sha256"):
            self.found("edited-payload", seq, "its payload does not give its hash")
        return digest

    def checkpoint(self, value: dict[str, Any], number: int) -> None:
        """Judge a checkpoint of the export. It stands right behind the last entry it covers."""
        self.judge(value, f"line {number}", self.checkpoints)
        if value.get("size") != self.tree.size:
            self.found("truncated", value.get("size"), f"line {number}: {self.tree.size} entries stand before it")
        elif (value.get("root"), value.get("head_hash")) != (self.tree.root().hex(), self.head.hex()):
            self.found("fork", value.get("size"), "the entries are not those that were signed")
        self.checkpoints.append(value)

    def judge(self, value: dict[str, Any], where: str, before: list[dict[str, Any]] | None) -> None:
        """Judge a checkpoint's form, signature and place among the others; None stands for a checkpoint by itself."""
        size = value.get("size")
        name, key = self.key_for(size)
        statement = {k: v for k, v in value.items() if k != "signature"}
        try:
            signature = bytes.fromhex(value.get("signature", ""))
            if signature.hex() != value.get("signature") or set(value) != CHECKPOINT_KEYS:
                raise ValueError
            key.verify(signature, CONTEXT + canonical(statement))
        except (InvalidSignature, ValueError, TypeError):
            self.found("bad-signature", size, f"{where}: not signed by this key")
        if value.get("key_id") != name or value.get("centre_id") != self.centre:
            self.found("bad-signature", size, f"{where}: another key or another centre")
        if before is None:
            return
        prev = sha256(canonical(before[-1])).hex() if before else None
        if value.get("prev_checkpoint_hash") != prev:
            self.found("checkpoint-order", size, f"{where}: does not name the checkpoint before it")
        if before and not (isinstance(size, int) and size > before[-1].get("size", 0)):
            self.found("checkpoint-order", size, f"{where}: sizes must grow")

    def witness(self, content: bytes) -> None:
        """Judge the witness file and compare it with the checkpoints of the export."""
        lines = content.split(b"\n")
        if lines[-1]:
            self.found("witness-broken", None, "its last line is cut")
        seen: list[dict[str, Any]] = []
        for number, raw in enumerate(lines[:-1], start=1):
            value = self.parse(raw, f"witness line {number}")
            if value is None:
                continue
            self.judge(value, f"witness line {number}", seen)
            seen.append(value)
            if value not in self.checkpoints:
                size = value.get("size")
                cut = isinstance(size, int) and size > self.tree.size
                self.found("truncated" if cut else "checkpoint-dropped", size, "witnessed, but not in the export")
        # The newest may be missing for the moment between the commit and the witness's sync.
        for value in self.checkpoints[:-1]:
            if value not in seen:
                self.found("unwitnessed", value.get("size"), "in the export, but not in the witness file")


def judge_kept(verifier: Verifier, content: bytes) -> None:
    """Compare heads that somebody kept, a few of many, with the checkpoints of the export."""
    for number, raw in enumerate(content.split(b"\n")[:-1], start=1):
        value = verifier.parse(raw, f"kept line {number}")
        if value is None:
            continue
        verifier.judge(value, f"kept line {number}", None)
        if value not in verifier.checkpoints:
            size = value.get("size")
            cut = isinstance(size, int) and size > verifier.tree.size
            verifier.found("truncated" if cut else "fork", size, "kept by a witness, but not in the export")


def included(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Return the root that an inclusion path gives (RFC 9162 §2.1.3.2), None where it has the wrong length."""
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = sha256(b"\x01" + sibling + found)
            while not at & 1 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            found = sha256(b"\x01" + found + sibling)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def consistent(older: int, older_root: bytes, newer: int, newer_root: bytes, path: list[bytes]) -> bool:
    """Return whether the newer tree begins with the older one (RFC 9162 §2.1.4.2)."""
    if older == newer:
        return not path and older_root == newer_root
    nodes = [older_root, *path] if older & (older - 1) == 0 else path
    if not 0 < older < newer or not nodes:
        return False
    at, last = older - 1, newer - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = sha256(b"\x01" + sibling + old), sha256(b"\x01" + sibling + new)
            while not at & 1 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            new = sha256(b"\x01" + new + sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and (old, new) == (older_root, newer_root)


def prove(verifier: Verifier, proof: dict[str, Any]) -> None:
    """Judge a proof of inclusion or of consistency."""
    verifier.centre = proof["centre_id"]
    path = [bytes.fromhex(h) for h in proof["path"]]
    if proof["type"] == "inclusion":
        point, entry = proof["checkpoint"], proof["entry"]
        if set(entry) != ENTRY_KEYS or set(entry["header"]) != HEADER_KEYS:
            raise ValueError
        seq, leaf = entry["header"]["seq"], verifier.content(entry)
        if entry["header"]["centre_id"] != verifier.centre:
            verifier.found("edited", seq, "an entry of another ledger")
        if included(leaf, seq - 1, point["size"], path) != bytes.fromhex(point["root"]):
            verifier.found("not-included", seq, "the path does not lead to the signed root")
        points = [point]
    else:
        points = [proof["older"], proof["newer"]]
        sizes, roots = [p["size"] for p in points], [bytes.fromhex(p["root"]) for p in points]
        if not consistent(sizes[0], roots[0], sizes[1], roots[1], path):
            verifier.found("fork", sizes[1], "the newer checkpoint does not go on from the older one")
    for point in points:
        verifier.judge(point, "checkpoint", None)
    verifier.checkpoints += points


def verify_proof(proof: dict[str, Any], key: Path, keys: Path | None, witness: Path | None) -> dict[str, Any]:
    """Return the report on one proof."""
    verifier = Verifier(read_key(key))
    verifier.centre = proof.get("centre_id")
    for number, raw in enumerate(keys.read_bytes().split(b"\n")[:-1] if keys is not None else [], start=1):
        value = verifier.parse(raw, f"key line {number}")
        if value is not None:
            verifier.next_key(value, number)
    try:
        prove(verifier, proof)
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        verifier.found("unknown-format", None, f"not a proof: {type(e).__name__}")
    seen = witness.read_bytes().split(b"\n")[:-1] if witness is not None else None
    for point in verifier.checkpoints if seen is not None else []:
        if seen is not None and canonical(point) not in seen:
            verifier.found("unwitnessed", point.get("size"), "this checkpoint is not in the witness file")
    return {"verified": not verifier.findings, "proof": proof.get("type"), "centre_id": verifier.centre,
            "sizes": [p.get("size") for p in verifier.checkpoints], "witnessed": witness is not None,
            "findings": verifier.findings}  # fmt: skip


def read_key(path: Path) -> Ed25519PublicKey:
    """Return the public key in a PEM file."""
    public = serialization.load_pem_public_key(path.read_bytes())
    if not isinstance(public, Ed25519PublicKey):
        raise ValueError("the key is not an Ed25519 public key")
    return public


def proof_in(path: Path) -> dict[str, Any] | None:
    """Return the proof a file holds, None where it is an export."""
    with path.open("rb") as file:
        if b'"type":"ledger"' in file.read(128):
            return None
    try:
        value = json.loads(path.read_bytes())
    except ValueError:
        return None
    return value if isinstance(value, dict) and value.get("type") in ("inclusion", "consistency") else None


def verify(ledger: Path, key: Path, witness: Path | None, kept: Path | None = None) -> dict[str, Any]:
    """Return the report on one export."""
    verifier = Verifier(read_key(key))
    number = 0
    with ledger.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            if not raw.endswith(b"\n"):
                verifier.found("truncated", None, f"line {number} is cut")
            verifier.take(raw.removesuffix(b"\n"), number)
    if not verifier.ended:
        verifier.found("truncated", verifier.tree.size, "the export has no end")
    if witness is not None:
        verifier.witness(witness.read_bytes())
    if kept is not None:
        judge_kept(verifier, kept.read_bytes())
    signed = max((c["size"] for c in verifier.checkpoints if isinstance(c.get("size"), int)), default=0)
    return {
        "verified": not verifier.findings,
        "centre_id": verifier.centre,
        "entries": verifier.tree.size,
        "signed_entries": signed,
        "checkpoints": len(verifier.checkpoints),
        "head": verifier.head.hex(),
        "root": verifier.tree.root().hex(),
        "witnessed": witness is not None,
        "findings": verifier.findings,
    }


def main() -> int:
    """Read the arguments, verify, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("ledger", type=Path, help="the export, JSON lines; or a proof, one JSON object")
    parser.add_argument("--key", type=Path, required=True, help="the centre's public key, PEM")
    parser.add_argument("--witness", type=Path, help="the centre's witness file of checkpoints")
    parser.add_argument("--kept", type=Path, help="heads that a witness elsewhere kept, a few of all")
    parser.add_argument("--keys", type=Path, help="for a proof: the centre's later signing keys, if there are any")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    try:
        proof = proof_in(args.ledger)
        if proof is not None:
            report = verify_proof(proof, args.key, args.keys, args.witness)
        else:
            report = verify(args.ledger, args.key, args.witness, args.kept)
    except (OSError, ValueError) as e:
        print(f"cannot read: {e}", file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps(report))
    else:
        for f in report["findings"]:
            print(f"{f['what']}: entry {f['seq']}: {f['detail']}")
        word = "verified" if report["verified"] else f"NOT verified: {len(report['findings'])} findings"
        told = f"{report['entries']} entries, {report['signed_entries']} of them signed" if proof is None else ""
        print(f"{word}; {told or 'a proof of ' + report['proof']}")
        if not report["witnessed"] and args.kept is None:
            print("no witness file given: entries cut off together with their checkpoints cannot be noticed")
    return 0 if report["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())

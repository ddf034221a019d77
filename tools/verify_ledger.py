#!/usr/bin/env python3
"""Verify an exported Ansimnet ledger without any Ansimnet code: the standard library and `cryptography` alone.

    verify_ledger.py LEDGER.jsonl --key CENTRE.pub [--witness CENTRE.checkpoints] [--json]

Finds every record that was edited, dropped, put in another order or cut off, as far as a signature covers it. Keep the
public key and copies of the witness file where the operator of the database cannot write. Exit status: 0 verified,
1 something is wrong, 2 the files cannot be read. The format is written down in docs/design/ledger.md.
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
ENTRY_KEYS = {"type", "header", "hash", "body", "payload"}
HEADER_KEYS = {
    "v", "centre_id", "seq", "prev", "entry_id", "kind", "happened_at", "recorded_at", "sealed_at", "actor",
    "subject_id", "key_year", "body_sha256", "payload_sha256",
}  # fmt: skip
CHECKPOINT_KEYS = {
    "type", "v", "centre_id", "size", "root", "head_hash", "prev_checkpoint_hash", "key_id", "signed_at", "signature",
}  # fmt: skip


def canonical(value: object) -> bytes:
    """Return canonical JSON: sorted keys, UTF-8, no white space."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def sha256(data: bytes) -> bytes:
    """Return SHA-256."""
    return hashlib.sha256(data).digest()


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
        self.key = key
        self.key_id = hashlib.sha256(
            key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        ).hexdigest()[:16]
        self.findings: list[dict[str, Any]] = []
        self.tree = Roots()
        self.head = bytes(32)
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

    def entry(self, value: dict[str, Any], number: int) -> None:
        """Judge one entry: its place, its link, its hash and its content."""
        header, body, payload = value.get("header"), value.get("body"), value.get("payload")
        if set(value) != ENTRY_KEYS or not isinstance(header, dict) or not isinstance(body, str):
            self.found("missing-entry", None, f"line {number}: no whole entry")
            return
        seq = header.get("seq")
        if set(header) != HEADER_KEYS or header["v"] != 1 or header["centre_id"] != self.centre:
            self.found("edited", seq, "the header is not one of this ledger")
        if seq != self.tree.size + 1:
            self.found("gap", seq, f"after {self.tree.size} comes {seq}")
        if header.get("prev") != self.head.hex():
            self.found("broken-link", seq, "does not name the hash before it")
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
        self.head = digest
        self.tree.add(digest)

    def checkpoint(self, value: dict[str, Any], number: int) -> None:
        """Judge a checkpoint of the export. It stands right behind the last entry it covers."""
        self.judge(value, f"line {number}", self.checkpoints)
        if value.get("size") != self.tree.size:
            self.found("truncated", value.get("size"), f"line {number}: {self.tree.size} entries stand before it")
        elif (value.get("root"), value.get("head_hash")) != (self.tree.root().hex(), self.head.hex()):
            self.found("fork", value.get("size"), "the entries are not those that were signed")
        self.checkpoints.append(value)

    def judge(self, value: dict[str, Any], where: str, before: list[dict[str, Any]]) -> None:
        """Judge a checkpoint's form, signature and place among the others."""
        size = value.get("size")
        statement = {k: v for k, v in value.items() if k != "signature"}
        try:
            signature = bytes.fromhex(value.get("signature", ""))
            if signature.hex() != value.get("signature") or set(value) != CHECKPOINT_KEYS:
                raise ValueError
            self.key.verify(signature, CONTEXT + canonical(statement))
        except (InvalidSignature, ValueError, TypeError):
            self.found("bad-signature", size, f"{where}: not signed by this key")
        if value.get("key_id") != self.key_id or value.get("centre_id") != self.centre:
            self.found("bad-signature", size, f"{where}: another key or another centre")
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


def verify(ledger: Path, key: Path, witness: Path | None) -> dict[str, Any]:
    """Return the report on one export."""
    public = serialization.load_pem_public_key(key.read_bytes())
    if not isinstance(public, Ed25519PublicKey):
        raise ValueError("the key is not an Ed25519 public key")
    verifier = Verifier(public)
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
    parser.add_argument("ledger", type=Path, help="the export, JSON lines")
    parser.add_argument("--key", type=Path, required=True, help="the centre's public key, PEM")
    parser.add_argument("--witness", type=Path, help="the centre's witness file of checkpoints")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    try:
        report = verify(args.ledger, args.key, args.witness)
    except (OSError, ValueError) as e:
        print(f"cannot read: {e}", file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps(report))
    else:
        for f in report["findings"]:
            print(f"{f['what']}: entry {f['seq']}: {f['detail']}")
        word = "verified" if report["verified"] else f"NOT verified: {len(report['findings'])} findings"
        print(f"{word}; {report['entries']} entries, {report['signed_entries']} of them signed")
        if not report["witnessed"]:
            print("no witness file given: entries cut off together with their checkpoints cannot be noticed")
    return 0 if report["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())

"""The Merkle tree of RFC 6962 over entry hashes, grown one leaf at a time.

Leaves are entry hashes, which already carry the 0x00 prefix; inner nodes are SHA-256(0x01 || left || right).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves (RFC 6962 §2.1)."""


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree that keeps only its right edge: at most 64 hashes, whatever its size.

    >>> Tree().root() == EMPTY_ROOT
    True
    """

    __slots__ = ("peaks", "size")

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size = 0
        self.peaks: list[bytes] = []  # one full subtree per set bit of `size`, largest first
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf: bytes) -> None:
        """Take one more leaf hash."""
        size, peak = self.size, leaf
        while size & 1:
            peak = node(self.peaks.pop(), peak)
            size >>= 1
        self.peaks.append(peak)
        self.size += 1

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        if not self.peaks:
            return EMPTY_ROOT
        return fold(self.peaks)


def fold(peaks: Sequence[bytes]) -> bytes:
    """Return the root over full subtrees, largest first."""
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node(peak, root)
    return root


def _split_point(n: int) -> int:
    """Return the largest power of two smaller than n."""
    return 1 << ((n - 1).bit_length() - 1)


def _root(leaves: Sequence[bytes]) -> bytes:
    return Tree(leaves).root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of one leaf, nearest node first (RFC 6962 §2.1.1)."""
    if len(leaves) == 1:
        return []
    k = _split_point(len(leaves))
    if index < k:
        return [*inclusion_proof(leaves[:k], index), _root(leaves[k:])]
    return [*inclusion_proof(leaves[k:], index - k), _root(leaves[:k])]


def root_from_proof(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Return the root that a path proves, or None where the path has the wrong length (RFC 9162 §2.1.3.2)."""
    at, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node(sibling, found)
            while not at & 1 and at != 0:
                at >>= 1
                last >>= 1
        else:
            found = node(found, sibling)
        at >>= 1
        last >>= 1
    return found if last == 0 else None

"""The Merkle tree of RFC 6962 over entry hashes, grown one leaf at a time.

Leaves are entry hashes, which already carry the 0x00 prefix; inner nodes are SHA-256(0x01 || left || right).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

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


Subtree = Callable[[int, int], bytes]
"""The root over leaves `[first, behind)`, wherever they are kept."""


def _split_point(n: int) -> int:
    """Return the largest power of two smaller than n."""
    return 1 << ((n - 1).bit_length() - 1)


def inclusion_path(subtree: Subtree, index: int, size: int) -> list[bytes]:
    """Return the audit path of one leaf, nearest node first (RFC 6962 §2.1.1)."""
    first, behind, path = 0, size, list[bytes]()
    while behind - first > 1:
        middle = first + _split_point(behind - first)
        if index < middle:
            path.append(subtree(middle, behind))
            behind = middle
        else:
            path.append(subtree(first, middle))
            first = middle
    return path[::-1]


def consistency_path(subtree: Subtree, older: int, newer: int) -> list[bytes]:
    """Return the proof that the tree of `newer` leaves begins with that of `older` (RFC 6962 §2.1.2).

    Sizes are `0 < older <= newer`; of equal sizes, or from nothing, there is nothing to prove.
    """
    if not 0 < older < newer:
        return []
    first, behind, whole, path = 0, newer, True, list[bytes]()
    while older != behind:
        middle = first + _split_point(behind - first)
        if older <= middle:
            path.append(subtree(middle, behind))
            behind = middle
        else:
            path.append(subtree(first, middle))
            first, whole = middle, False
    return ([] if whole else [subtree(first, behind)]) + path[::-1]


def consistent(older: int, older_root: bytes, newer: int, newer_root: bytes, path: Sequence[bytes]) -> bool:
    """Return whether a path proves that the newer tree begins with the older one (RFC 9162 §2.1.4.2)."""
    if older > newer or older < 0:
        return False
    if older == newer:
        return not path and older_root == newer_root
    if older == 0:
        return not path and older_root == EMPTY_ROOT
    nodes = [older_root, *path] if older & (older - 1) == 0 else list(path)
    if not nodes:
        return False
    at, last = older - 1, newer - 1
    while at & 1:
        at >>= 1
        last >>= 1
    old = new = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node(sibling, old), node(sibling, new)
            while not at & 1 and at != 0:
                at >>= 1
                last >>= 1
        else:
            new = node(new, sibling)
        at >>= 1
        last >>= 1
    return last == 0 and old == older_root and new == newer_root

"""The films of an export: what was recorded, group by group, and its masked copy, which begins groups where it does.

Both are fragmented MP4, one fragment a picture; the original's fragments are the very bytes that were sealed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from av.video.frame import VideoFrame

from ansimnet.kernel.errors import Fault
from ansimnet.slices.footage.evidence.seal import Head, frames_root, head_of
from ansimnet.slices.footage.masking.render import render
from ansimnet.slices.footage.masking.tracks import Masks
from ansimnet.slices.footage.relay.mosaic import boxes_of
from ansimnet.slices.footage.relay.ring import Frame, Init


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """One sealed group: its frames, key frame first, on the clock of the masks, and its seal."""

    frames: tuple[Frame, ...]
    seal: bytes

    @property
    def head(self) -> Head:
        """Return what its seal says."""
        return head_of(self.seal)


@dataclass(frozen=True, slots=True)
class Strip:
    """The masked copy of one group. `hidden`: boxes x1 y1 x2 y2 in pixels that hide something in its key frame."""

    init: bytes
    fragments: tuple[bytes, ...]
    hidden: tuple[tuple[int, int, int, int], ...]

    @property
    def root(self) -> bytes:
        """Return the root over its fragments."""
        return frames_root(self.fragments)


def parts(groups: Sequence[Group]) -> list[list[Group]]:
    """Return groups in films: one goes on while the format stays and each group follows the one before it."""
    found: list[list[Group]] = []
    for group in groups:
        before = found[-1][-1] if found else None
        if before is None or before.head.init_sha256 != group.head.init_sha256 or not follows(before, group):
            found.append([])
        found[-1].append(group)
    return found


def follows(before: Group, group: Group) -> bool:
    """Return whether a group was sealed right after another."""
    return group.head.prev == hashlib.sha256(before.head.pack()).digest()


def masked(
    groups: Sequence[Group], masks: Masks, clear: frozenset[str], burn: Callable[[VideoFrame], None]
) -> Iterator[Strip]:
    """Yield the masked copy of each group; each has an encoder of its own, so that it begins with a key frame.

    Raises:
        Fault: a picture cannot be read, or the encoder changed its format in between.
    """
    init: Init | None = None
    for group in groups:
        made = list(render(group.frames, masks, clear, burn=burn))
        key = group.frames[0]
        if init is not None and made[0].init.segment != init.segment:
            raise Fault("the masked copy changed its format")
        init = made[0].init
        boxes = boxes_of(masks.regions(key.pts, clear), key.init.width, key.init.height)
        hidden = tuple((int(x1), int(y1), int(x2), int(y2)) for x1, y1, x2, y2, _ in boxes)
        yield Strip(init.segment, tuple(f.fragment for f in made), hidden)

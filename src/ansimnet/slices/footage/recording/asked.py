"""What a viewer of recordings asks for beside the playing picture: clips, stills, strips, cameras side by side.

Files go over the socket that holds the right, in parts: no address of theirs exists that could outlive it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import structlog

from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.permits import Masking
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.recording.clips import Clips
from ansimnet.slices.footage.recording.picture_worker import PicturesFailed
from ansimnet.slices.footage.relay.gate import Held, Span

log = structlog.get_logger(__name__)

PART_BYTES = 96 << 10
"""Bytes of a file in one message: between two of them the right may end."""
MOST_TILES, NARROW, WIDE = 24, 80, 320
"""A strip as wide as the timeline, tiles from a phone's to a desk's."""


class Asked:
    """Answers for one right."""

    def __init__(self, clips: Clips, held: Held) -> None:
        assert held.recorded is not None
        self.clips = clips
        self.recorded = held.recorded
        self.camera_id = held.camera.camera_id
        self.original = held.masking is Masking.ORIGINAL
        self.clear = frozenset({held.marked}) if held.marked is not None else frozenset[str]()
        self.seen: list[Span] = []

    def hear(self, message: dict[str, Any]) -> AsyncIterator[str] | None:
        """Return the answer to a message, None where it asks for nothing we make."""
        n = message.get("n")
        number = n if isinstance(n, int) else 0
        match message:
            case {"type": "portrait"} if self.recorded.portrait is not None:
                at_once = self.recorded.portrait.at
                return self._file("portrait", number, (at_once, at_once))
            case _ if self.recorded.portrait is not None:
                return None
            case {"type": "clip" | "merge" as kind, "from": str(a), "until": str(b)}:
                span = self._span(a, b)
                track = Track.MAIN if message.get("track") == Track.MAIN else Track.SUB
                return None if span is None else self._file(kind, number, span, track=track)
            case {"type": "snapshot", "at": str(at)}:
                span = self._span(at, at)
                return None if span is None else self._file("snapshot", number, span)
            case {"type": "thumbnails", "from": str(a), "until": str(b), "count": int(count)}:
                span = self._span(a, b)
                width = message.get("width", 160)
                fits = 1 <= count <= MOST_TILES and isinstance(width, int) and NARROW <= width <= WIDE
                return self._file("thumbnails", number, span, count, width) if span is not None and fits else None
        return None

    def _span(self, a: str, b: str) -> Span | None:
        """Return a span inside what the right reaches, None where the words mean none."""
        try:
            from_at, until = datetime.fromisoformat(a), datetime.fromisoformat(b)
        except ValueError:
            return None
        if from_at.tzinfo is None or until.tzinfo is None or until < from_at:
            return None
        first, last = self.recorded.from_at, self.recorded.until
        return min(max(from_at, first), last), min(max(until, first), last)

    async def _file(
        self, kind: str, number: int, span: Span, *more: int, track: Track = Track.SUB
    ) -> AsyncIterator[str]:
        try:
            mime, data, facts = await self._make(kind, span, track, *more)
        except Refusal as refusal:
            yield json.dumps({"type": "refused", "what": kind, "n": number, "name": refusal.name})
            return
        except PicturesFailed:
            log.exception("a file could not be made", kind=kind)
            yield json.dumps({"type": "refused", "what": kind, "n": number, "name": "failed"})
            return
        self.seen.append(span)
        parts = [data[i : i + PART_BYTES] for i in range(0, len(data), PART_BYTES)]
        for i, part in enumerate(parts):
            head = {"type": "file", "what": kind, "n": number, "part": i, "parts": len(parts), "mime": mime, **facts}
            yield json.dumps(head | {"data": base64.b64encode(part).decode()})

    async def _make(self, kind: str, span: Span, track: Track, *more: int) -> tuple[str, bytes, dict[str, Any]]:
        facts: dict[str, Any] = {"from": span[0].isoformat(), "until": span[1].isoformat()}
        if kind == "clip":
            clip = await self.clips.between(
                self.camera_id,
                span,
                original=self.original,
                clear=self.clear,
                not_before=self.recorded.from_at,
                track=track,
            )
            facts |= {"from": clip.from_at.isoformat(), "until": clip.until.isoformat()}
            gaps = [[g.start.isoformat(), g.end.isoformat(), g.cause] for g in clip.gaps]
            return "video/mp4", clip.data, facts | {"gaps": gaps}
        if kind == "merge":
            cameras = self.recorded.cameras
            data = await self.clips.merge([c.camera_id for c in cameras], span, original=self.original)
            return "video/mp4", data, facts | {"cameras": [c.code for c in cameras]}
        if kind == "portrait":
            assert self.recorded.portrait is not None
            portrait = self.recorded.portrait
            still, box = await self.clips.portrait(self.camera_id, portrait.at, portrait.box)
            return "image/jpeg", still, facts | {"box": [round(v, 4) for v in box]}
        if kind == "snapshot":
            still = await self.clips.still(self.camera_id, span[0], original=self.original, clear=self.clear)
            return "image/jpeg", still, facts
        count, width = more
        step = (span[1] - span[0]) / count
        instants = [span[0] + step * (i + 0.5) for i in range(count)]
        strip = await self.clips.strip(self.camera_id, instants, width, original=self.original, clear=self.clear)
        return "image/jpeg", strip, facts | {"at": [i.isoformat() for i in instants], "width": width}

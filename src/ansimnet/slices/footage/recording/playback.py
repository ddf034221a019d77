"""Recorded pictures as a stream: what a live viewer gets, at another time, speed and order.

The stream is timed anew while it plays: its clock runs with the viewer's, whatever is sought, skipped or slowed down,
so that the player that shows live pictures shows these too. Messages `at` say which recorded instant it shows.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from ansimnet.kernel.clock import monotonic_s
from ansimnet.slices.footage.masking.tracks import Masks, fill
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.recording.asked import Asked
from ansimnet.slices.footage.recording.cutter import HOLE_S
from ansimnet.slices.footage.recording.frames import Frames
from ansimnet.slices.footage.recording.runs import Run, neighbour, run_of
from ansimnet.slices.footage.recording.window import Window
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, moved
from ansimnet.slices.footage.relay.gate import Camera, Span
from ansimnet.slices.footage.relay.masker import Rendition
from ansimnet.slices.footage.relay.ring import Frame, Ring
from ansimnet.slices.footage.relay.source import Sighting, Stream
from ansimnet.slices.footage.relay.viewer import Viewer

log = structlog.get_logger(__name__)

SPEEDS = (0.5, 1.0, 2.0, 4.0, 8.0)
KEYS_FROM = 4.0
"""From this speed on only key frames are shown: 100 pictures a second are more than an eye or a browser wants."""
CHUNK = timedelta(seconds=6)
"""Read at a time: three segments; a seek waits for no more."""
MARGIN = timedelta(seconds=5)
"""Sightings read around a chunk: a track that detection lost is bridged over 4 s (`masking.tracks.BRIDGE_S`)."""
RUN_UP_TICKS = 90
"""How long a frame before the one that was sought is shown: a millisecond, so that decoding begins at a key frame."""
HOLE = timedelta(seconds=HOLE_S)
EDGE_S = 0.2
"""How often the newest pictures are looked for, once playback has come to the present."""
MOST_QUEUED_BYTES = 1 << 20
"""What may wait for a slow viewer before playback waits for him: the past does not run away."""
MOST_UNMADE, MASKING_S = 12, 10.0
"""Frames sent to be masked and not back yet: beyond it playback waits, but not longer than a worker takes to start."""
NEVER_LATE_S = 1e6
BOXES_TICKS = CLOCK_HZ // 2
"""Boxes older than this against their picture are not told."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some seconds of recording that were asked for, and what is hidden in them."""

    asked: Span
    frames: Frames
    masks: Masks

    def covers(self, at: datetime) -> bool:
        """Return whether an instant lies in what was asked for."""
        return self.asked[0] <= at < self.asked[1]


class PlaybackStream(Stream):
    """One viewer's look at one camera's recording within `span`. Begins to play at its beginning."""

    def __init__(
        self,
        camera: Camera,
        window: Window,
        span: Span,
        viewer: Viewer,
        *,
        clear: frozenset[str] = frozenset(),
        asked: Asked | None = None,
        rendition: Callable[[Callable[[Frame], None]], Rendition] | None = None,
    ) -> None:
        """Mask with the rendition that is made around a place to publish; without one the original is shown."""
        super().__init__(camera, Ring(keep_s=0.0))
        self.span = span
        self._window = window
        self._viewer = viewer
        self._clear = clear
        self._asked = asked
        self._rendition = None if rendition is None else rendition(self.publish)
        self._at = self._shown = span[0]
        self._speed, self._playing, self._step = 1.0, True, 0
        self._track = Track.SUB
        self._out, self._origin_s, self._count = 0, monotonic_s(), 0
        self._offered = self._made = 0
        self._turn = 0  # counts what the viewer did; what runs for an older turn ends
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._seen: list[list[datetime]] = []
        self.ready.set()  # a gap is something to show too

    # --- from the relay

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"play {self.camera.code}")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._rendition is not None:
            self._rendition.stop()

    def publish(self, frame: Frame) -> None:
        self._made += self._rendition is not None
        super().publish(frame)

    @property
    def seen(self) -> Sequence[Span]:
        """Return what was delivered, as spans of recorded time."""
        return (*((a, b) for a, b in self._seen), *(() if self._asked is None else self._asked.seen))

    def hear(self, message: dict[str, Any]) -> AsyncIterator[str] | None:
        """Take a message of the viewer (docs/design/recording.md); what makes no sense is not heard."""
        match message:
            case {"type": "seek", "at": str(at)}:
                self._seek(at)
            case {"type": "play"}:
                self._playing, self._step = True, 0
            case {"type": "pause"}:
                self._playing, self._step = False, 0
            case {"type": "speed", "speed": int(speed) | float(speed)} if speed in SPEEDS:
                self._speed = float(speed)
            case {"type": "track", "track": "sub" | "main" as track}:
                self._track = Track(track)
            case {"type": "step", "by": 1 | -1 as by}:
                self._playing, self._step = False, by
            case _:
                return None if self._asked is None else self._asked.hear(message)
        self._turn += 1
        self._changed.set()
        return None

    def _seek(self, words: str) -> None:
        try:
            at = datetime.fromisoformat(words)
        except ValueError:
            return
        if at.tzinfo is not None:
            self._at = min(max(at, self.span[0]), self.span[1])
            self._step = 0 if self._playing else 1  # who stands still sees what he sought

    # --- playing

    async def _run(self) -> None:
        while True:
            turn = self._turn
            self._changed.clear()
            try:
                if self._step:
                    await self._stand()
                elif self._playing:
                    await self._play(turn)
                else:
                    self._tell()
            except Exception:
                log.exception("playback failed", camera=self.camera.code)
                self._playing = False
                self._say("failed")
            if self._turn == turn:
                await self._changed.wait()

    async def _play(self, turn: int) -> None:
        """Play from `_at` to the end of the span, until the viewer does something else."""
        self._anchor()
        chunk, fresh = await self._chunk(self._at), True
        while self._turn == turn:
            run = None if chunk is None else run_of(chunk.frames, self._at, keys=self._speed >= KEYS_FROM)
            if chunk is None or run is None:
                if not await self._over_a_gap(turn):
                    return
                chunk, fresh = await self._chunk(self._at), True
                continue
            if run.start - self._at > HOLE:
                await self._tell_gaps(self._at, run.start)
                fresh = True
            following = asyncio.create_task(self._chunk(chunk.asked[1]))
            try:
                await self._show(chunk, run, turn, fresh=fresh)
                if self._turn != turn:
                    return
                fresh = False
                ahead = await following
                if not chunk.covers(self._at):
                    chunk = ahead if ahead is not None and ahead.covers(self._at) else await self._chunk(self._at)
            finally:
                following.cancel()

    async def _over_a_gap(self, turn: int) -> bool:
        """Wait for pictures at the present, or go on behind a gap and say what is missing; False at the end."""
        until, clock = self.span[1], self._window.archive.guard
        while self._turn == turn and self._at < until:
            found = await self._window.next_at(self.camera.camera_id, self._at, until)
            if found is not None and found < clock.now():
                if found - self._at > HOLE:
                    await self._tell_gaps(self._at, found)
                # recorded from here on, and nothing of it decodes: its key frame lies before what the right reaches
                if found <= self._at:
                    found = await self._window.end_of(self.camera.camera_id, self._at, self._at + CHUNK)
                self._at = found
                return True
            if clock.now() >= until:
                break
            await asyncio.sleep(EDGE_S)
        if self._turn == turn:
            await self._masked()
            if until - self._at > HOLE:
                await self._tell_gaps(self._at, until)
            self._playing = False
            self._tell()
            self._say("end")
        return False

    async def _chunk(self, at: datetime) -> Chunk | None:
        """Return what is recorded from an instant on, None where that is nothing.

        Where the main stream is asked for, and was not recorded, the sub-stream is shown.
        """
        until = min(at + CHUNK, self.span[1])
        if at >= until:
            return None
        found = await self._recorded(at, until, self._track)
        if found is None and self._track is Track.MAIN:
            found = await self._recorded(at, until, Track.SUB)
        if found is None:
            return None
        return Chunk((at, until), found, fill(found.sightings, found.frames[0].pts, found.frames[-1].pts + CLOCK_HZ))

    async def _recorded(self, at: datetime, until: datetime, track: Track) -> Frames | None:
        """Return one track's pictures of a time, None where there are none; a main stream's only from its beginning."""
        around = await self._window.frames(self.camera.camera_id, at - MARGIN, until + MARGIN, track)
        found = None if around is None else around.between(at, until, not_before=self.span[0])
        if found is None or not found.frames:
            return None
        late = found.at(found.frames[0].dts) - at > HOLE
        return None if track is Track.MAIN and late else found

    async def _show(self, chunk: Chunk, run: Run, turn: int, *, fresh: bool) -> None:
        """Send a run, each frame when it is due; `fresh`: the decoder needs what precedes."""
        if fresh:
            self._at = run.start
            self._run_up(chunk, run)
        for frame, ticks in run.shown:
            await self._due()
            if self._turn != turn:
                return
            self._send(chunk, frame, max(1, round(ticks / self._speed)))
            self._at = chunk.frames.at(frame.dts + ticks)
        self._at = run.end
        self._tell()

    async def _stand(self) -> None:
        """Show one frame and stand still: the one at `_at`, or the one before the last shown."""
        step, self._step = self._step, 0
        if step > 0:
            chunk = await self._chunk(self._at)
        else:
            chunk = await self._chunk(max(self._shown - MARGIN, self.span[0]))
        run = None if chunk is None else neighbour(chunk.frames, self._at if step > 0 else self._shown, step)
        if chunk is not None and run is not None:
            self._run_up(chunk, run)
            self._send(chunk, *run.shown[0])
            self._at = run.end
        self._tell()

    async def _due(self) -> None:
        """Wait until the next frame is due, for a viewer who is behind, and for the masking of what was sent."""
        while self._viewer.queued > MOST_QUEUED_BYTES:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)
        await self._masked(MOST_UNMADE)
        wait_s = self._origin_s + self._out / CLOCK_HZ - monotonic_s()
        if wait_s < -HOLE_S:
            self._anchor()
        elif wait_s > 0:
            await asyncio.sleep(wait_s)

    async def _masked(self, most: int = 0) -> None:
        """Wait until at most so many frames are still being masked; what is not made after a while is lost."""
        patience_s = monotonic_s() + MASKING_S
        while self._made + most < self._offered:
            if monotonic_s() > patience_s:
                self._made = self._offered
            await asyncio.sleep(0.01)

    def _anchor(self) -> None:
        """Let the stream's clock run from now on."""
        self._origin_s = monotonic_s() - self._out / CLOCK_HZ

    # --- to the viewer

    def _run_up(self, chunk: Chunk, run: Run) -> None:
        for frame in run.before:
            self._send(chunk, frame, RUN_UP_TICKS, shown=False)
        self._anchor()
        self._tell()

    def _send(self, chunk: Chunk, frame: Frame, ticks: int, *, shown: bool = True) -> None:
        """Publish a frame at the stream's present place, which it moves on by `ticks`."""
        self._count += 1
        out, self._out, shift = self._out, self._out + ticks, frame.pts - frame.dts
        data = moved(frame.fragment, self._count, out, shift, ticks)
        # what came long ago is decoded only, when something newer waits; what is shown is masked however late
        made = Frame(frame.init, out, out + shift, frame.key, data, monotonic_s() + NEVER_LATE_S if shown else 0.0)
        if self._rendition is None:
            self.publish(made)
        else:
            self._offered += shown
            self._rendition.offer(made, chunk.masks.regions(frame.pts, self._clear))
        if shown:
            self._shown = chunk.frames.at(frame.dts)
            self._note(self._shown)
            told = [s for s in chunk.frames.sightings if 0 <= frame.pts - s.pts < BOXES_TICKS]
            if told:
                self.announce(Sighting(out, told[-1].objects))

    def _note(self, at: datetime) -> None:
        """Note what was delivered: spans that grow while the viewer goes on."""
        last = self._seen[-1] if self._seen else None
        if last is not None and timedelta(0) <= at - last[1] <= CHUNK:
            last[1] = at
        elif last is None or not last[0] <= at <= last[1]:
            self._seen.append([at, at])

    def _tell(self) -> None:
        """Say which recorded instant comes next, at which place of the stream's own clock."""
        self._say(
            "at",
            t=round(self._out / CLOCK_HZ, 3),
            at=_iso(self._at),
            speed=self._speed,
            playing=self._playing,
            track=self._track,
        )

    async def _tell_gaps(self, since: datetime, until: datetime) -> None:
        for gap in await self._window.gaps(self.camera.camera_id, since, until):
            words = {"from": _iso(gap.start), "until": _iso(gap.end), "cause": gap.cause, "detail": gap.detail}
            self._say("gap", **words)

    def _say(self, kind: str, **words: Any) -> None:
        self._viewer.say(json.dumps({"type": kind, **words}, separators=(",", ":")))


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")

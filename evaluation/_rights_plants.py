"""The relay's checks, each to be switched off alone: what it keeps back must then be seen to pass."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from evaluation._rights_doors import DOORS, Door
from evaluation._rights_stage import Stage

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.ids import CameraId, PermitId
from ansimnet.kernel.permits import Masking, Permit
from ansimnet.platform.db import Tx
from ansimnet.slices.footage.recording.served import ServedRecordings
from ansimnet.slices.footage.relay.gate import Camera, Held
from ansimnet.slices.footage.relay.rights import Rights
from ansimnet.slices.footage.relay.source import Stream
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet.slices.footage.relay.view import View
from ansimnet.slices.footage.relay.viewer import Viewer
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy import store as policy_store

NEVER_S = 1e9


class Plant(NamedTuple):
    """A check switched off, and the moment and the doors at which that must show."""

    moment: str
    doors: tuple[Door, ...]
    off: Callable[[Stage], AbstractContextManager[None]]


@contextmanager
def instead(owner: Any, name: str, other: Any) -> Iterator[None]:
    """Have something else under a name until the block ends."""
    before = getattr(owner, name)
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def never_cut(_: Stage) -> Iterator[None]:
    """No timer fires, as in a loop that is late: what is asked before each picture stands alone."""

    def arm(self: Rights, view: View) -> None:
        view.expires_s = monotonic_s() + (view.held.not_after - self._clock.now()).total_seconds()
        self._let(view)

    with instead(Rights, "arm", arm):
        yield


@contextmanager
def _unasked(stage: Stage) -> Iterator[None]:
    """Nothing is asked before a picture leaves, and no timer fires."""
    with never_cut(stage), instead(Viewer, "entitled", True):
        yield


@contextmanager
def _no_end_of_time(_: Stage) -> Iterator[None]:
    with instead(Rights, "arm", lambda self, view: None):
        yield


@contextmanager
def _deaf(_: Stage) -> Iterator[None]:
    with instead(Rights, "end", lambda *_: None), instead(Rights, "_apply", lambda *_: None):
        yield


@contextmanager
def _no_word_of_the_lease(_: Stage) -> Iterator[None]:
    with instead(Rights, "_apply", lambda *_: None):
        yield


@contextmanager
def trust_for_ever(stage: Stage) -> Iterator[None]:
    """No lease is ever lost: on a busy machine that would cut everybody before what is looked for can show."""
    with contextlib.ExitStack() as stack:
        for relay in stage.relays.values():
            stack.enter_context(instead(relay.rights, "lease_s", NEVER_S))
        yield


@contextmanager
def _tickets_for_ever(_: Stage) -> Iterator[None]:
    async def use_ticket(tx: Tx, sha256: bytes, at: object) -> tuple[PermitId, Any, dict[str, Any]] | None:
        row = await tx.one("select permit_id, resource, extras from policy_ticket where ticket_sha256 = %s", (sha256,))
        return None if row is None else (PermitId(row[0]), row[1], row[2])

    with instead(policy_store, "use_ticket", use_ticket):
        yield


@contextmanager
def _no_scope(_: Stage) -> Iterator[None]:
    with instead(Permit, "check", lambda *_, **__: None):
        yield


@contextmanager
def _as_the_ticket_says(_: Stage) -> Iterator[None]:
    async def nothing(*_: Any, **__: Any) -> None:
        pass

    with instead(policy, "check_masking", nothing):
        yield


@contextmanager
def _nothing_hidden(_: Stage) -> Iterator[None]:
    """Live and recorded originals go to whoever has a right to a masked picture."""
    live, past = Sources.open, ServedRecordings.open

    def opens(self: Sources, camera: Camera, masking: Masking, marked: str | None = None, **more: bool) -> Stream:
        return live(self, camera, Masking.ORIGINAL, marked, **more)

    def opens_past(self: ServedRecordings, held: Held, viewer: Viewer) -> Stream:
        return past(self, replace(held, masking=Masking.ORIGINAL), viewer)

    with instead(Sources, "open", opens), instead(ServedRecordings, "open", opens_past):
        yield


@contextmanager
def _another_camera(stage: Stage) -> Iterator[None]:
    """Whatever is asked for, the camera beside it is shown."""
    live, past, edge = Sources.open, ServedRecordings.open, stage.relays["edge"].sources

    def beside(camera_id: CameraId) -> Camera:
        at = stage.cameras.index(camera_id)
        return edge.cameras[stage.cameras[at - 1]].camera

    def opens(self: Sources, camera: Camera, masking: Masking, marked: str | None = None, **more: bool) -> Stream:
        if self is edge:
            camera = beside(camera.camera_id)
        return live(self, camera, masking, marked, **more)

    def opens_past(self: ServedRecordings, held: Held, viewer: Viewer) -> Stream:
        return past(self, replace(held, camera=beside(held.camera.camera_id)), viewer)

    with instead(Sources, "open", opens), instead(ServedRecordings, "open", opens_past):
        yield


@contextmanager
def _any_ticket_at_any_door(stage: Stage) -> Iterator[None]:
    """Tickets to send open what is shown, and tickets to look open what is sent."""
    doors = stage.relays["phones"].doors
    with contextlib.ExitStack() as stack:
        for path in ("/stream", "/uplink"):
            before = doors[path]
            doors[path] = before._replace(sends=not before.sends)
            stack.callback(doors.__setitem__, path, before)
        yield


def _of(*, masking: tuple[Masking, ...] = tuple(Masking), phones: bool = True, only: str = "") -> tuple[Door, ...]:
    found = [d for d in DOORS if d.masking in masking and (phones or d.at != "phones")]
    return tuple(d for d in found if not only or d.at == only)


ALL = _of()
CITY = _of(phones=False)
MARKING = _of(masking=(Masking.MARKED,))
UNMARKED = _of(masking=(Masking.MASKED, Masking.ORIGINAL))
"""Where nothing but the permit's scope keeps another camera back: a mark names its own."""
TELLING = _of(masking=(Masking.ORIGINAL,), phones=False)
"""Where the camera can be told by the picture: originals."""
HIDING = tuple(
    d for d in CITY if d.masking is not Masking.ORIGINAL and not d.name.startswith(("still", "strip", "side"))
)
"""Where an original can be told from its bytes: pictures as they were coded, not as JPEG or side by side."""

PLANTS = {
    "the end of a right": Plant("expires-during", ALL, _no_end_of_time),
    "what is asked before each picture": Plant("expires-during", ALL, _unasked),
    "hearing that a right was revoked": Plant("revoked-during", ALL, _deaf),
    "the lease's word": Plant("unheard-during", ALL, _no_word_of_the_lease),
    "the end of the lease": Plant("no-answer", ALL, trust_for_ever),
    "the one use of a ticket": Plant("reused", ALL, _tickets_for_ever),
    "the age of a ticket": Plant("stale", ALL, _tickets_for_ever),
    "the scope of a permit": Plant("other-camera", UNMARKED, _no_scope),
    "how clear a permit is": Plant("clearer", TELLING + MARKING, _as_the_ticket_says),
    "the mark's own permit": Plant("dead-mark", MARKING, _as_the_ticket_says),
    "the hiding": Plant("fresh", HIDING, _nothing_hidden),
    "which camera": Plant("fresh", TELLING, _another_camera),
    "which door": Plant("wrong-door", _of(only="phones"), _any_ticket_at_any_door),
}  # fmt: skip

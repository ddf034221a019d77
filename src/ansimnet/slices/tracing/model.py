"""What tracing talks about. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from ansimnet.kernel.errors import Conflict, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, CameraId

HOUR = timedelta(hours=1)
KEPT = timedelta(days=30)
"""As long as footage, and no longer (CC-04)."""
DIMENSIONS = 256
"""Of an appearance, each an int8: the light OSNet's half, as in the measured exact scan (docs/design/tracing.md)."""
OUTPUT = "tracing.findings"
"""What a search's findings are called on the request that they go with."""


class Destroyed(NotFound):
    """The key of these sightings was destroyed: nobody can read them again."""

    name = "destroyed"


class SearchOver(Conflict):
    """The search does not stand: it was not approved, was withdrawn or refused, or its time has passed."""

    name = "search-over"


class OutOfScope(Refusal):
    """The search was approved for another place or time."""

    name = "out-of-scope"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where and when an approved search may look: a circle in WGS 84 degrees and metres, `[from_at, until_at)`."""

    lat: float
    lon: float
    radius_m: float
    from_at: datetime
    until_at: datetime

    def hours(self, now: datetime) -> list[datetime]:
        """Return the UTC hours that it reaches and that are neither destroyed nor to come."""
        first = hour_of(max(self.from_at, now - KEPT))
        last = min(self.until_at, now)
        count = max(0, -((first - last) // HOUR))
        return [first + n * HOUR for n in range(count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search as its row shows it."""

    search_id: UUID
    request_id: UUID
    asked_by: AccountId
    missing: bool
    asked_at: datetime
    until_at: datetime
    ended_at: datetime | None = None
    ended_why: str | None = None
    destroyed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A candidate of a search. `why` and `why_not`: names of terms with their log likelihood ratio in nats.

    `shot looks plate plate_p` as in `rules.tracks.Track`: what the relay weighs again, and where his picture is.
    """

    candidate_id: UUID
    camera_id: CameraId
    from_at: datetime
    until_at: datetime
    score: float
    why: tuple[tuple[str, float], ...]
    why_not: tuple[tuple[str, float], ...]
    kind: str = "person"
    lat: float | None = None
    lon: float | None = None
    heading_deg: float | None = None
    shot: tuple[float, float, float, float, float] | None = None
    looks: str = ""
    plate: str = ""
    plate_p: tuple[float, ...] = ()
    verdict: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """A camera that may see the subject next: `from_at` to `until_at` with 90 %, most likely at `likely_at`."""

    camera_id: CameraId
    probability: float
    from_at: datetime
    likely_at: datetime
    until_at: datetime
    mode: str
    length_m: float
    blind_m: float


@dataclass(frozen=True, slots=True)
class Looked:
    """What a search looked at: these cameras' records in `[from_at, until_at)`. Only cameras that noted anything."""

    from_at: datetime
    until_at: datetime
    cameras: tuple[CameraId, ...]


@dataclass(frozen=True, slots=True)
class Street:
    """A piece of street (lat, lon at its ends) and how likely he is on it."""

    from_: tuple[float, float]
    to: tuple[float, float]
    probability: float


@dataclass(frozen=True, slots=True)
class Likely:
    """Where he may be at an instant; with `elsewhere` (indoors, on a ride) the shares sum to one, less what is tiny."""

    at: datetime
    streets: list[Street]
    elsewhere: float


@dataclass(frozen=True, slots=True)
class WayHop:
    """One step of a way he may have taken."""

    candidate_id: UUID
    camera_id: CameraId
    from_at: datetime
    until_at: datetime
    probability: float


@dataclass(frozen=True, slots=True)
class Way:
    """One way he may have taken, from the first confirmed hop on, and its share of the belief."""

    probability: float
    hops: list[WayHop]


@dataclass(frozen=True, slots=True)
class Believed:
    """What the relay of a search believes at an instant. `ways` likeliest first; `stopped`: lost, or not credible."""

    at: datetime
    next: list[Next]
    heat: list[Likely]
    ways: list[Way]
    stopped: Literal["lost", "not_credible"] | None


@dataclass(frozen=True, slots=True)
class Block:
    """Sealed tracks of one camera and hour."""

    block_id: UUID
    camera_id: CameraId
    hour_at: datetime
    tracks: int
    sealed: bytes


def hour_of(at: datetime) -> datetime:
    """Return the UTC hour an instant lies in."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)

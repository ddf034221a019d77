"""What screens send to vision and are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ansimnet.facts.vision import Behaviour, Verdict, Why
from ansimnet.kernel.permits import Masking
from ansimnet.slices.vision.model import Hours, Pair, Setup, Zone
from ansimnet.slices.vision.rules.setups import MOST_POINTS, MOST_ZONES

Part = Annotated[float, Field(ge=0, le=1)]
Lat = Annotated[float, Field(ge=-90, le=90)]
Lon = Annotated[float, Field(ge=-180, le=180)]


class Form(BaseModel):
    """What a screen sends; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


# ------------------------------------------------------------------------------------------------- alarms


class AlarmShown(BaseModel):
    """An alarm as a card shows it. Boxes are x1, y1, x2, y2 in parts of the picture.

    `exact_place` false: the camera's own place. `simulated`: from a rehearsal, whatever it shows; its verdict teaches
    nothing. `held_why`: over the budget, or improbable by this camera's verdicts.
    """

    alarm_id: UUID
    code: str
    camera_id: UUID
    camera_code: str
    camera_name: str
    behaviour: Behaviour
    behaviour_ko: str
    behaviour_en: str
    priority: int
    began_at: datetime
    last_at: datetime
    raised_at: datetime
    probability: float | None
    model: str
    reason_ko: str
    reason_en: str
    evidence: dict[str, float]
    box: tuple[float, float, float, float]
    lat: float
    lon: float
    exact_place: bool
    reports: int
    held: bool
    held_why: Literal["budget", "improbable"] | None
    shadow: bool
    simulated: bool
    opened_at: datetime | None
    verdict: Verdict | None
    why: Why | None
    judged_at: datetime | None
    judged_by: UUID | None
    clip_from_at: datetime
    clip_until_at: datetime


class BudgetShown(BaseModel):
    """How many alarms an operator is asked to judge, and how many more may be shown now."""

    per_shift: int
    shift_hours: int
    operators: int
    left: float


class AlarmsShown(BaseModel):
    """Alarms, what is to be looked at first on top. `open`, `held`: how many wait in either list."""

    alarms: list[AlarmShown]
    open: int
    held: int
    budget: BudgetShown
    handling_median_s: float | None = Field(description="Of the past seven days, all operators.")
    now: datetime


class VerdictForm(Form):
    """What the operator found; `why` where it was false."""

    verdict: Verdict
    why: Why | None = None


class MissForm(Form):
    """An event that no alarm told of."""

    camera_id: UUID
    behaviour: Behaviour
    missed_at: AwareDatetime


class MissShown(BaseModel):
    """That it was kept."""

    miss_id: UUID


class PictureShown(BaseModel):
    """What a viewer needs to connect to the relay. Of a clip also the span that the ticket opens."""

    ticket: str
    url: str
    not_after: datetime
    permit_id: UUID
    masking: Masking
    from_at: datetime | None = None
    until_at: datetime | None = None


class WordShown(BaseModel):
    """What something is called."""

    name: str
    ko: str
    en: str
    priority: int | None = None
    sound: bool = False
    needs_calibration: bool = False
    needs_zone: bool = False


class WordsShown(BaseModel):
    """The words of behaviours, of the reasons of a false alarm, and of why something is not covered."""

    behaviours: list[WordShown]
    whys: list[WordShown]
    coverage: list[WordShown]


# ------------------------------------------------------------------------------------------------- set-ups


class HoursForm(Form):
    """When a zone is in force: weekdays from Monday 0, minutes of the Korean day; may pass midnight."""

    days: list[Annotated[int, Field(ge=0, le=6)]] = Field(min_length=1, max_length=7)
    from_min: int = Field(ge=0, le=1439)
    until_min: int = Field(ge=1, le=1440)


class ZoneForm(Form):
    """A polygon or a line in parts of the picture. A line is crossed from the left of its direction to its right.

    `limits`: metres and seconds by name (`stay_s`, `both`), as the behaviour reads them.
    """

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    kind: Literal["zone", "line"]
    purpose: Behaviour
    name: str = Field("", max_length=40)
    points: list[tuple[Part, Part]] = Field(min_length=2, max_length=MOST_POINTS)
    hours: list[HoursForm] = Field(default=[], max_length=8)
    limits: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")], float] = Field(default={}, max_length=8)


class PairForm(Form):
    """One point clicked in the picture (parts) and on the map (degrees)."""

    x: Part
    y: Part
    lat: Lat
    lon: Lon


class SetupForm(Form):
    """A camera's whole set-up. `after`: the version that was on the screen."""

    after: int = Field(ge=0)
    zones: list[ZoneForm] = Field(default=[], max_length=MOST_ZONES)
    pairs: list[PairForm] = Field(default=[], max_length=12)
    behaviours: list[Behaviour]
    shadow: list[Behaviour] = []

    def setup(self) -> Setup:
        """Return the set-up as the slice speaks of it."""
        return Setup(
            zones=tuple(_zone(z) for z in self.zones),
            pairs=tuple(Pair(p.x, p.y, p.lat, p.lon) for p in self.pairs),
            behaviours=frozenset(self.behaviours),
            shadow=frozenset(self.shadow),
        )


def _zone(z: ZoneForm) -> Zone:
    hours = tuple(Hours(tuple(sorted(set(h.days))), h.from_min, h.until_min) for h in z.hours)
    return Zone(z.id, z.kind, z.purpose, tuple(z.points), z.name, hours, z.limits)


class GroundForm(Form):
    """Points to try, before they are kept."""

    pairs: list[PairForm] = Field(min_length=4, max_length=12)


class GroundShown(BaseModel):
    """How the picture lies on the map. `homography`: row-major 3 x 3 from parts of the picture to metres east, north.

    `residual_m`: root mean square of what more than four points leave; 0 for four, which always agree.
    """

    homography: list[float]
    origin_lat: float
    origin_lon: float
    residual_m: float


class CoveredShown(BaseModel):
    """Whether a camera covers a behaviour now, and why not."""

    behaviour: Behaviour
    covered: bool
    reason: str
    reason_ko: str
    reason_en: str


class TuningShown(BaseModel):
    """What verdicts taught about a camera's behaviour. `kept_share`: of the confirmed alarms, those it would raise."""

    camera_id: UUID
    camera_code: str
    behaviour: Behaviour
    version: int
    state: Literal["proposed", "in_force", "replaced", "refused"]
    threshold: float
    threshold_before: float
    slope: float
    offset: float
    trues: int
    falses: int
    brier: float | None
    brier_before: float | None
    kept_share: float
    made_at: datetime


class TuningsShown(BaseModel):
    """Tunings, the newest first."""

    tunings: list[TuningShown]


class DecisionForm(Form):
    """Whether a proposed tuning comes in force."""

    put_in_force: bool


class CameraShown(BaseModel):
    """One camera in the list of what is covered. `gaps`: what is switched on and not covered, with why."""

    camera_id: UUID
    code: str
    name: str
    lat: float
    lon: float
    senses: list[str]
    live: bool
    version: int
    calibrated: bool
    zones: int
    covered: int
    shadow: int
    gaps: list[CoveredShown]


class CamerasShown(BaseModel):
    """Every camera with a stream."""

    cameras: list[CameraShown]


class SetupShown(BaseModel):
    """One camera's set-up, what it covers, and what was learnt. Version 0: nobody set it up; the defaults hold."""

    camera: CameraShown
    version: int
    set_at: datetime | None
    zones: list[ZoneForm]
    pairs: list[PairForm]
    behaviours: list[Behaviour]
    shadow: list[Behaviour]
    ground: GroundShown | None
    coverage: list[CoveredShown]
    tunings: list[TuningShown]


class VersionShown(BaseModel):
    """A version of a set-up; the hash is the one on the ledger."""

    version: int
    set_by: UUID
    set_at: datetime
    sha256: str
    zones: int
    calibrated: bool
    behaviours: list[Behaviour]
    shadow: list[Behaviour]


class VersionsShown(BaseModel):
    """Every version, the newest first."""

    versions: list[VersionShown]


# ------------------------------------------------------------------------------------------------- quality, models


class IntervalShown(BaseModel):
    """A share with its 95 % interval (Wilson)."""

    share: float
    low: float
    high: float


class DriftShown(BaseModel):
    """How the scores of the past seven days differ from those before."""

    distance: float
    chance: float
    drifted: bool


class QualityLineShown(BaseModel):
    """How well one camera's alarms of one behaviour are to be believed."""

    camera_id: UUID
    camera_code: str
    camera_name: str
    behaviour: Behaviour
    shadow: bool
    alarms: int
    held: int
    judged: int
    trues: int
    precision: IntervalShown | None
    missed: int
    handling_median_s: float | None
    brier: float | None
    drift: DriftShown | None


class QualityShown(BaseModel):
    """Quality since `since_at`, by verdicts: the whole centre, then each camera and behaviour. Trials are apart."""

    since_at: datetime
    now: datetime
    judged: int
    trues: int
    precision: IntervalShown | None
    handling_median_s: float | None
    brier: float | None
    missed: int
    lines: list[QualityLineShown]


class BudgetForm(Form):
    """Alarms that one operator is asked to judge in a shift."""

    per_shift: int = Field(ge=1, le=1000)
    shift_hours: int = Field(ge=1, le=24)


class ModelShown(BaseModel):
    """A model that workers have loaded: its card, and how it does here."""

    name: str
    sha256: str
    behaviours: list[str]
    licence: str
    source: str
    input: str
    quality: str
    shadow: bool
    first_at: datetime
    seen_at: datetime
    alarms: int
    judged: int
    trues: int
    precision: IntervalShown | None


class ModelsShown(BaseModel):
    """The register of models, those in use first."""

    models: list[ModelShown]


class ModeForm(Form):
    """Whether a model is on trial."""

    shadow: bool


class WorkerForm(Form):
    """A machine that will report."""

    name: str = Field(min_length=1, max_length=60)


class WorkerKeyShown(BaseModel):
    """A worker's key, shown once."""

    worker_id: UUID
    key: str


class WorkerShown(BaseModel):
    """A worker as it last spoke. `local`: a process that the server started itself."""

    worker_id: UUID
    name: str
    local: bool
    registered_at: datetime
    ended_at: datetime | None
    seen_at: datetime | None
    alive: bool
    processes: int
    cameras: int
    behaviours: list[str]
    not_covered: dict[str, str] = Field(description="Behaviours it cannot watch for, and why.")
    quarantined: list[str] = Field(description="Cameras whose stream crashed decoders; watched no more.")
    pictures_s: float
    dropped_s: float = Field(description="Pictures a report that came and were not judged in time.")


class WorkersShown(BaseModel):
    """Workers, those that spoke last first."""

    workers: list[WorkerShown]

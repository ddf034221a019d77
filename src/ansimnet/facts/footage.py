"""What the footage slice tells: provisions from one centre to another (EM-16) and every look at a stream."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import (
    AccountId,
    AlarmId,
    CameraId,
    CentreId,
    GroundId,
    IncidentId,
    PermitId,
    ProvisionId,
    SubjectId,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionRequested(Fact):
    """The tracking centre asks a city for live pictures. Crosses the link; the city answers given or refused."""

    kind: ClassVar[str] = "footage.provision.requested.v1"
    subject: ClassVar[str | None] = "subject_id"
    personal: ClassVar[frozenset[str]] = frozenset({"lat", "lon", "error_m", "speed_mps", "course_deg", "seen_at"})
    provision_id: ProvisionId
    from_centre: CentreId
    to_centre: CentreId
    alarm_id: AlarmId  # the city's name for the situation; it never learns the wearer's code
    subject_id: SubjectId
    trigger: str  # one of the four; a fifth is taken in, so that its refusal stands on the ledger (EM-14)
    statute: str  # `PIPA 18(2)3` …
    lat: float
    lon: float
    error_m: float
    speed_mps: float | None
    course_deg: float | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionGiven(Fact):
    """The city opened cameras, best first. `not_after` is the end unless extended."""

    kind: ClassVar[str] = "footage.provision.given.v1"
    provision_id: ProvisionId
    from_centre: CentreId
    to_centre: CentreId
    cameras: tuple[CameraId, ...]
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionRefused(Fact):
    kind: ClassVar[str] = "footage.provision.refused.v1"
    provision_id: ProvisionId
    from_centre: CentreId
    to_centre: CentreId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionCamerasChanged(Fact):
    """The predicted-area rule added or re-ranked cameras; `cameras` is the whole list, best first."""

    kind: ClassVar[str] = "footage.provision.cameras-changed.v1"
    provision_id: ProvisionId
    cameras: tuple[CameraId, ...]
    added: tuple[CameraId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionExtended(Fact):
    kind: ClassVar[str] = "footage.provision.extended.v1"
    provision_id: ProvisionId
    not_after: datetime
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionEnded(Fact):
    kind: ClassVar[str] = "footage.provision.ended.v1"
    provision_id: ProvisionId
    reason: str  # closed | expired | revoked | cleared


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectMoved(Fact):
    """Where the subject is now, for the city's following. Crosses the link only under a provision in force."""

    kind: ClassVar[str] = "footage.subject.moved.v1"
    subject: ClassVar[str | None] = "subject_id"
    personal: ClassVar[frozenset[str]] = frozenset({"lat", "lon", "error_m", "speed_mps", "course_deg", "seen_at"})
    provision_id: ProvisionId
    subject_id: SubjectId
    lat: float
    lon: float
    error_m: float
    speed_mps: float | None
    course_deg: float | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewOpened(Fact):
    """A viewer's first byte of a camera."""

    kind: ClassVar[str] = "footage.view.opened.v1"
    view_id: UUID
    permit_id: PermitId
    camera_id: CameraId
    provision_id: ProvisionId | None
    viewer: str  # seat and centre, never a name
    masking: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewClosed(Fact):
    kind: ClassVar[str] = "footage.view.closed.v1"
    view_id: UUID
    permit_id: PermitId
    camera_id: CameraId
    provision_id: ProvisionId | None
    reason: str  # left | expired | revoked | lease-lost | source-lost
    frames: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackMarked(Fact):
    """A viewer whose permit allows it marked one track, which alone is then clear for that permit."""

    kind: ClassVar[str] = "footage.track.marked.v1"
    permit_id: PermitId
    camera_id: CameraId
    provision_id: ProvisionId
    track: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestPermitsEnded(Fact):
    """A centre took back its own accounts' permits under a provision; the giving centre cuts their views.

    `permit_ids` are the giving centre's own.
    """

    kind: ClassVar[str] = "footage.guest-permits.ended.v1"
    provision_id: ProvisionId
    permit_ids: tuple[PermitId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingKeyAnnounced(Fact):
    """From now on this centre seals recordings and exports with this key too. `public`: Ed25519, 64 hex digits."""

    kind: ClassVar[str] = "footage.sealing-key.announced.v1"
    key_id: str
    public: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealsAnchored(Fact):
    """The seals that a recorder made in about a minute. `root`: Merkle tree (RFC 6962) over its streams, hex."""

    kind: ClassVar[str] = "footage.seals.anchored.v1"
    root: str
    streams: int
    groups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportAsked(Fact):
    """Somebody wants to take out pictures that these cameras recorded within `[from_at, until_at)`.

    His words stay off here, and which camera when: of a search that is the route. The manifest says it.
    """

    kind: ClassVar[str] = "footage.export.asked.v1"
    export_id: UUID
    by: AccountId
    permit_id: PermitId
    cameras: tuple[CameraId, ...]
    from_at: datetime
    until_at: datetime
    original: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReviewed(Fact):
    """A person looked at what masking was unsure of, and let the export go on."""

    kind: ClassVar[str] = "footage.export.reviewed.v1"
    export_id: UUID
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSealed(Fact):
    """An export is finished; nothing in it changes any more. Hashes are SHA-256 in hex, `root` is over its groups."""

    kind: ClassVar[str] = "footage.export.sealed.v1"
    export_id: UUID
    manifest_sha256: str
    root: str
    timestamp_sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportDownloaded(Fact):
    kind: ClassVar[str] = "footage.export.downloaded.v1"
    export_id: UUID
    by: AccountId
    permit_id: PermitId
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportEnded(Fact):
    """The export can no longer be downloaded, and its bytes are gone."""

    kind: ClassVar[str] = "footage.export.ended.v1"
    export_id: UUID
    reason: str  # withdrawn | expired | used-up | failed


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageDestroyed(Fact):
    """The certificate of one sweep: what it destroyed, by the root over its list (CC-04).

    `root` is the hex of a Merkle tree (RFC 6962) over the lines of the list, which the archive keeps; each line names a
    camera, an hour and a digest of what the destroyed key had opened.
    """

    kind: ClassVar[str] = "footage.recordings.destroyed.v1"
    certificate_id: UUID
    why: str  # expired | disk-full | hold-ended | key-gone
    keys: int
    bytes: int
    first_hour_at: datetime
    last_hour_at: datetime
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageClockDoubted(Fact):
    """The archive's clock is in doubt: what its readings disagree on is neither destroyed nor shown meanwhile.

    `by_s`: seconds by which the wall clock left the clock that nobody sets.
    """

    kind: ClassVar[str] = "footage.clock.doubted.v1"
    doubt: str  # jumped | restarted | behind
    by_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageClockSettled(Fact):
    """The archive's clock is trusted again."""

    kind: ClassVar[str] = "footage.clock.settled.v1"
    by_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageDiskFilling(Fact):
    """Within a day or so footage younger than its time will have to go, the oldest that nobody holds first."""

    kind: ClassVar[str] = "footage.disk.filling.v1"
    archive: str
    full_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingOpened(Fact):
    """A viewer's right to recorded pictures, `[from_at, until_at)` of these cameras, before the first byte of them.

    Its end is `footage.view.closed`; what was seen, `footage.recording.seen`. His words stay off here.
    """

    kind: ClassVar[str] = "footage.recording.opened.v1"
    view_id: UUID
    permit_id: PermitId
    camera_ids: tuple[CameraId, ...]
    provision_id: ProvisionId | None
    viewer: str  # seat and centre, never a name
    masking: str
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSeen(Fact):
    """What of a recording was delivered in a view: the n-th span is `[from_at[n], until_at[n]]`."""

    kind: ClassVar[str] = "footage.recording.seen.v1"
    view_id: UUID
    permit_id: PermitId
    camera_ids: tuple[CameraId, ...]
    from_at: tuple[datetime, ...]
    until_at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookmarkPlaced(Fact):
    """Somebody marked an instant of a camera's recording. His words stay off here."""

    kind: ClassVar[str] = "footage.bookmark.placed.v1"
    bookmark_id: UUID
    camera_id: CameraId
    at: datetime
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class BookmarkRemoved(Fact):
    kind: ClassVar[str] = "footage.bookmark.removed.v1"
    bookmark_id: UUID
    camera_id: CameraId
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyZonesSet(Fact):
    """A camera has other privacy zones from now on; none for 0."""

    kind: ClassVar[str] = "footage.privacy-zones.set.v1"
    camera_id: CameraId
    zones: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneAsked(Fact):
    """A desk asked a citizen to show its incident: a link for one phone, without a name."""

    kind: ClassVar[str] = "footage.scene.asked.v1"
    guest_id: UUID
    incident_id: IncidentId
    until_at: datetime
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkStarted(Fact):
    """A person shows a scene through her phone, by her consent alone; the desk of that incident may look."""

    kind: ClassVar[str] = "footage.uplink.started.v1"
    uplink_id: CameraId
    incident_id: IncidentId
    ground_id: GroundId
    by: AccountId
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkEnded(Fact):
    """A phone shows nothing any more. `reason`: pressed | closed | expired | cleared."""

    kind: ClassVar[str] = "footage.uplink.ended.v1"
    uplink_id: CameraId
    incident_id: IncidentId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOpened(Fact):
    """A camera was found defective by measurement: a repair is owed from now on (CC-05)."""

    kind: ClassVar[str] = "footage.ticket.opened.v1"
    ticket_id: UUID
    camera_id: CameraId
    defect: str
    seen_at: datetime
    value: float
    allowed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketActed(Fact):
    """Somebody did something about a ticket. It stays open until a measurement passes."""

    kind: ClassVar[str] = "footage.ticket.acted.v1"
    ticket_id: UUID
    camera_id: CameraId
    action: str
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketClosed(Fact):
    """A measurement passed: the repair is done. `value` is what was measured."""

    kind: ClassVar[str] = "footage.ticket.closed.v1"
    ticket_id: UUID
    camera_id: CameraId
    defect: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraInspected(Fact):
    """A camera's check and performance report was made from measurements (CC-05)."""

    kind: ClassVar[str] = "footage.camera.inspected.v1"
    report_id: UUID
    camera_id: CameraId
    from_at: datetime
    until_at: datetime
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtDecided(Fact):
    """The second person decided about a doubtful frame of an export."""

    kind: ClassVar[str] = "footage.doubt.decided.v1"
    export_id: UUID
    number: int
    verdict: str
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class OnvifSetUp(Fact):
    """A camera is asked over ONVIF from now on. `turns`: within the sector named, in degrees; else it stands fixed."""

    kind: ClassVar[str] = "footage.onvif.set-up.v1"
    camera_id: CameraId
    by: AccountId
    turns: bool
    from_deg: float | None
    until_deg: float | None
    low_deg: float | None
    high_deg: float | None
    zoom_most: float | None
    zones: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnvifDropped(Fact):
    """A camera is not asked over ONVIF any more, and cannot be turned from here."""

    kind: ClassVar[str] = "footage.onvif.dropped.v1"
    camera_id: CameraId
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class PtzTaken(Fact):
    """A seat holds a camera's joystick, by the priority of what it works on (5 a life in danger … 1 a curfew)."""

    kind: ClassVar[str] = "footage.ptz.taken.v1"
    camera_id: CameraId
    permit_id: PermitId
    provision_id: ProvisionId | None
    holder: str
    priority: int
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PtzTurned(Fact):
    """A camera was told to turn: to a lawful pose within its sector. Written before it is told.

    `how`: move | turn | point | preset | home. `permit_id` None: it goes home by itself, nobody holding it.
    """

    kind: ClassVar[str] = "footage.ptz.turned.v1"
    camera_id: CameraId
    permit_id: PermitId | None
    how: str
    azimuth_deg: float
    tilt_deg: float
    zoom: float
    clipped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PtzAsked(Fact):
    """A seat asks whoever holds a camera to let it go."""

    kind: ClassVar[str] = "footage.ptz.asked.v1"
    camera_id: CameraId
    permit_id: PermitId
    asker: str
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PtzReleased(Fact):
    """Nobody holds a camera any more, or another does.

    `reason`: released | taken-over | expired | right-over | fixed (it turns no longer).
    """

    kind: ClassVar[str] = "footage.ptz.released.v1"
    camera_id: CameraId
    permit_id: PermitId
    holder: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PtzPresetKept(Fact):
    """A pose has a name from now on; a `home` is where the camera goes when nobody holds it."""

    kind: ClassVar[str] = "footage.ptz.preset-kept.v1"
    camera_id: CameraId
    preset_id: UUID
    home: bool
    azimuth_deg: float
    tilt_deg: float
    zoom: float
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class PtzPresetRemoved(Fact):
    kind: ClassVar[str] = "footage.ptz.preset-removed.v1"
    camera_id: CameraId
    preset_id: UUID
    by: AccountId

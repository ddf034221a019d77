"""Permit: proof of lawful access. Stores of personal data, streams and searches take one as an argument.

Only `slices/policy` constructs a `Permit` (a test walks the syntax trees); everyone else receives and checks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.kernel.ids import AccountId, CentreId, GroundId, PermitId


class Role(StrEnum):
    """What an account does for a living. One account has one role in one centre."""

    TRACKING_CONTROLLER = "tracking_controller"  # 관제직원
    CENTRE_OPERATOR = "centre_operator"  # 관제요원
    PROBATION_OFFICER = "probation_officer"  # 보호관찰관
    POLICE_112 = "police_112"  # 112
    FIELD_UNIT = "field_unit"  # 출동 경찰관·보호관찰관
    VICTIM = "victim"  # 피해자
    AUDITOR = "auditor"  # 감사
    ADMINISTRATOR = "administrator"
    SHIFT_LEAD = "shift_lead"  # 관제책임자
    OFFICE_DIRECTOR = "office_director"  # 보호관찰소장
    COURT_CLERK = "court_clerk"  # 법원
    FIRE_119 = "fire_119"
    DISASTER_ROOM = "disaster_room"  # 재난상황실
    INVESTIGATOR = "investigator"  # 수사관
    GUARD_FIRM = "guard_firm"  # 민간경호
    WEARER = "wearer"  # 부착자
    COMMITTEE_MEMBER = "committee_member"  # 심의위원
    COUNSELLOR = "counsellor"  # 상담
    SHELTER_STAFF = "shelter_staff"
    FACILITY_MANAGER = "facility_manager"
    SCOUT = "scout"  # 안심귀가 동행
    FRIEND = "friend"  # shares one trip
    JUROR = "juror"  # 주민 심사단
    MONITOR = "monitor"  # 주민 점검단
    ANALYST = "analyst"
    NEIGHBOUR = "neighbour"
    CITIZEN = "citizen"
    PRIVACY_OFFICER = "privacy_officer"  # 개인정보 보호책임자


class Purpose(StrEnum):
    """Why a person is looked at. Free text is no purpose."""

    SUPERVISE = "supervise"  # 전자감독
    RESPOND = "respond"  # an incident is open
    PROTECT = "protect"  # 범죄피해자 안전조치
    INVESTIGATE = "investigate"
    AUDIT = "audit"
    OPERATE = "operate"  # running the system itself: accounts, cameras, health
    OWN = "own"  # one's own data
    ADJUDICATE = "adjudicate"  # judgment, grading, petition
    SUPPORT = "support"  # counselling and shelter
    MAINTAIN = "maintain"  # upkeep of bells, lights, cameras
    PARTICIPATE = "participate"  # residents: proposals, patrols, votes
    RESEARCH = "research"  # statistics, pseudonymous
    INFORM = "inform"  # a notice ordered by a court
    ESCORT = "escort"  # accompanied way home


class GroundKind(StrEnum):
    """The kinds of legal ground."""

    STATUTE = "statute"  # a duty of the role, by a clause
    TRIGGER = "trigger"  # one of the four triggers (EM-14) with PIPA §18②
    ORDER = "order"  # of a court or a prosecutor
    CONSENT = "consent"
    VITAL_INTEREST = "vital_interest"  # break-glass; never opens a city's footage to the tracking centre


class Act(StrEnum):
    """What somebody does to a resource. Every route, socket and job names one."""

    SIGN_IN = "sign_in"
    READ_OWN = "read_own"
    READ_STATUS = "read_status"
    MANAGE_ACCOUNTS = "manage_accounts"
    REGISTER_WEARER = "register_wearer"
    READ_WEARER = "read_wearer"
    FIND_WEARER = "find_wearer"  # by his whole number, to name him in an order or a hold
    READ_TRACK = "read_track"
    JUDGE_VIOLATION = "judge_violation"
    REPORT_FIX = "report_fix"
    READ_ALARM = "read_alarm"
    ACKNOWLEDGE_ALARM = "acknowledge_alarm"
    REGISTER_PROTECTED = "register_protected"
    READ_PROTECTED = "read_protected"
    RECEIVE_WARNING = "receive_warning"
    READ_INCIDENT = "read_incident"
    RUN_INCIDENT = "run_incident"
    CONCUR_CLOSING = "concur_closing"
    SERVE_ORDER = "serve_order"  # the unit's own page
    IMPORT_CAMERAS = "import_cameras"
    READ_CAMERAS = "read_cameras"
    FIND_CAMERA = "find_camera"  # by its number or place, to name it in an order or a hold
    READ_MAP = "read_map"
    REQUEST_FOOTAGE = "request_footage"
    VIEW_STREAM = "view_stream"
    UNMASK_TRACK = "unmask_track"
    READ_PROVISION = "read_provision"
    EXTEND_PERMIT = "extend_permit"
    MARK_RECORDING = "mark_recording"
    REVOKE_PERMIT = "revoke_permit"
    READ_LEDGER = "read_ledger"
    FOLLOW_LIVE = "follow_live"
    EXCHANGE = "exchange"  # one centre speaking to another over the link
    RUN_JOB = "run_job"
    MANAGE_OWN = "manage_own"  # one's own keys and sessions
    APPROVE = "approve"  # as the second person
    SEARCH_PERSON = "search_person"
    REQUEST_DISCLOSURE = "request_disclosure"
    READ_DISCLOSURE = "read_disclosure"
    READ_SHELTER = "read_shelter"  # a shelter's address
    MANAGE_WATCHLIST = "manage_watchlist"
    REGISTER_ORDER = "register_order"  # of a court or a prosecutor
    JUSTIFY_ACCESS = "justify_access"  # after a break-glass
    HOLD_DATA = "hold_data"
    ERASE_DATA = "erase_data"
    REVIEW_ACCESS = "review_access"  # the monthly review
    READ_FOOTAGE = "read_footage"  # recorded, not live
    EXPORT_DATA = "export_data"  # a download, with its reason
    MANAGE_AGENCIES = "manage_agencies"  # agencies and agreements
    RECERTIFY = "recertify"
    FILE_PETITION = "file_petition"
    RECORD_DECISION = "record_decision"
    REPORT_VIOLATION = "report_violation"  # an officer to the director of the office
    CARRY_OUT_DECISION = "carry_out_decision"  # of a court, by the officer
    CHECK_DEVICE = "check_device"  # a wearer's, at the strap
    ASSIGN_WEARER = "assign_wearer"  # to an officer
    CONTEST_VIOLATION = "contest_violation"  # by the wearer
    READ_CLIENT = "read_client"  # address and alert of an assigned client
    GRADE_PERSON = "grade_person"
    READ_CASE = "read_case"  # a support case
    MANAGE_FACILITIES = "manage_facilities"
    READ_BOOKING = "read_booking"
    FOLLOW_TRIP = "follow_trip"
    JUDGE_PROPOSAL = "judge_proposal"
    CHECK_AREA = "check_area"
    READ_STATISTICS = "read_statistics"
    SHOW_SCENE = "show_scene"  # one's own phone's camera, to the centre
    VIEW_SCENE = "view_scene"  # what such a phone shows; no footage of a city
    SET_UP_CAMERA = "set_up_camera"  # how a device is asked, and what it may be turned to
    STEER_CAMERA = "steer_camera"  # within its registered sector
    SET_UP_HOME = "set_up_home"  # the camera at a protected person's door
    VIEW_HOME = "view_home"  # such a camera, live
    READ_HOME_CLIP = "read_home_clip"  # what it sent with an alert
    TUNE_VISION = "tune_vision"  # zones, calibration, thresholds, trials of what cameras alarm of
    REPORT_VISION = "report_vision"  # a worker's report of what a camera saw


class Masking(StrEnum):
    """What a viewer gets of the people in a picture."""

    MASKED = "masked"  # everybody hidden, the subject too
    MARKED = "marked"  # one marked track clear, everybody else hidden
    ORIGINAL = "original"


class NoPermit(Refusal):
    """This permit does not cover that."""

    kind = Kind.FORBIDDEN
    name = "no-permit"


class PermitOver(NoPermit):
    """The permit has ended."""

    name = "permit-over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """One account's right under a ground, read into a frozen value.

    `resources` are the ids it reaches; None means every resource of its acts inside the centre.
    """

    permit_id: PermitId
    centre_id: CentreId
    account_id: AccountId
    role: Role
    purpose: Purpose
    ground_id: GroundId
    acts: frozenset[Act]
    resources: frozenset[UUID] | None
    not_after: datetime
    masking: Masking = Masking.MASKED
    revoked_at: datetime | None = None

    def check(self, act: Act, resource: UUID | None = None, *, now: datetime) -> None:
        """Refuse unless this permit covers the act on the resource at this instant.

        Raises:
            PermitOver: expired or revoked.
            NoPermit: another act, or a resource outside its scope.
        """
        if now >= self.not_after or (self.revoked_at is not None and self.revoked_at <= now):
            raise PermitOver(permit=str(self.permit_id))
        if act not in self.acts:
            raise NoPermit(f"this permit does not allow `{act}`", permit=str(self.permit_id))
        if self.resources is not None and (resource is None or resource not in self.resources):
            raise NoPermit("this permit does not reach that resource", permit=str(self.permit_id))

    def reach(self, act: Act, *, now: datetime) -> frozenset[UUID] | None:
        """Return what a list under this permit may show at this instant; None means everything of the centre.

        Raises:
            PermitOver, NoPermit: see `check`.
        """
        self.check(act, next(iter(self.resources), None) if self.resources is not None else None, now=now)
        return self.resources

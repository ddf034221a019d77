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


class Purpose(StrEnum):
    """Why a person is looked at. Free text is no purpose."""

    SUPERVISE = "supervise"  # 전자감독
    RESPOND = "respond"  # an incident is open
    PROTECT = "protect"  # 범죄피해자 안전조치
    INVESTIGATE = "investigate"
    AUDIT = "audit"
    OPERATE = "operate"  # running the system itself: accounts, cameras, health
    OWN = "own"  # one's own data


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
    READ_MAP = "read_map"
    REQUEST_FOOTAGE = "request_footage"
    VIEW_STREAM = "view_stream"
    UNMASK_TRACK = "unmask_track"
    READ_PROVISION = "read_provision"
    EXTEND_PERMIT = "extend_permit"
    REVOKE_PERMIT = "revoke_permit"
    READ_LEDGER = "read_ledger"
    FOLLOW_LIVE = "follow_live"
    EXCHANGE = "exchange"  # one centre speaking to another over the link
    RUN_JOB = "run_job"


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

"""The table of who may do what: role x act x purpose x kind of ground, with the clauses that carry each line.

All else is denied. `NEVERS` stand above the table: they hold even where somebody later adds a line too many.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from ansimnet.kernel.permits import Act, GroundKind, Masking, Purpose, Role
from ansimnet.slices.policy.model import CentreKind, Line, Never, Reach, Statute
from ansimnet.slices.policy.rules.words import REASONS

TRIGGER_LASTS = timedelta(minutes=60)
"""A trigger's permit (design: before and beyond a trigger)."""
BREAK_GLASS_LASTS = timedelta(minutes=5)
"""Break-glass closes by itself (console: permit badge)."""
RESOLVED_LASTS = timedelta(minutes=10)
"""After the unit on scene says the danger is over, permits live this long at most."""
DUTY_LASTS = timedelta(minutes=30)
"""A reading duty is decided anew as often as an idle session would end (ours)."""
SHIFT_LASTS = timedelta(hours=12)
"""A live socket may stay open for the longest session."""
MOST_EXTENSIONS = 1
"""One key with a reason extends once. The second time is the shift lead's, a role that no account holds yet."""

TRACKING, CITY = frozenset({CentreKind.TRACKING}), frozenset({CentreKind.CITY})
BOTH = TRACKING | CITY

FOOTAGE_ACTS = frozenset({Act.REQUEST_FOOTAGE, Act.READ_PROVISION, Act.VIEW_STREAM, Act.UNMASK_TRACK})
"""What reaches a city's pictures."""

PROVISION_STATUTES = frozenset({Statute.PIPA_18_2_3, Statute.PIPA_18_2_7})
"""The only clauses under which footage is provided to another purpose or centre (EM-15)."""


def _line(
    name: str,
    roles: Iterable[Role],
    acts: Iterable[Act],
    purposes: Iterable[Purpose],
    ground: GroundKind,
    reach: Reach,
    cites: tuple[Statute, ...],
    lasts: timedelta,
    *,
    homes: frozenset[CentreKind] = TRACKING,
    places: frozenset[CentreKind] | None = None,
    standing: bool = False,
    masking: Masking = Masking.MASKED,
) -> Line:
    return Line(
        name=name,
        roles=frozenset(roles),
        acts=frozenset(acts),
        purposes=frozenset(purposes),
        ground=ground,
        homes=homes,
        places=homes if places is None else places,
        reach=reach,
        cites=cites,
        lasts=lasts,
        standing=standing,
        masking=masking,
    )


_STAT, _TRIG, _VITAL = GroundKind.STATUTE, GroundKind.TRIGGER, GroundKind.VITAL_INTEREST
_CTRL, _OFF, _POL, _UNIT = Role.TRACKING_CONTROLLER, Role.PROBATION_OFFICER, Role.POLICE_112, Role.FIELD_UNIT
_OPER, _VIC, _AUD, _ADM = Role.CENTRE_OPERATOR, Role.VICTIM, Role.AUDITOR, Role.ADMINISTRATOR
_SUP, _RES, _PRO, _INV = Purpose.SUPERVISE, Purpose.RESPOND, Purpose.PROTECT, Purpose.INVESTIGATE

# fmt: off
TABLE: tuple[Line, ...] = (
    # -- the tracking centre: fixes in normal times, footage only on a trigger
    _line("controller-watches", [_CTRL],
          [Act.READ_WEARER, Act.READ_TRACK, Act.READ_ALARM, Act.ACKNOWLEDGE_ALARM, Act.READ_INCIDENT],
          [_SUP, _RES], _STAT, Reach.CENTRE, (Statute.EM_ACT_16_3, Statute.EM_ACT_16), DUTY_LASTS, standing=True),
    _line("controller-surroundings", [_CTRL], [Act.READ_MAP, Act.READ_STATUS, Act.READ_CAMERAS],
          [_SUP, _RES, Purpose.OPERATE], _STAT, Reach.CENTRE, (Statute.EM_ACT_16_3, Statute.PIPA_25), DUTY_LASTS,
          standing=True),
    _line("controller-runs", [_CTRL], [Act.RUN_INCIDENT, Act.REVOKE_PERMIT],
          [_RES], _STAT, Reach.CENTRE, (Statute.EM_ACT_16_3,), DUTY_LASTS, standing=True),
    _line("controller-follows", [_CTRL], [Act.FOLLOW_LIVE],
          [_SUP, _RES], _STAT, Reach.CENTRE, (Statute.EM_ACT_16_3,), SHIFT_LASTS, standing=True),
    _line("controller-victim", [_CTRL], [Act.READ_PROTECTED],
          [_RES, _PRO], _TRIG, Reach.SCOPE, (Statute.PIPA_15_1_5,), TRIGGER_LASTS),
    _line("controller-victim-incident", [_CTRL], [Act.READ_PROTECTED],
          [_RES, _PRO], _STAT, Reach.SCOPE, (Statute.PIPA_15_1_5,), DUTY_LASTS),
    _line("controller-asks", [_CTRL], [Act.REQUEST_FOOTAGE, Act.READ_PROVISION, Act.EXTEND_PERMIT],
          [_RES], _TRIG, Reach.SCOPE, (), TRIGGER_LASTS, places=BOTH),
    _line("controller-views", [_CTRL], [Act.VIEW_STREAM, Act.UNMASK_TRACK],
          [_RES], _TRIG, Reach.SCOPE, (), TRIGGER_LASTS, places=BOTH, masking=Masking.MARKED),
    _line("controller-original", [_CTRL], [Act.VIEW_STREAM],
          [_INV], _TRIG, Reach.SCOPE, (Statute.PIPA_18_2_7,), TRIGGER_LASTS, places=BOTH, masking=Masking.ORIGINAL),

    # -- the probation office
    _line("officer-supervises", [_OFF],
          [Act.REGISTER_WEARER, Act.READ_WEARER, Act.READ_TRACK, Act.JUDGE_VIOLATION, Act.READ_ALARM],
          [_SUP], _STAT, Reach.CENTRE, (Statute.EM_ACT_12, Statute.EM_ACT_15, Statute.EM_ACT_16), DUTY_LASTS,
          standing=True),
    _line("officer-responds", [_OFF],
          [Act.READ_WEARER, Act.READ_TRACK, Act.READ_ALARM, Act.READ_INCIDENT],
          [_RES], _STAT, Reach.CENTRE, (Statute.EM_ACT_15, Statute.EM_ACT_16), DUTY_LASTS, standing=True),
    _line("officer-surroundings", [_OFF], [Act.READ_MAP, Act.READ_STATUS],
          [_SUP, _RES, Purpose.OPERATE], _STAT, Reach.CENTRE, (Statute.EM_ACT_15,), DUTY_LASTS, standing=True),
    _line("officer-follows", [_OFF], [Act.FOLLOW_LIVE],
          [_SUP, _RES], _STAT, Reach.CENTRE, (Statute.EM_ACT_15,), SHIFT_LASTS, standing=True),
    _line("officer-protects", [_OFF], [Act.REGISTER_PROTECTED, Act.READ_PROTECTED],
          [_PRO], _STAT, Reach.CENTRE, (Statute.VICTIM_ACT_9, Statute.PIPA_15_1_2), DUTY_LASTS, standing=True),

    # -- 112
    _line("police-responds", [_POL],
          [Act.READ_INCIDENT, Act.CONCUR_CLOSING, Act.READ_ALARM],
          [_RES], _STAT, Reach.CENTRE, (Statute.EMERGENCY_112, Statute.POLICE_DUTIES_2), DUTY_LASTS, standing=True),
    _line("police-surroundings", [_POL], [Act.READ_MAP, Act.READ_STATUS],
          [_RES, Purpose.OPERATE], _STAT, Reach.CENTRE, (Statute.EMERGENCY_112,), DUTY_LASTS, standing=True),
    _line("police-follows", [_POL], [Act.FOLLOW_LIVE],
          [_RES], _STAT, Reach.CENTRE, (Statute.EMERGENCY_112,), SHIFT_LASTS, standing=True),
    _line("police-protects", [_POL], [Act.REGISTER_PROTECTED, Act.READ_PROTECTED],
          [_PRO], _STAT, Reach.CENTRE, (Statute.VICTIM_ACT_9, Statute.POLICE_DUTIES_2), DUTY_LASTS, standing=True),
    _line("police-approaching", [_POL], [Act.READ_TRACK, Act.READ_WEARER, Act.READ_PROTECTED],
          [_RES], _TRIG, Reach.SCOPE, (Statute.EMERGENCY_112,), TRIGGER_LASTS),
    _line("police-break-glass", [_POL], [Act.READ_TRACK, Act.READ_WEARER, Act.READ_PROTECTED],
          [_RES], _VITAL, Reach.SCOPE, (Statute.PIPA_15_1_5, Statute.PIPA_18_2_3), BREAK_GLASS_LASTS),
    _line("police-break-glass-city", [_POL], [Act.VIEW_STREAM],
          [_RES], _VITAL, Reach.SCOPE, (Statute.PIPA_18_2_3,), BREAK_GLASS_LASTS, homes=CITY),

    # -- the unit on its way
    _line("unit-order", [_UNIT], [Act.SERVE_ORDER],
          [_RES], _STAT, Reach.OWN, (Statute.POLICE_DUTIES_2, Statute.EM_ACT_15), DUTY_LASTS, standing=True),
    _line("unit-follows", [_UNIT], [Act.FOLLOW_LIVE],
          [_RES], _STAT, Reach.OWN, (Statute.POLICE_DUTIES_2,), SHIFT_LASTS, standing=True),
    _line("unit-map", [_UNIT], [Act.READ_MAP],
          [_RES, Purpose.OPERATE], _STAT, Reach.CENTRE, (Statute.POLICE_DUTIES_2,), DUTY_LASTS, standing=True),
    _line("unit-picture", [_UNIT], [Act.VIEW_STREAM, Act.READ_PROVISION],
          [_RES], _TRIG, Reach.PARTY, (), TRIGGER_LASTS, places=BOTH, masking=Masking.MARKED),

    # -- the protected person's own phone
    _line("victim-own", [_VIC], [Act.READ_OWN, Act.RECEIVE_WARNING],
          [Purpose.OWN], _STAT, Reach.OWN, (Statute.PIPA_35, Statute.VICTIM_ACT_9), DUTY_LASTS, standing=True),
    _line("victim-follows", [_VIC], [Act.FOLLOW_LIVE],
          [Purpose.OWN], _STAT, Reach.OWN, (Statute.VICTIM_ACT_9,), SHIFT_LASTS, standing=True),
    _line("victim-map", [_VIC], [Act.READ_MAP],
          [Purpose.OWN, Purpose.OPERATE], _STAT, Reach.CENTRE, (Statute.VICTIM_ACT_9,), DUTY_LASTS, standing=True),

    # -- the city's centre: its own cameras always, a picture only under a provision or a break-glass of its own
    _line("operator-runs", [_OPER], [Act.READ_CAMERAS, Act.READ_STATUS, Act.READ_MAP],
          [Purpose.OPERATE, _RES], _STAT, Reach.CENTRE, (Statute.PIPA_25,), DUTY_LASTS, homes=CITY, standing=True),
    _line("operator-follows", [_OPER], [Act.FOLLOW_LIVE],
          [Purpose.OPERATE, _RES], _STAT, Reach.CENTRE, (Statute.PIPA_25,), SHIFT_LASTS, homes=CITY, standing=True),
    _line("operator-provision-record", [_OPER], [Act.READ_PROVISION, Act.REVOKE_PERMIT],
          [_RES], _STAT, Reach.CENTRE, (Statute.PIPA_DECREE_15, Statute.PIPA_25), DUTY_LASTS, homes=CITY,
          standing=True),
    _line("operator-provision", [_OPER], [Act.REQUEST_FOOTAGE, Act.READ_PROVISION, Act.EXTEND_PERMIT],
          [_RES], _TRIG, Reach.SCOPE, (), TRIGGER_LASTS, homes=CITY),
    _line("operator-views", [_OPER], [Act.VIEW_STREAM, Act.UNMASK_TRACK],
          [_RES], _TRIG, Reach.SCOPE, (), TRIGGER_LASTS, homes=CITY, masking=Masking.MARKED),
    _line("operator-original", [_OPER], [Act.VIEW_STREAM],
          [_INV], _TRIG, Reach.SCOPE, (Statute.PIPA_18_2_7,), TRIGGER_LASTS, homes=CITY, masking=Masking.ORIGINAL),
    _line("operator-break-glass", [_OPER], [Act.VIEW_STREAM],
          [_RES], _VITAL, Reach.SCOPE, (Statute.PIPA_15_1_5,), BREAK_GLASS_LASTS, homes=CITY),

    # -- those who watch the watchers, and those who keep the machine running; neither sees a person
    _line("auditor", [_AUD], [Act.READ_LEDGER],
          [Purpose.AUDIT], _STAT, Reach.CENTRE, (Statute.SAFEGUARDS_8,), DUTY_LASTS, homes=BOTH, standing=True),
    _line("auditor-surroundings", [_AUD], [Act.READ_STATUS],
          [Purpose.AUDIT, Purpose.OPERATE], _STAT, Reach.CENTRE, (Statute.SAFEGUARDS_8,), DUTY_LASTS, homes=BOTH,
          standing=True),
    _line("administrator", [_ADM], [Act.MANAGE_ACCOUNTS, Act.READ_STATUS, Act.READ_MAP],
          [Purpose.OPERATE], _STAT, Reach.CENTRE, (Statute.SAFEGUARDS_5, Statute.PIPA_29), DUTY_LASTS, homes=BOTH,
          standing=True),
    _line("administrator-cameras", [_ADM], [Act.IMPORT_CAMERAS, Act.READ_CAMERAS],
          [Purpose.OPERATE], _STAT, Reach.CENTRE, (Statute.PIPA_25,), DUTY_LASTS, homes=CITY, standing=True),
)
# fmt: on

NEVERS: tuple[Never, ...] = (
    Never(
        name="footage-only-on-trigger",
        homes=TRACKING,
        acts=FOOTAGE_ACTS,
        grounds=frozenset(GroundKind) - {GroundKind.TRIGGER},
        why=REASONS["footage-only-on-trigger"],
    ),
)

"""Notices: silence, jam, battery, *cannot vouch*. A stretch nobody can answer for is told within 4 minutes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from ansimnet.facts.supervision import NoticeEnded, NoticeKind, NoticeRaised
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import DeviceId, FactId, NoticeId, ProtectedPersonId, WearerId, named_id
from ansimnet.slices.supervision.model import Approach, Estimate, Fix, Hearing, OpenNotice, PersonId, Scene, Sign
from ansimnet.slices.supervision.rules import limits
from ansimnet.slices.supervision.rules.evidence import may_be_near

UNHEARD = frozenset({NoticeKind.SILENCE, NoticeKind.JAM, NoticeKind.CANNOT_VOUCH})


def vouches(fix: Fix) -> bool:
    """Tell whether a fix is good enough to say where somebody is."""
    return fix.point is not None and fix.error_m <= limits.PLACED_M


def placed_at(fix: Fix) -> datetime | None:
    """Return since when a fix says where somebody is: not before it was heard of, and not after it was seen."""
    return min(fix.seen_at, fix.heard_at) if vouches(fix) else None


def placed_of(fixes: Iterable[Fix]) -> dict[DeviceId, datetime]:
    """Return the last instant for which fixes say where each device is; without those that say none."""
    placed: dict[DeviceId, datetime] = {}
    for fix in fixes:
        at = placed_at(fix)
        if at is not None:
            before = placed.setdefault(fix.device_id, at)
            if before < at:
                placed[fix.device_id] = at
    return placed


def _fresh(fix: Fix) -> bool:
    """Tell whether a fix ends a silence: one that comes late says where somebody was."""
    return vouches(fix) and fix.heard_at - fix.seen_at < limits.SILENCE


def notices_of_fixes(scene: Scene, fixes: Sequence[Fix], open_notices: Sequence[OpenNotice]) -> list[Fact]:
    """Return what new fixes of wearers begin and end: battery, jam, and the end of silence."""
    facts: list[Fact] = []
    newest: dict[DeviceId, Fix] = {}
    for fix in sorted(fixes, key=lambda f: (f.seen_at, f.fix_id)):
        newest[fix.device_id] = fix
    for fix in newest.values():
        wearer_id, mine = WearerId(fix.person_id), [n for n in open_notices if n.wearer_id == fix.person_id]
        e = scene.estimates.get(fix.person_id)
        low = [n for n in mine if n.notice is NoticeKind.LOW_BATTERY and n.device_id == fix.device_id]
        if fix.battery is not None and fix.battery <= limits.LOW_BATTERY and not low:
            facts.append(_raised(NoticeKind.LOW_BATTERY, wearer_id, fix.device_id, None, fix.heard_at, fix.seen_at, e))
        elif fix.battery is not None and fix.battery >= limits.BATTERY_BACK:
            facts += [_ended(n, fix.heard_at) for n in low]
        jam = [n for n in mine if n.notice is NoticeKind.JAM]
        if Sign.JAM in fix.signs and not jam:
            facts.append(_raised(NoticeKind.JAM, wearer_id, fix.device_id, None, fix.heard_at, fix.seen_at, e))
        elif _fresh(fix) and Sign.JAM not in fix.signs:
            facts += [_ended(n, fix.heard_at) for n in mine if n.notice in UNHEARD and not n.hers]
    return facts


def notices_of_her_fixes(fixes: Sequence[Fix], open_notices: Sequence[OpenNotice]) -> list[Fact]:
    """Return the notices that end because a protected person is heard again, by whichever of her devices."""
    heard = {f.person_id: f.heard_at for f in fixes if _fresh(f)}
    about = [(n, n.protected_person_id) for n in open_notices if n.hers]
    return [_ended(n, heard[PersonId(her)]) for n, her in about if her is not None and PersonId(her) in heard]


def notices_of_silence(
    scene: Scene, hearings: Iterable[Hearing], open_notices: Sequence[OpenNotice], now: datetime
) -> list[Fact]:
    """Return the notices due because a wearer's device has placed nobody for `SILENCE`, by our own clock.

    Graded: *cannot vouch* for each protected person, and once for the zones, he may be near by now; else plain
    silence, a line in a list. Safe to call again: what is open is not raised twice.
    """
    facts: list[Fact] = []
    for h in hearings:
        since = h.placed_at or h.heard_at
        if now - since < limits.SILENCE:
            continue
        mine = {(n.notice, n.protected_person_id) for n in open_notices if n.wearer_id == h.wearer_id}
        e = scene.estimates.get(PersonId(h.wearer_id))
        near = _near(scene, h.wearer_id, e, now)
        for protected_id in near:
            if (NoticeKind.CANNOT_VOUCH, protected_id) not in mine:
                facts.append(_raised(NoticeKind.CANNOT_VOUCH, h.wearer_id, h.device_id, protected_id, now, since, e))
        if not near and not mine & {(k, None) for k in UNHEARD}:
            facts.append(_raised(NoticeKind.SILENCE, h.wearer_id, h.device_id, None, now, since, e))
    return facts


def notices_of_her_silence(
    scene: Scene,
    devices: Iterable[tuple[ProtectedPersonId, DeviceId, datetime]],
    open_notices: Sequence[OpenNotice],
    now: datetime,
) -> list[Fact]:
    """Return the notices due because a protected person's own device has placed nobody for `SILENCE`.

    Told for each wearer who must stay away from her and may be near; the judging goes on from her registered place.
    """
    facts: list[Fact] = []
    for protected_id, device_id, placed_at in devices:
        if now - placed_at < limits.SILENCE:
            continue
        for c in scene.concerning(PersonId(protected_id)):
            his = scene.estimates.get(PersonId(c.wearer_id))
            if not isinstance(c, Approach) or his is None:
                continue
            known = any(
                n.notice is NoticeKind.CANNOT_VOUCH
                and n.wearer_id == c.wearer_id
                and n.protected_person_id == protected_id
                for n in open_notices
            )
            if not known and may_be_near(c, his, scene.estimates.get(PersonId(protected_id)), now):
                facts.append(
                    _raised(NoticeKind.CANNOT_VOUCH, c.wearer_id, device_id, protected_id, now, placed_at, his)
                )
    return facts


def _near(scene: Scene, wearer_id: WearerId, e: Estimate | None, now: datetime) -> list[ProtectedPersonId | None]:
    """Return whom an unheard wearer may be near: protected persons, and None for a zone of nobody's."""
    found: set[ProtectedPersonId | None] = set()
    for c in scene.concerning(PersonId(wearer_id)):
        hers = scene.estimates.get(PersonId(c.protected_person_id)) if isinstance(c, Approach) else None
        if e is not None and may_be_near(c, e, hers, now):
            found.add(c.protected_person_id)
    return sorted(found, key=str)


def notice_id_of(
    kind: NoticeKind, device_id: UUID, wearer_id: UUID, protected_id: UUID | None, since: datetime
) -> NoticeId:
    """Return the id of a notice: the same silence is the same notice, however often it is noticed."""
    return NoticeId(
        named_id("notice", kind.value, str(device_id), str(wearer_id), str(protected_id), since.isoformat())
    )


def _raised(
    kind: NoticeKind,
    wearer_id: WearerId,
    device_id: DeviceId,
    protected_id: ProtectedPersonId | None,
    now: datetime,
    since: datetime,
    e: Estimate | None,
) -> NoticeRaised:
    notice_id = notice_id_of(kind, device_id, wearer_id, protected_id, since)
    return NoticeRaised(
        fact_id=FactId(named_id(NoticeRaised.kind, str(notice_id))),
        happened_at=now,
        notice_id=notice_id,
        notice=kind,
        wearer_id=wearer_id,
        device_id=device_id,
        protected_person_id=protected_id,
        lat=e.point.lat if e is not None else None,
        lon=e.point.lon if e is not None else None,
        error_m=e.error_m if e is not None else None,
        seen_at=e.at if e is not None else None,
    )


def _ended(notice: OpenNotice, now: datetime) -> NoticeEnded:
    return NoticeEnded(
        fact_id=FactId(named_id(NoticeEnded.kind, str(notice.notice_id))),
        happened_at=now,
        notice_id=notice.notice_id,
        notice=notice.notice,
        wearer_id=notice.wearer_id,
    )

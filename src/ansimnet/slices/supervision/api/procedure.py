"""The routes of the procedure: reports, petitions, decisions, contests; caseloads; device checks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Forbidden, NotFound
from ansimnet.kernel.ids import AccountId, WearerId
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.http import door
from ansimnet.slices.duties import queries as duties
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Account
from ansimnet.slices.supervision import queries
from ansimnet.slices.supervision.api import papers
from ansimnet.slices.supervision.api.asking import Ask, asker
from ansimnet.slices.supervision.rules import caseload as caseload_rules
from ansimnet.slices.supervision.rules import procedure as rules
from ansimnet.slices.supervision.service import caseload, procedure
from ansimnet.slices.supervision.store import caseload as caseload_rows
from ansimnet.slices.supervision.store import procedure as rows


def router(db: Db, clock: Clock) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/api/v1", tags=["supervision"])

    ask = asker(db, clock)
    _officers(api, db, clock, ask)
    _directors(api, db, clock, ask)
    _caseloads(api, db, clock, ask)
    _courts(api, db, clock, ask)
    return api


async def _whose(db: Db, alarm_id: UUID) -> WearerId:
    async with db.transaction() as tx:
        found = await rows.finding_of(tx, alarm_id)
    if found is None:
        raise NotFound
    return found[0]


async def papers_of(tx: Tx, wearer_id: UUID, *, named: bool) -> papers.Papers:
    """Return all of a wearer's procedure; with the logins of its authors if `named`."""
    t = await procedure.counted(tx, wearer_id)
    found = papers.Papers(
        violations=[papers.violation(v) for v in (await rows.violations_of(tx, [wearer_id])).get(wearer_id, ())],
        counted=papers.tally(t),
        most_months=rules.most_months(t),
        reports=[papers.report(r) for r in await rows.reports(tx, wearer_ids=[wearer_id])],
        contests=[papers.contest(c) for c in await rows.contests(tx, wearer_id=wearer_id)],
        petitions=[papers.petition(p) for p in await rows.petitions(tx, wearer_id=wearer_id)],
        decisions=[papers.decision(d) for d in await rows.decisions(tx, wearer_ids=[wearer_id])],
        obligations=[
            papers.Obligation(kind=k, words=w or "", set_at=at) for k, w, at in await rows.obligations_of(tx, wearer_id)
        ],
        checks=[papers.check(c) for c in await caseload_rows.checks_of(tx, wearer_ids=[wearer_id])],
        who={},
    )
    if named:
        found.who = await _logins(tx, papers.authors(found))
    return found


async def _logins(tx: Tx, ids: set[UUID]) -> dict[UUID, str]:
    return dict((await policy.logins(tx, {AccountId(i) for i in ids})).items())


def _officers(api: APIRouter, db: Db, clock: Clock, ask: Ask) -> None:
    @api.get("/supervision/day")
    async def read_day(account: Annotated[Account, Depends(door(Act.READ_WEARER))]) -> papers.Day:
        """The officer's day: own wearers by risk, checks that are due, what waits for a report or an act."""
        permit = await ask(account, Act.READ_WEARER, Purpose.SUPERVISE, "day", None)
        now = clock.now()
        async with db.transaction() as tx:
            wearers = await queries.wearers(tx, permit, now)
            return await _day(tx, [w for w in wearers if w.order_until_at > now], now)

    @api.get("/wearers/{wearer_id}/procedure")
    async def read_procedure(
        wearer_id: UUID, account: Annotated[Account, Depends(door(Act.READ_WEARER))]
    ) -> papers.Papers:
        """A wearer's violations, what they count for, and every step taken."""
        await ask(account, Act.READ_WEARER, Purpose.SUPERVISE, "wearer", wearer_id)
        async with db.transaction() as tx:
            if await queries.wearer(tx, wearer_id) is None:
                raise NotFound
            return await papers_of(tx, wearer_id, named=True)

    @api.post("/alarms/{alarm_id}/report", status_code=201)
    async def report_violation(
        alarm_id: UUID, form: papers.NoteForm, account: Annotated[Account, Depends(door(Act.REPORT_VIOLATION))]
    ) -> papers.Made:
        """Report a confirmed violation to the director, at once (EM-03)."""
        await ask(account, Act.REPORT_VIOLATION, Purpose.SUPERVISE, "report", await _whose(db, alarm_id))
        async with db.transaction() as tx:
            made = await procedure.report(tx, alarm_id, form.note, by=account.account_id, now=clock.now())
        return papers.Made(id=made)

    @api.post("/decisions/{decision_id}/carry-out")
    async def carry_out(
        decision_id: UUID,
        form: papers.CarryOutForm,
        account: Annotated[Account, Depends(door(Act.CARRY_OUT_DECISION, step_up=True))],
    ) -> papers.CarriedOut:
        """Carry a court's decision out: the term and the conditions change by it, and by nothing else."""
        async with db.transaction() as tx:
            found = await rows.decisions(tx, decision_id=decision_id)
        if not found:
            raise NotFound
        await ask(account, Act.CARRY_OUT_DECISION, Purpose.SUPERVISE, "decision", found[0].wearer_id)
        done = papers.carried(form)
        async with db.transaction() as tx:
            until_at = await procedure.carry_out(tx, decision_id, done, by=account.account_id, now=clock.now())
        return papers.CarriedOut(order_until_at=until_at)

    @api.post("/devices/{device_id}/checks", status_code=201)
    async def check_device(
        device_id: UUID, form: papers.CheckForm, account: Annotated[Account, Depends(door(Act.CHECK_DEVICE))]
    ) -> papers.Made:
        """Put a check of a wearer's device on file (EM-11)."""
        async with db.transaction() as tx:
            wearer_id = await caseload_rows.wearer_of_device(tx, device_id)
        if wearer_id is None:
            raise NotFound
        await ask(account, Act.CHECK_DEVICE, Purpose.SUPERVISE, "check", wearer_id)
        async with db.transaction() as tx:
            made = await caseload.check(
                tx, device_id, form.anomaly, form.note, form.act, by=account.account_id, now=clock.now()
            )
        return papers.Made(id=made)

    @api.post("/checks/{check_id}/act", status_code=204)
    async def act_on_anomaly(
        check_id: UUID, form: papers.ActForm, account: Annotated[Account, Depends(door(Act.CHECK_DEVICE))]
    ) -> None:
        """Say what was done about an anomaly."""
        async with db.transaction() as tx:
            found = await caseload_rows.checks_of(tx, check_id=check_id)
        if not found:
            raise NotFound
        await ask(account, Act.CHECK_DEVICE, Purpose.SUPERVISE, "check", found[0].wearer_id)
        async with db.transaction() as tx:
            await caseload.act_on(tx, check_id, form.act, by=account.account_id, now=clock.now())


async def _day(tx: Tx, wearers: list[queries.Wearer], now: datetime) -> papers.Day:
    ids: list[UUID] = [w.wearer_id for w in wearers]
    reported = {r.alarm_id for r in await rows.reports(tx, wearer_ids=ids)}
    judged, standing = await rows.violations_of(tx, ids), await caseload_rows.standing_alarms(tx, ids)
    unjudged, devices = await caseload_rows.unjudged_of(tx, ids), await caseload_rows.devices_of(tx, ids)
    due = await duties.due(tx, "device-check", [d for owned in devices.values() for d in owned])
    lines = []
    for w in wearers:
        to_report = [v for v in judged.get(w.wearer_id, ()) if v.finding == "confirmed" and v.alarm_id not in reported]
        owned = devices.get(w.wearer_id, {})
        to_judge, alarms = unjudged.get(w.wearer_id, []), standing.get(w.wearer_id, 0)
        lines.append(papers.line(w, owned, due, to_judge, to_report, alarms, now))
    lines.sort(key=lambda line: (-line.risk, line.wearer.code))
    return papers.Day(
        wearers=lines,
        anomalies=[papers.check(c) for c in await caseload_rows.checks_of(tx, wearer_ids=ids, waiting=True)],
        decisions=[papers.decision(d) for d in await rows.decisions(tx, wearer_ids=ids, waiting=True)],
    )


def _directors(api: APIRouter, db: Db, clock: Clock, ask: Ask) -> None:
    @api.get("/supervision/reports")
    async def list_reports(account: Annotated[Account, Depends(door(Act.FILE_PETITION))]) -> papers.Waiting:
        """What waits for the director: reports without an answer, contests without a decision, petitions at court."""
        await ask(account, Act.FILE_PETITION, Purpose.SUPERVISE, "petitions", None)
        reach = (await ask(account, Act.READ_WEARER, Purpose.SUPERVISE, "petitions", None)).reach(
            Act.READ_WEARER, now=clock.now()
        )
        async with db.transaction() as tx:
            contests = [c for c in await rows.contests(tx) if c.upheld is None]
            at_court = await rows.petitions(tx, undecided=True)
            waiting = await rows.reports(tx, wearer_ids=None if reach is None else list(reach), waiting=True)
            ours = [p for p in at_court if reach is None or p.wearer_id in reach]
            return papers.Waiting(
                reports=[papers.report(r) for r in waiting],
                contests=[papers.contest(c) for c in contests if reach is None or c.wearer_id in reach],
                petitions=[papers.petition(p) for p in ours],
                who=await _logins(tx, {r.reported_by for r in waiting} | {p.filed_by for p in ours}),
            )

    @api.post("/supervision/reports/{report_id}/no-petition", status_code=204)
    async def no_petition(
        report_id: UUID, form: papers.WhyForm, account: Annotated[Account, Depends(door(Act.FILE_PETITION))]
    ) -> None:
        """Choose not to petition, and say why: a sanction may follow, never must."""
        async with db.transaction() as tx:
            found = await rows.reports(tx, report_id=report_id)
        if not found:
            raise NotFound
        await ask(account, Act.FILE_PETITION, Purpose.SUPERVISE, "petitions", found[0].wearer_id)
        async with db.transaction() as tx:
            await procedure.no_petition(tx, report_id, form.why, by=account.account_id, now=clock.now())

    @api.post("/wearers/{wearer_id}/petitions", status_code=201)
    async def file_petition(
        wearer_id: UUID,
        form: papers.PetitionForm,
        account: Annotated[Account, Depends(door(Act.FILE_PETITION, step_up=True))],
    ) -> papers.PetitionShown:
        """Petition the court. Number and degree of the violations are computed, and bound what may be asked (EM-05)."""
        await ask(account, Act.FILE_PETITION, Purpose.SUPERVISE, "petitions", wearer_id)
        async with db.transaction() as tx:
            made = await procedure.file_petition(
                tx, WearerId(wearer_id), papers.asked(form), by=account.account_id, now=clock.now()
            )
            (row,) = await rows.petitions(tx, petition_id=made)
        return papers.petition(row)

    @api.post("/contests/{contest_id}/decision", status_code=204)
    async def decide_contest(
        contest_id: UUID,
        form: papers.ContestDecisionForm,
        account: Annotated[Account, Depends(door(Act.JUDGE_VIOLATION))],
    ) -> None:
        """Decide what a wearer contests, as somebody other than who found it."""
        async with db.transaction() as tx:
            found = await rows.contests(tx, contest_id=contest_id)
        if not found:
            raise NotFound
        await ask(account, Act.JUDGE_VIOLATION, Purpose.SUPERVISE, "contest", found[0].alarm_id)
        async with db.transaction() as tx:
            await procedure.decide_contest(
                tx, contest_id, form.upheld, form.why, by=account.account_id, now=clock.now()
            )


def _caseloads(api: APIRouter, db: Db, clock: Clock, ask: Ask) -> None:
    @api.get("/supervision/caseload/{office}")
    async def read_caseload(
        office: str, account: Annotated[Account, Depends(door(Act.ASSIGN_WEARER))]
    ) -> papers.Caseloads:
        """Who bears how much in an office, who has nobody, and who should best take whom; nothing is assigned by it."""
        permit = await ask(account, Act.ASSIGN_WEARER, Purpose.SUPERVISE, "caseload", None)
        reach = permit.reach(Act.ASSIGN_WEARER, now=clock.now())
        async with db.transaction() as tx:
            bears = await caseload.bearings(tx, office, clock.now())
            free = await caseload_rows.free_wearers(tx, office, clock.now())
        there = {w for b in bears for w, _ in b.officer.wearers} | set(free)
        if reach is not None and not there <= reach:
            raise Forbidden("another office is competent there", detail_ko="관할이 아닙니다")
        proposed = caseload_rules.propose([b.officer for b in bears], free)
        return papers.caseloads(bears, free, proposed)

    @api.put("/wearers/{wearer_id}/officer")
    async def assign_wearer(
        wearer_id: UUID, form: papers.AssignForm, account: Annotated[Account, Depends(door(Act.ASSIGN_WEARER))]
    ) -> papers.Assigned:
        """Give a wearer to an officer. A full caseload refuses, unless the director says why not (EM-10)."""
        await ask(account, Act.ASSIGN_WEARER, Purpose.SUPERVISE, "caseload", wearer_id)
        async with db.transaction() as tx:
            overridden = await caseload.assign(
                tx, WearerId(wearer_id), AccountId(form.officer), override=form.override,
                by=account.account_id, now=clock.now(),
            )  # fmt: skip
        return papers.Assigned(overridden=overridden)


def _courts(api: APIRouter, db: Db, clock: Clock, ask: Ask) -> None:
    async def petition_of(petition_id: UUID) -> rows.PetitionRow:
        async with db.transaction() as tx:
            found = await rows.petitions(tx, petition_id=petition_id)
        if not found:
            raise NotFound
        return found[0]

    @api.get("/supervision/docket")
    async def read_docket(account: Annotated[Account, Depends(door(Act.REGISTER_ORDER))]) -> papers.Docket:
        """What lies at the court, oldest first: enough to name the wearer in the order that opens a petition."""
        await ask(account, Act.REGISTER_ORDER, Purpose.ADJUDICATE, "docket", None)
        async with db.transaction() as tx:
            filed = sorted(await rows.petitions(tx, undecided=True), key=lambda p: p.filed_at)
            whom = await queries.wearers_among(tx, {p.wearer_id for p in filed})
        return papers.Docket(petitions=[papers.waits(p, whom[p.wearer_id]) for p in filed])

    @api.get("/wearers/{wearer_id}/petitions")
    async def read_petitions(
        wearer_id: UUID, account: Annotated[Account, Depends(door(Act.RECORD_DECISION))]
    ) -> papers.Petitions:
        """The undecided petitions about somebody whom a confirmed order of the court names."""
        await ask(account, Act.RECORD_DECISION, Purpose.ADJUDICATE, "decisions", wearer_id)
        async with db.transaction() as tx:
            w = await queries.wearer(tx, wearer_id)
            found = await rows.petitions(tx, wearer_id=wearer_id, undecided=True)
        if w is None:
            raise NotFound
        return papers.Petitions(code=w.code, petitions=[papers.petition(p) for p in found])

    @api.post("/supervision/petitions/{petition_id}/decision", status_code=201)
    async def record_decision(
        petition_id: UUID,
        form: papers.DecisionForm,
        account: Annotated[Account, Depends(door(Act.RECORD_DECISION, step_up=True))],
    ) -> papers.Made:
        """Record a court's decision under its order. Nothing changes for the wearer until an officer carries it out."""
        p = await petition_of(petition_id)
        await ask(account, Act.RECORD_DECISION, Purpose.ADJUDICATE, "decisions", p.wearer_id)
        async with db.transaction() as tx:
            made = await procedure.record_decision(
                tx, petition_id, papers.said(form), by=account.account_id, now=clock.now()
            )
        return papers.Made(id=made)

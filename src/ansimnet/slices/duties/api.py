"""The list of what is owed, and the table it is owed by."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ansimnet.kernel.permits import Act, Purpose, Role
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.platform.parts import Context
from ansimnet.slices.duties import service, store
from ansimnet.slices.duties.model import Change, Duty, Limit, Rule, State, Unit
from ansimnet.slices.duties.rules import TABLE, UnknownRule
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Account

OVERSEERS = frozenset({Role.PRIVACY_OFFICER, Role.AUDITOR, Role.ADMINISTRATOR, Role.SHIFT_LEAD, Role.OFFICE_DIRECTOR})
"""Who sees what everybody owes; all others see what their own role owes."""


class DutyShown(BaseModel):
    """One duty, as the list says it."""

    duty_id: UUID
    rule: str
    says_ko: str
    says_en: str
    clause: str
    role: Role
    about: UUID
    started_at: datetime
    due_at: datetime
    state: State
    met_at: datetime | None
    late_s: float = Field(description="Seconds past the limit: until it was met, or until now.")


class DutiesShown(BaseModel):
    """What is owed, what is due first on top."""

    duties: list[DutyShown]
    owed: int
    overdue: int
    now: datetime


class RuleShown(BaseModel):
    """One rule of the table in force, and the change that is to come."""

    rule: str
    says_ko: str
    says_en: str
    clause: str
    source: Literal["text", "ours"]
    limit_count: int
    limit_unit: Unit
    role: Role
    again: str
    on_breach_ko: str
    on_breach_en: str
    from_at: datetime | None
    next_from_at: datetime | None
    next_limit_count: int | None
    next_limit_unit: Unit | None


class RulesShown(BaseModel):
    """The whole table."""

    rules: list[RuleShown]


class RuleForm(BaseModel):
    """Another limit or another answering role, from an instant after now."""

    model_config = ConfigDict(extra="forbid")

    limit_count: int = Field(ge=1, le=1000)
    limit_unit: Unit
    role: Role | None = None
    clause: str | None = Field(None, max_length=100, description="On whose say, where the centre has its own text.")
    from_at: AwareDatetime


_SAYS = {r.name: r.says for r in TABLE}


def _shown(duty: Duty, now: datetime) -> DutyShown:
    until = duty.met_at or duty.lapsed_at or now
    says = _SAYS.get(duty.rule)
    return DutyShown(
        duty_id=duty.duty_id,
        rule=duty.rule,
        says_ko=says.ko if says is not None else duty.rule,
        says_en=says.en if says is not None else duty.rule,
        clause=duty.clause,
        role=duty.role,
        about=duty.about,
        started_at=duty.started_at,
        due_at=duty.due_at,
        state=duty.state(now),
        met_at=duty.met_at,
        late_s=max(0.0, (until - duty.due_at).total_seconds()),
    )


def _rule_shown(rule: Rule, coming: Rule | None) -> RuleShown:
    return RuleShown(
        rule=rule.name,
        says_ko=rule.says.ko,
        says_en=rule.says.en,
        clause=rule.clause,
        source=rule.source,
        limit_count=rule.limit.count,
        limit_unit=rule.limit.unit,
        role=rule.role,
        again=rule.again,
        on_breach_ko=rule.on_breach.ko,
        on_breach_en=rule.on_breach.en,
        from_at=rule.from_at,
        next_from_at=coming.from_at if coming is not None else None,
        next_limit_count=coming.limit.count if coming is not None else None,
        next_limit_unit=coming.limit.unit if coming is not None else None,
    )


def routes(ctx: Context) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/api/v1", tags=["duties"])

    async def may(account: Account, act: Act) -> Db:
        db = ctx.dbs.of(account.centre_id)
        await policy.permit(db, account, act, purpose=Purpose.OPERATE, screen="duties", now=ctx.clock.now())
        return db

    @api.get("/duties")
    async def read_duties(
        account: Annotated[Account, Depends(door(Act.READ_STATUS))],
        state: Literal["overdue", "owed", "all"] = "overdue",
        about: UUID | None = None,
        role: Role | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> DutiesShown:
        """What is overdue, owed, or was ever owed; one's own role's, unless one oversees."""
        db = await may(account, Act.READ_STATUS)
        asked = role if account.role in OVERSEERS else account.role
        now = ctx.clock.now()
        async with db.transaction() as tx:
            found = await store.read_duties(
                tx, now, owed=state == "owed", overdue=state == "overdue", role=asked, about=about, limit=limit
            )
            owed, overdue = await store.count_owed(tx, now)
        return DutiesShown(duties=[_shown(d, now) for d in found], owed=owed, overdue=overdue, now=now)

    @api.get("/duties/rules")
    async def read_rules(account: Annotated[Account, Depends(door(Act.READ_STATUS))]) -> RulesShown:
        """The table of limits in force here, and the changes that are to come."""
        db = await may(account, Act.READ_STATUS)
        async with db.transaction() as tx:
            found = await service.rules_at(tx, ctx.clock.now())
        return RulesShown(rules=[_rule_shown(rule, coming) for rule, coming in found])

    @api.post("/duties/rules/{rule}", status_code=204)
    async def change_rule(
        rule: str, form: RuleForm, account: Annotated[Account, Depends(door(Act.MANAGE_AGENCIES))]
    ) -> None:
        """Give a rule another limit from a day on; what a text sets may be shortened, never lengthened."""
        db = await may(account, Act.MANAGE_AGENCIES)
        old = next((r for r in TABLE if r.name == rule), None)
        if old is None:
            raise UnknownRule("there is no rule of this name")
        change = Change(
            rule=rule,
            from_at=form.from_at,
            limit=Limit(form.limit_count, form.limit_unit),
            role=form.role or old.role,
            clause=form.clause or old.clause,
        )
        async with db.transaction() as tx:
            await service.change_rule(tx, change, account.account_id, ctx.clock.now())

    return api

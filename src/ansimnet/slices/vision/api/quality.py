"""Routes of trust: quality by verdicts, the budget, models and workers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from ansimnet.facts.vision import BudgetChanged, ModeChanged, Verdict, WorkerEnded, WorkerRegistered
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.ids import FactId, new_id
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.http import door
from ansimnet.platform.ledger import append
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.vision import queries
from ansimnet.slices.vision.api.alarms import budget_shown
from ansimnet.slices.vision.api.desk import Desk, cameras_of, interval
from ansimnet.slices.vision.api.forms import (
    BudgetForm,
    BudgetShown,
    DriftShown,
    ModeForm,
    ModelShown,
    ModelsShown,
    QualityLineShown,
    QualityShown,
    WorkerForm,
    WorkerKeyShown,
    WorkerShown,
    WorkersShown,
)
from ansimnet.slices.vision.model import Budget, ModelCard, WorkerState
from ansimnet.slices.vision.rules.quality import wilson
from ansimnet.slices.vision.service.covering import ALIVE
from ansimnet.slices.vision.store import alarms, setups, workers

Reads = Annotated[policy.Account, Depends(door(Act.READ_STATUS))]
Tunes = Annotated[policy.Account, Depends(door(Act.TUNE_VISION))]
SCREEN = "vision-quality"


def routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/vision")
    _quality(api, desk)
    _models(api, desk)
    _workers(api, desk)
    return api


def _quality(api: APIRouter, desk: Desk) -> None:
    db, clock = desk.city, desk.clock

    @api.get("/quality")
    async def read_quality(account: Reads, days: Annotated[int, Query(ge=1, le=365)] = 30) -> QualityShown:
        """How well alarms are to be believed, by the operators' verdicts: each camera and behaviour, and the whole."""
        await desk.may(account, Act.READ_STATUS, purpose=Purpose.OPERATE, screen=SCREEN)
        now = clock.now()
        async with db.transaction() as tx:
            found = await queries.quality_of(tx, now - timedelta(days=days), now)
            known = await cameras_of(tx, (line.camera_id for line in found.lines))
        lines = []
        for line in found.lines:
            camera = known.get(line.camera_id)
            lines.append(
                QualityLineShown(
                    camera_id=line.camera_id,
                    camera_code=camera.code if camera else "",
                    camera_name=camera.address if camera else "",
                    behaviour=line.behaviour,
                    shadow=line.shadow,
                    alarms=line.alarms,
                    held=line.held,
                    judged=line.judged,
                    trues=line.trues,
                    precision=interval(line.precision),
                    missed=line.missed,
                    handling_median_s=line.handling_s,
                    brier=line.brier,
                    drift=None if line.drift is None else DriftShown(**line.drift._asdict()),
                )
            )
        return QualityShown(
            since_at=now - timedelta(days=days),
            now=now,
            judged=found.judged,
            trues=found.trues,
            precision=interval(found.precision),
            handling_median_s=found.handling_s,
            brier=found.brier,
            missed=found.missed,
            lines=lines,
        )

    @api.get("/budget")
    async def read_budget(account: Reads) -> BudgetShown:
        """How many alarms an operator is asked to judge in a shift."""
        await desk.may(account, Act.READ_STATUS, purpose=Purpose.OPERATE, screen=SCREEN)
        async with db.transaction() as tx:
            return await budget_shown(tx, desk)

    @api.put("/budget")
    async def put_budget(form: BudgetForm, account: Tunes) -> BudgetShown:
        """Set it. Violence, collapse, fire and cries are never held back."""
        await desk.may(account, Act.TUNE_VISION, purpose=Purpose.OPERATE, screen=SCREEN)
        now = clock.now()
        async with db.transaction() as tx:
            await setups.set_budget(tx, Budget(form.per_shift, form.shift_hours), account.account_id, now)
            fact = BudgetChanged(
                fact_id=FactId(new_id()),
                happened_at=now,
                per_shift=form.per_shift,
                shift_hours=form.shift_hours,
                by=account.account_id,
            )
            await append(tx, fact, actor=f"account:{account.account_id}")
            return await budget_shown(tx, desk)


def _models(api: APIRouter, desk: Desk) -> None:
    db, clock = desk.city, desk.clock

    @api.get("/models")
    async def list_models(account: Reads) -> ModelsShown:
        """The register of models: name, licence, source, hash, input, measured quality, and how each does here."""
        await desk.may(account, Act.READ_STATUS, purpose=Purpose.OPERATE, screen="vision-models")
        since = clock.now() - timedelta(days=365)
        async with db.transaction() as tx:
            cards = await workers.models(tx)
            raised = await alarms.counts_of_models(tx, since)
            judged = [(model, s.verdict) for _, _, model, _, s in await alarms.all_samples(tx, since)]
        found = []
        for card in cards:
            name = f"{card.name}@{card.sha256[:8]}"
            verdicts = [v for model, v in judged if model == name]
            trues = sum(v is Verdict.TRUE for v in verdicts)
            n = sum(count for model, _, count in raised if model == name)
            found.append(_model(card, max(n, len(verdicts)), len(verdicts), trues))
        return ModelsShown(models=found)

    @api.put("/models/{name}/{sha256}/mode", status_code=204)
    async def put_mode(name: str, sha256: str, form: ModeForm, account: Tunes) -> None:
        """Try a model in the shadow, or let it count."""
        await desk.may(account, Act.TUNE_VISION, purpose=Purpose.OPERATE, screen="vision-models")
        async with db.transaction() as tx:
            if not await workers.set_model_mode(tx, name, sha256, form.shadow):
                raise NotFound("there is no such model")
            fact = ModeChanged(
                fact_id=FactId(new_id()), happened_at=clock.now(), model=f"{name}@{sha256[:8]}", shadow=form.shadow,
                by=account.account_id,
            )  # fmt: skip
            await append(tx, fact, actor=f"account:{account.account_id}")


def _model(card: ModelCard, n: int, judged: int, trues: int) -> ModelShown:
    return ModelShown(
        name=card.name,
        sha256=card.sha256,
        behaviours=list(card.behaviours),
        licence=_text(card.card, "licence"),
        source=_text(card.card, "source"),
        input=_text(card.card, "input"),
        quality=_text(card.card, "quality"),
        shadow=card.shadow,
        first_at=card.first_at,
        seen_at=card.seen_at,
        alarms=n,
        judged=judged,
        trues=trues,
        precision=interval(wilson(trues, judged)),
    )


def _text(card: Mapping[str, object], name: str) -> str:
    """Return a part of a card as one line: lists and tables of it too."""
    return _flat(card.get(name, ""))[:1000]


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_flat(v)}" for k, v in value.items())
    if isinstance(value, list):
        return "; ".join(_flat(v) for v in value)
    return str(value)


def _workers(api: APIRouter, desk: Desk) -> None:
    db, clock = desk.city, desk.clock

    @api.get("/workers")
    async def list_workers(account: Reads) -> WorkersShown:
        """Who looks at the cameras, and how busy they are."""
        await desk.may(account, Act.READ_STATUS, purpose=Purpose.OPERATE, screen="vision-workers")
        now = clock.now()
        async with db.transaction() as tx:
            found = await workers.workers(tx)
        return WorkersShown(
            workers=[
                _worker(w, w.ended_at is None and w.seen_at is not None and now - w.seen_at <= ALIVE) for w in found
            ]
        )

    @api.post("/workers", status_code=201)
    async def register_worker(form: WorkerForm, account: Tunes) -> WorkerKeyShown:
        """Let another machine report, by a key that is shown once."""
        await desk.may(account, Act.TUNE_VISION, purpose=Purpose.OPERATE, screen="vision-workers")
        worker_id, key = new_id(), secrets.token_urlsafe(32)
        async with db.transaction() as tx:
            await workers.add(tx, worker_id, form.name, workers.hash_of(key), clock.now())
            fact = WorkerRegistered(
                fact_id=FactId(new_id()), happened_at=clock.now(), worker_id=worker_id, by=account.account_id
            )
            await append(tx, fact, actor=f"account:{account.account_id}")
        return WorkerKeyShown(worker_id=worker_id, key=key)

    @api.delete("/workers/{worker_id}", status_code=204)
    async def end_worker(worker_id: UUID, account: Tunes) -> None:
        """End a machine's key: it reports nothing from now on."""
        await desk.may(account, Act.TUNE_VISION, purpose=Purpose.OPERATE, screen="vision-workers")
        async with db.transaction() as tx:
            if not await workers.end(tx, worker_id, clock.now()):
                raise NotFound("no such worker has a key in use")
            fact = WorkerEnded(
                fact_id=FactId(new_id()), happened_at=clock.now(), worker_id=worker_id, by=account.account_id
            )
            await append(tx, fact, actor=f"account:{account.account_id}")


def _worker(w: WorkerState, alive: bool) -> WorkerShown:
    said: Mapping[str, Any] = w.state
    figures = list(said.get("figures", {}).values())
    return WorkerShown(
        worker_id=w.worker_id,
        name=w.name,
        local=w.local,
        registered_at=w.registered_at,
        ended_at=w.ended_at,
        seen_at=w.seen_at,
        alive=alive,
        processes=len(said.get("workers", ())),
        cameras=len(w.cameras),
        behaviours=sorted(w.behaviours),
        not_covered=said.get("not_covered", {}),
        quarantined=list(said.get("quarantined", ())),
        pictures_s=round(sum(f.get("analysed_fps", 0.0) for f in figures), 1),
        dropped_s=round(sum(f.get("dropped", 0.0) for f in figures), 1),
    )

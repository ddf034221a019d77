"""Centres keep each other's signed heads: every hour each shows its newest; the other checks, keeps, countersigns it.

A head that does not go on from the one kept is a fact on the witness's own ledger, `ledger.fork.found.v1`, where
whoever rewrote the other ledger has no hand.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog

from ansimnet.facts.ledger import ForkFound, HeadWitnessed
from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Fault, Refusal
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId, FactId, new_id
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Tx
from ansimnet.platform.jobs import JobRun, every
from ansimnet.platform.ledger import append, witness
from ansimnet.platform.ledger.checkpoints import Witness, from_line
from ansimnet.platform.ledger.keychain import CURRENT, lines_of
from ansimnet.platform.ledger.keys import read_public
from ansimnet.platform.parts import Context, LinkAsk

log = structlog.get_logger(__name__)

EVERY_S = 3600.0
"""Ours: between two heads that a neighbour keeps, an hour at most can be rewritten by whoever holds the key."""


async def say_last_seen(tx: Tx, _: dict[str, Any], from_centre: CentreId) -> dict[str, Any]:
    """Answer how far this centre has seen the asking one's ledger; 0 where it never has."""
    seen = await witness.last_seen(tx, from_centre)
    return {"size": 0 if seen is None else seen[0].size}


async def take_head(tx: Tx, told: dict[str, Any], from_centre: CentreId) -> dict[str, Any]:
    """Check another centre's head, keep it and answer with a countersignature; or put the fork on our own ledger."""
    if tx.keys is None:
        raise Fault("a witness needs its signing key")
    at = now()
    try:
        said = await witness.take(tx, told, from_centre, tx.keys.signer(CURRENT), at)
    except witness.Forked:
        kept = await witness.last_seen(tx, from_centre)
        size = 0 if kept is None else kept[0].size
        shown = from_line(told["line"].encode()).size
        log.critical("ledger.fork_found", of_centre=str(from_centre), kept=size, shown=shown)
        fact = ForkFound(
            fact_id=FactId(new_id()), happened_at=at, of_centre=from_centre, kept_size=size, shown_size=shown
        )
        await append(tx, fact, actor="system:ledger")
        return {"refused": "ledger-forked", "size": size}
    seen = HeadWitnessed(
        fact_id=FactId(new_id()),
        happened_at=at,
        of_centre=from_centre,
        size=said.size,
        root=from_line(told["line"].encode()).root.hex(),
    )
    await append(tx, seen, actor="system:ledger")
    return {
        "size": said.size,
        "key_id": said.key_id,
        "signature": said.signature.hex(),
        "signed_at": said.signed_at.isoformat(),
    }


ASKS: dict[str, LinkAsk] = {"ledger.last-seen": say_last_seen, "ledger.witness": take_head}
"""What neighbours ask about ledgers."""


async def show_head(context: Context, here: CentreId, there: CentreId) -> witness.Countersigned | None:
    """Show our newest head to another centre and keep its countersignature; None where there is nothing to show.

    Raises:
        Unreachable: it does not answer; the next hour asks again.
        Forked: it kept a head that ours does not go on from.
    """
    folder = context.settings.data_dir / "ledger"
    public = Witness(folder, here).public_path
    if not public.exists():
        return None
    root = read_public(public.read_bytes()).public_bytes_raw()
    db = context.dbs.of(here)
    last = await context.link.ask(there, "ledger.last-seen", {}, from_centre=here)
    async with db.transaction() as tx:
        if (
            await tx.one("select 1 from ledger_checkpoint where centre_id = %s and size > %s", (here, last["size"]))
            is None
        ):
            return None
        told = await witness.tell(db, tx, last["size"], root, lines_of(folder, here))
    said = await context.link.ask(there, "ledger.witness", told, from_centre=here)
    if "refused" in said:
        raise witness.Forked(f"centre `{there}` keeps a head over {said['size']} entries that is not of this history")
    kept = witness.Countersigned(
        there, said["size"], said["key_id"], bytes.fromhex(said["signature"]), datetime.fromisoformat(said["signed_at"])
    )
    async with db.transaction() as tx:
        await witness.keep_countersign(tx, kept)
    return kept


@every(EVERY_S, "ledger.witness", act=Act.RUN_JOB)
async def show_hourly(run: JobRun) -> None:
    """Show this centre's newest head to its neighbour."""
    there = CITY_CENTRE if run.centre_id == TRACKING_CENTRE else TRACKING_CENTRE
    try:
        await show_head(run.context, run.centre_id, there)
    except Refusal as refusal:
        log.warning("ledger.not_witnessed", centre=str(run.centre_id), why=refusal.name)

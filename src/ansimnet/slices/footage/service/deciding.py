"""The review of an export's doubtful frames, one decision each, kept with who and when."""

from __future__ import annotations

from uuid import UUID

from ansimnet.facts.footage import DoubtDecided
from ansimnet.kernel.errors import Conflict, NotFound, Refusal
from ansimnet.kernel.ids import FactId, new_id
from ansimnet.platform.ledger import append
from ansimnet.slices.footage.masking.decisions import Verdict
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.footage.service.exports import Exports, NoReviewer
from ansimnet.slices.footage.store import decisions as store
from ansimnet.slices.footage.store import exports
from ansimnet.slices.footage.store.decisions import DecisionRow
from ansimnet.slices.policy import queries as policy


class BadDecision(Refusal):
    """Widening needs a rectangle inside the picture; nothing else takes one."""

    name = "bad-decision"


async def decide(
    out: Exports, account: policy.Account, export_id: UUID, number: int, verdict: Verdict, box: Box | None
) -> list[DecisionRow]:
    """Decide about one doubtful frame as the second person; return every decision so far.

    Raises:
        BadDecision, NotFound: there is no such doubt.
        NoReviewer: who asks does not review.
        Conflict: the export does not wait for a reviewer.
    """
    await out.approver(account, export_id)
    if (box is not None) is not (verdict is Verdict.WIDEN) or (box is not None and box.clipped() != box):
        raise BadDecision
    m = out.maker()
    now = m.clock.now()
    async with m.db.transaction() as tx:
        row = await exports.load(tx, export_id, lock=True)
        if row is None or not 0 <= number < len(row.doubts):
            raise NotFound("there is no such doubt")
        if row.asked_by == account.account_id:
            raise NoReviewer(detail_ko="요청한 사람은 검토하지 않습니다")
        if row.state != "review":
            raise Conflict(f"it is {row.state}")
        corners = None if box is None else (box.x1, box.y1, box.x2, box.y2)
        decision = DecisionRow(number, verdict, corners, account.account_id, now)
        await store.decide(tx, export_id, decision)
        fact = DoubtDecided(
            fact_id=FactId(new_id()),
            happened_at=now,
            export_id=export_id,
            number=number,
            verdict=verdict,
            by=account.account_id,
        )
        await append(tx, fact, actor=f"account:{account.account_id}")
        return await store.of_export(tx, export_id)


async def decisions(out: Exports, account: policy.Account, export_id: UUID) -> list[DecisionRow]:
    """Return what was decided about an export, to a reviewer."""
    await out.approver(account, export_id)
    async with out.maker().db.transaction() as tx:
        return await store.of_export(tx, export_id)

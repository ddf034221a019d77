"""An alarm proven: judged again from what was kept with it, and compared with what the ledger says was told."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

import msgspec

from ansimnet.facts.supervision import AlarmRaised, TriggerConfirmed
from ansimnet.kernel.errors import Conflict, NotFound
from ansimnet.platform.db import Tx
from ansimnet.slices.supervision.rules.proof import again
from ansimnet.slices.supervision.store import proofs

_encode = msgspec.json.Encoder(order="deterministic").encode


class NotKept(Conflict):
    """What the alarm was decided from is gone: its term is over, or it is from before proofs were kept."""

    name = "not-kept"


@dataclass(frozen=True, slots=True)
class Step:
    """One fact of an alarm: the hash of what was told, and of what the rules say now."""

    fact: str
    rule_version: str
    fixes: int
    probability: float
    told_sha256: str
    judged_sha256: str | None

    @property
    def same(self) -> bool:
        """Whether the two are the same, bit for bit."""
        return self.told_sha256 == self.judged_sha256


async def prove(tx: Tx, alarm_id: UUID) -> list[Step]:
    """Judge an alarm, and its confirmation where there is one, again; nothing is changed.

    Raises:
        NotFound: no such alarm was told.
        NotKept: what it was decided from is gone.
        OtherRule: another version of the rules judged it.
    """
    steps: list[Step] = []
    for kind in (AlarmRaised, TriggerConfirmed):
        told = await proofs.told(tx, alarm_id, kind)
        if told is None:
            continue
        proof = await proofs.proof_of(tx, alarm_id, kind)
        if proof is None:
            raise NotKept
        judged = again(proof, told)
        steps.append(
            Step(
                fact=told.kind,
                rule_version=told.rule_version,
                fixes=len(told.fix_ids),
                probability=told.probability,
                told_sha256=_hash(told),
                judged_sha256=_hash(judged) if judged is not None else None,
            )
        )
    if not steps:
        raise NotFound
    return steps


def _hash(fact: AlarmRaised | TriggerConfirmed) -> str:
    return hashlib.sha256(_encode(fact)).hexdigest()

"""An alarm judged again from what was kept with it: the same rule must give the same fact, bit for bit. (EM-19)"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from ansimnet.facts.supervision import AlarmRaised, TriggerConfirmed
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import FactId, named_id
from ansimnet.slices.supervision.model import PersonId, Scene
from ansimnet.slices.supervision.model.proofs import Proof
from ansimnet.slices.supervision.rules import limits
from ansimnet.slices.supervision.rules.judge import judge, judge_clock

Told = TypeVar("Told", bound=AlarmRaised | TriggerConfirmed)


class OtherRule(Refusal):
    """The alarm was judged by another version of the rules than this program has."""

    name = "other-rule"


def again(proof: Proof, told: Told) -> Told | None:
    """Return the fact that the rules give now for what was known then; None where they give none.

    Which alarm it was and when it was told are taken from `told`: a late fix is told when it came, under the alarm
    that stood. Everything else is judged.

    Raises:
        OtherRule: `told` was judged by rules that this program no longer has.
    """
    if told.rule_version != limits.RULE_VERSION:
        raise OtherRule(
            f"it was judged by `{told.rule_version}`, this is `{limits.RULE_VERSION}`",
            todo="replay it with the release that has that rule",
        )
    c, basis = proof.condition, proof.basis
    scene = Scene({c.condition_id: c})
    scene.watches[c.condition_id] = basis.watch
    scene.medical[c.condition_id] = list(proof.medical)
    if basis.his is not None:
        scene.estimates[PersonId(c.wearer_id)] = basis.his
    if basis.hers is not None and c.protected_person_id is not None:
        scene.estimates[PersonId(c.protected_person_id)] = basis.hers
    at = basis.at or told.happened_at
    facts = judge(scene, [proof.fix]) if proof.fix is not None else judge_clock(scene, at)
    found = next((f for f in facts if type(f) is type(told)), None)
    if found is None:
        return None
    fact_id = FactId(named_id(told.kind, str(told.alarm_id)))
    return replace(found, fact_id=fact_id, alarm_id=told.alarm_id, happened_at=told.happened_at)

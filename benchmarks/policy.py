"""How long one decision takes: our table beside cedarpy and casbin, over the same rows and the same questions.

One question = who, act, purpose, resources, centre, masking, instant, with three grounds on file and the ties looked
up. Nothing is read from a database here: the figure is the decision itself. Cedar gets its policies and entities parsed
beforehand, the fastest way it offers; casbin gets the rows as policies of a seven-word request and decides on those
words alone (no clauses, ends, scopes or ties: less than ours decides). One question in two is allowed.

Keys: us_per_decision us_p99 decisions_per_s rivals (us_per_decision, ratio) questions grounds.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Sequence
from itertools import product
from random import Random
from time import perf_counter, perf_counter_ns
from typing import Any

import casbin
import cedarpy
import numpy as np
from evaluation._policy_cedar import _account, _situation
from evaluation._policy_space import CENTRES, Asked, Situation, account, fitting, good_ground

from ansimnet.app.measure import Options
from ansimnet.kernel.permits import Act, GroundKind, Masking, Purpose, Role
from ansimnet.slices.policy.model import Question, Relations
from ansimnet.slices.policy.rules import RULES
from ansimnet.slices.policy.rules.cedar import DISABLED, export
from ansimnet.slices.policy.rules.checks import cells
from ansimnet.slices.policy.rules.table import NEWEST

DECISIONS = {"small": 200_000, "full": 2_000_000}
RIVALS = {"small": 2_000, "full": 20_000}
CASBINS = {"small": 100, "full": 1_000}
ROUNDS = 5
"""Each figure is the median of so many rounds: other work on the machine disturbs some."""
MODEL = """
[request_definition]
r = role, act, purpose, ground, home, place, masking
[policy_definition]
p = role, act, purpose, ground, home, place, masking
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.role == p.role && r.act == p.act && r.purpose == p.purpose && r.ground == p.ground && r.home == p.home && \\
r.place == p.place && r.masking == p.masking
"""


def run(options: Options) -> dict[str, Any]:
    """Measure and return the figures."""
    rng = Random(options.seed)
    mix = _mix(rng, 4_000)
    options.progress(0, 3, "deciding")
    ours, p99 = _ours(mix, DECISIONS[options.size])
    options.progress(1, 3, "asking Cedar")
    cedar = _cedar(mix, RIVALS[options.size])
    options.progress(2, 3, "asking casbin")
    casbin_us, policies = _casbin(mix, CASBINS[options.size])
    return {
        "us_per_decision": ours,
        "us_p99": p99,
        "decisions_per_s": round(1e6 / ours),
        "questions": len(mix),
        "allowed": sum(_decide(q).allowed for q in mix),
        "grounds": sum(len(q.situation.grounds) for q in mix) / len(mix),
        "rows": len(NEWEST.lines),
        "rivals": {
            "cedarpy": {
                "us_per_decision": cedar,
                "ratio": cedar / ours,
                "version": "policies and entities parsed once",
            },
            "casbin": {"us_per_decision": casbin_us, "ratio": casbin_us / ours, "policies": policies},
        },
    }


def _mix(rng: Random, n: int) -> list[Asked]:
    """Half what some row answers, half anything; beside the ground that fits lie others that do not."""
    others = [good_ground(k, None, None) for k in (GroundKind.TRIGGER, GroundKind.ORDER, GroundKind.STATUTE)]
    found: list[Asked] = []
    while len(found) < n:
        line = rng.choice(NEWEST.lines)
        home = place = CENTRES[rng.choice(sorted(line.homes))]
        if not line.joins(*(next(k for k, c in CENTRES.items() if c == x) for x in (home, place))):
            continue
        fit = fitting(line, home, place)
        grounds = (*(g for g in others if g.kind not in {x.kind for x in fit.grounds}), *fit.grounds)
        role, act, purpose = (rng.choice(sorted(x)) for x in (line.roles, line.acts, line.purposes))
        if len(found) % 2:
            role, act, purpose = rng.choice(list(Role)), rng.choice(list(Act)), rng.choice(list(Purpose))
        wanted = RULES.ties(Role(role), Act(act)).relations
        ties = Relations(tuple(t for t in fit.relations.ties if t.relation in wanted))
        situation = Situation(fit.place, fit.resources, fit.now, grounds, ties)
        found.append(Asked(account(Role(role), home), Act(act), Purpose(purpose), line.masking, situation))
    return found


def _decide(q: Asked) -> Any:
    return RULES.decide(q.question(), q.situation.grounds, q.situation.relations)


def _ours(mix: Sequence[Asked], n: int) -> tuple[float, float]:
    """Return microseconds a decision (median of rounds) and the 99th percentile of single ones, clock included."""
    asked: list[tuple[Question, Any, Any]] = [(q.question(), q.situation.grounds, q.situation.relations) for q in mix]
    decide = RULES.decide
    laps = max(1, n // len(asked) // ROUNDS)

    def lap() -> None:
        for question, grounds, ties in asked:
            decide(question, grounds, ties)

    each = _median(lap, laps) / len(asked)
    singles = np.empty(len(asked))
    for i, (question, grounds, ties) in enumerate(asked):
        began = perf_counter_ns()
        decide(question, grounds, ties)
        singles[i] = perf_counter_ns() - began
    return each, float(np.percentile(singles, 99)) / 1e3


def _median(lap: Callable[[], None], laps: int) -> float:
    """Return microseconds of one lap: the median of the rounds."""
    lap()
    took = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(ROUNDS):
            began = perf_counter()
            for _ in range(laps):
                lap()
            took.append((perf_counter() - began) / laps)
    finally:
        gc.enable()
    return float(np.median(took)) * 1e6


def _cedar(mix: Sequence[Asked], n: int) -> float:
    """Return microseconds a decision of cedarpy: one request a call, policies and entities parsed once."""
    policies = cedarpy.PolicySet.from_str(DISABLED + export(NEWEST.lines, NEWEST.nevers, NEWEST.aparts))
    some = list(mix[: min(n, len(mix))])
    entities = [x for i, q in enumerate(some) for x in (_account(i, q.account), _situation(i, q.situation))]
    world = cedarpy.Entities.from_json_str(json.dumps(entities))
    requests = [
        {
            "principal": f'Account::"{i}"',
            "action": f'Action::"{q.act.value}"',
            "resource": f'Situation::"{i}"',
            "context": f'{{"act":"{q.act.value}","purpose":"{q.purpose.value}","masking":{_rank(q.masking)}}}',
        }
        for i, q in enumerate(some)
    ]

    def lap() -> None:
        for request in requests:
            cedarpy.is_authorized(request, policies, world)

    return _median(lap, max(1, n // len(some) // ROUNDS)) / len(requests)


def _rank(masking: Masking) -> int:
    return list(Masking).index(masking)


def _casbin(mix: Sequence[Asked], n: int) -> tuple[float, int]:
    """Return microseconds a decision of casbin, and how many policies it holds: one a cell of the table."""
    model = casbin.Model()
    model.load_model_from_text(MODEL)
    enforcer = casbin.Enforcer(model, enable_log=False)
    rules = sorted({(*(str(x) for x in c[:6]), str(c.masking)) for line in NEWEST.lines for c in cells(line)})
    enforcer.add_policies([list(r) for r in rules])
    kinds = {centre: str(kind) for kind, centre in CENTRES.items()}
    words = [
        (
            str(q.account.role),
            str(q.act),
            str(q.purpose),
            ground,
            kinds[q.account.centre_id],
            kinds[q.situation.place],
            str(q.masking),
        )
        for q, ground in product(mix[:n], ("duty",))
    ]

    def lap() -> None:
        for word in words:
            enforcer.enforce(*word)

    took = []
    for _ in range(ROUNDS if n <= CASBINS["small"] else 2):
        began = perf_counter()
        lap()
        took.append((perf_counter() - began) / len(words))
    return float(np.median(took)) * 1e6, len(rules)

"""Is a described person understood? Descriptions in Korean and English against the attributes they mean.

Two sets of ours: written by hand (`labels/descriptions.jsonl`) and composed by a grammar that shares no word list with
the parser (`_description_speech.py`). `--data FILE` takes any other, one JSON object a line:
`{"text": "검정 바지에 흰 모자", "attributes": {"lower": "pants", "lower_colour": "black", "hat": "모자"}}`.
A value may be a list, keys and values may be Korean or English (`rules.describe.canonical` reads them). A key that no
line of a set uses is not judged in it: whoever does not label plates does not say that there are none.

Keys: f1 n precision recall interval written composed attributes confidence planted found.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluation._description_speech import Pairs, description

from ansimnet.app.measure import ROOT, Options
from ansimnet.kernel.errors import Refusal
from ansimnet.slices.tracing.rules.describe import canonical, parse

COMPOSED = {"small": 600, "full": 20_000}
RESAMPLES = 1000
"""Bootstrap over descriptions; the interval is of 95 %."""
WRITTEN = ROOT / "evaluation" / "labels" / "descriptions.jsonl"


@dataclass(slots=True)
class Tally:
    """Right, too many and missing, in all and of each key; one triple a description for the interval."""

    right: Counter[str] = field(default_factory=Counter)
    extra: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    each: list[tuple[int, int, int]] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    sure_right: list[float] = field(default_factory=list)
    sure_wrong: list[float] = field(default_factory=list)

    def add(self, text: str, want: Pairs, judged: frozenset[str]) -> None:
        """Judge one description."""
        parsed = parse(text)
        got = {(a.key, a.value) for a in parsed.attributes if a.key in judged}
        for bag, pairs in ((self.right, got & want), (self.extra, got - want), (self.missing, want - got)):
            bag.update(k for k, _ in pairs)
        self.each.append((len(got & want), len(got - want), len(want - got)))
        for a in parsed.attributes:
            if a.key in judged:
                (self.sure_right if (a.key, a.value) in want else self.sure_wrong).append(a.confidence)
        if got != want and len(self.examples) < 12:
            self.examples.append(f"{text} | missing {sorted(want - got)} extra {sorted(got - want)}")

    def figures(self) -> dict[str, Any]:
        """Return F1, precision and recall with the number of descriptions."""
        right, extra, missing = (sum(c.values()) for c in (self.right, self.extra, self.missing))
        return {
            "f1": _f1(right, extra, missing),
            "n": len(self.each),
            "precision": round(right / max(1, right + extra), 4),
            "recall": round(right / max(1, right + missing), 4),
        }


def _f1(right: float, extra: float, missing: float) -> float:
    return round(2 * right / max(1.0, 2 * right + extra + missing), 4)


def read_set(file: Path) -> list[tuple[str, Pairs]]:
    """Return the descriptions of a file with their attributes in our words.

    Raises:
        Refusal: a line is no such object.
    """
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            one = json.loads(line)
            said = [(k, v) for k, vs in one["attributes"].items() for v in (vs if isinstance(vs, list) else [vs])]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refusal(f"{file.name}, line {number}: no description with its attributes") from error
        found.append(
            (
                str(one["text"]),
                set().union(*(canonical(k, str(v)) for k, v in said if v not in (None, ""))) if said else set(),
            )
        )
    return found


def composed(seed: int, count: int) -> list[tuple[str, Pairs]]:
    """Return descriptions that the other grammar makes."""
    rng = random.Random(f"description/{seed}")
    return [description(rng) for _ in range(count)]


def tally(said: Iterable[tuple[str, Pairs]]) -> Tally:
    """Judge a set. Keys that it never uses are not judged."""
    pairs = list(said)
    judged = frozenset(k for _, want in pairs for k, _ in want)
    total = Tally()
    for text, want in pairs:
        total.add(text, want, judged)
    return total


def interval(each: list[tuple[int, int, int]], seed: int) -> tuple[float, float]:
    """Return the 95 % interval of F1 by resampling descriptions."""
    rng = random.Random(seed)
    scores = []
    for _ in range(RESAMPLES if len(each) <= 2000 else 100):
        drawn = rng.choices(each, k=len(each))
        scores.append(_f1(sum(d[0] for d in drawn), sum(d[1] for d in drawn), sum(d[2] for d in drawn)))
    scores.sort()
    return scores[round(0.025 * (len(scores) - 1))], scores[round(0.975 * (len(scores) - 1))]


def _planted(said: list[tuple[str, Pairs]]) -> tuple[int, int]:
    """Falsify one attribute of each of some labels; return how many were, and how many the judge noticed."""
    planted = found = 0
    for text, want in said[:50]:
        key, value = min(want)
        wrong = (want - {(key, value)}) | {(key, f"not-{value}")}
        total = Tally()
        total.add(text, wrong, frozenset(k for k, _ in wrong))
        planted, found = planted + 1, found + (total.missing[key] > 0)
    return planted, found


def run(options: Options) -> dict[str, Any]:
    """Judge our two sets, or the one that `--data` names."""
    if options.data is not None and options.data.is_file():
        sets = {"data": read_set(options.data)}
    else:
        sets = {"written": read_set(WRITTEN), "composed": composed(options.seed, COMPOSED[options.size])}
    totals = {name: tally(said) for name, said in sets.items()}
    whole = Tally()
    for total in totals.values():
        for mine, theirs in ((whole.right, total.right), (whole.extra, total.extra), (whole.missing, total.missing)):
            mine.update(theirs)
        whole.each += total.each
        whole.sure_right += total.sure_right
        whole.sure_wrong += total.sure_wrong
    planted, found = _planted([s for said in sets.values() for s in said if s[1]])
    return {
        **whole.figures(),
        "interval": interval(whole.each, options.seed),
        **{name: total.figures() for name, total in totals.items()},
        "attributes": {
            k: _f1(whole.right[k], whole.extra[k], whole.missing[k]) for k in sorted(whole.right | whole.missing)
        },
        "confidence": {"right": _mean(whole.sure_right), "wrong": _mean(whole.sure_wrong)},
        "wrong": {name: total.examples for name, total in totals.items()},
        "planted": planted,
        "found": found,
    }


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None

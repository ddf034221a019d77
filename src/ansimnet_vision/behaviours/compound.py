"""Compound rules: several behaviours of one camera that together say more. Written as text (`compound.rules`).

stalking: loitering and approach and intrusion within 600 s of one person
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ansimnet_vision.behaviours.evidence import Evidence, around, signal
from ansimnet_vision.types import BEHAVIOURS, CameraConfig, Signal

RULES = Path(__file__).with_name("compound.rules")
_LINE = re.compile(
    r"(?P<name>\w+): (?P<parts>\w+(?: (?P<join>and|then) \w+)+) within (?P<s>\d+) s(?P<one> of one person)?"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `ordered`: the parts must begin in this order; `one_person`: one track takes part in all."""

    name: str
    parts: tuple[str, ...]
    within_s: float
    ordered: bool
    one_person: bool


def read(text: str) -> tuple[Rule, ...]:
    """Return the rules of a text.

    Raises:
        ValueError: a line is no rule, mixes `and` with `then`, or names a behaviour that does not exist.

    >>> read("stalking: loitering then approach within 60 s")[0].ordered
    True
    """
    lines = [line.strip() for line in text.splitlines()]
    return tuple(_rule(line) for line in lines if line and not line.startswith("#"))


def _rule(line: str) -> Rule:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(f"no rule: {line}")
    words = found["parts"].split()
    parts, joins = tuple(words[::2]), set(words[1::2])
    unknown = {*parts, found["name"]} - set(BEHAVIOURS)
    if unknown or len(joins) != 1:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}" if unknown else f"both `and` and `then`: {line}")
    return Rule(found["name"], parts, float(found["s"]), joins == {"then"}, found["one"] is not None)


class Compound:
    """The rules of one camera over what its behaviours say."""

    def __init__(self, config: CameraConfig, rules: Sequence[Rule]) -> None:
        self._config = config
        self._rules = rules
        self._heard: list[Signal] = []
        self._said: dict[tuple[str, int | None], float] = {}

    def hear(self, signals: Sequence[Signal], at_s: float) -> list[Signal]:
        """Take in what behaviours say now; return which rules that fulfils."""
        if not signals:
            return []
        longest = max((rule.within_s for rule in self._rules), default=0.0)
        self._heard = [s for s in self._heard if at_s - s.at_s <= longest] + list(signals)
        return [s for rule in self._rules for s in self._judge(rule, at_s)]

    def _judge(self, rule: Rule, at_s: float) -> list[Signal]:
        heard = [s for s in self._heard if s.behaviour in rule.parts and at_s - s.at_s <= rule.within_s]
        people: set[int | None] = {t for s in heard for t in s.tracks} if rule.one_person else {None}
        found = []
        for person in sorted(people, key=lambda t: -1 if t is None else t):
            chosen = _chosen(rule, [s for s in heard if person is None or person in s.tracks])
            last_s = self._said.get((rule.name, person))
            if chosen is None or (last_s is not None and at_s - last_s <= rule.within_s):
                continue
            self._said[(rule.name, person)] = at_s
            gathered = Evidence(score=sum(s.score for s in chosen), since_s=min(s.since_s for s in chosen))
            tracks = tuple(dict.fromkeys(t for s in chosen for t in s.tracks))
            words = {f"{s.behaviour}_s": at_s - s.at_s for s in chosen}
            box = around([s.box for s in chosen])
            found.append(signal(self._config, rule.name, at_s, gathered, tracks, box, words))
        return found


def _chosen(rule: Rule, heard: Sequence[Signal]) -> list[Signal] | None:
    """Return one signal for each part, None where one is missing or out of order."""
    chosen: list[Signal] = []
    for part in rule.parts:
        after_s = chosen[-1].at_s if rule.ordered and chosen else -float("inf")
        found = [s for s in heard if s.behaviour == part and s.at_s >= after_s]
        if not found:
            return None
        chosen.append(found[0])
    return chosen

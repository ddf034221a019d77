"""Does supervision see every breach, at once, and hardly ever cry wolf?

Staged scenarios on streets (the data folder's Gangnam, else an invented net), errors of a world that shares no model
with the detector (`_supervision_world`; another with --world), the server's own pure rules on what the devices say, and
a truth only the scorer reads (`_supervision_score`, where every word is defined). Tracks of the data folder that people
recorded are a second witness, counted apart (`recorded`; null without any). Beside it, on identical input, the
best open tracker's rule. Seeds 0, 1, 11, 13 and 14 were looked at while the rules were made; report others.

Keys: undetected_total within_2s cannot_vouch_max_s false_per_wearer_month notices_per_wearer_day baseline scenarios
breaches recorded streets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing import cpu_count, get_context
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from evaluation._supervision_baseline import baseline
from evaluation._supervision_recorded import NAME, files_in, recorded
from evaluation._supervision_score import LASTS_S, SHALLOW_M, Score, instant, scored, told_of, vouched
from evaluation._supervision_stage import SCENARIOS, Staged, quiet, staged
from evaluation._supervision_truth import Ground, ground_from
from evaluation._supervision_world import ErrorWorld

from ansimnet.app.measure import Options
from ansimnet.kernel.facts import Fact
from ansimnet.slices.supervision.rules import replay

SEEDS = {"small": 12, "full": 1000}
SEED_STEP = 1_000_000
"""Between the stories of one seed and those of the next."""
SEEDS_A_WEEK = 12
"""A quiet week is lived for so many seeds: eighty-three of them, nineteen wearer-months, at full size."""
MONTH_DAYS = 30.44


@dataclass(slots=True)
class Tally:
    """What a run adds up."""

    ours: dict[str, Score] = field(default_factory=dict)
    theirs: dict[str, Score] = field(default_factory=dict)
    longest_s: float = 0.0
    stretches: int = 0
    untold: int = 0
    quiet_days: float = 0.0
    quiet_notices: int = 0

    def take(self, story: Staged) -> None:
        """Judge one story by both rules and add the outcome."""
        facts = judged(story)
        self.ours.setdefault(story.name, Score()).add(scored(story, told_of(story, facts)))
        self.theirs.setdefault(story.name, Score()).add(scored(story, baseline(story)))
        v = vouched(story, facts)
        self.longest_s = max(self.longest_s, v.longest_s)
        self.stretches += v.stretches
        self.untold += v.untold
        if story.name == "quiet_weeks":
            self.quiet_days += story.until_s / 86_400
            self.quiet_notices += v.notices

    def add(self, other: Tally) -> None:
        """Take another's sums over."""
        for mine, theirs in ((self.ours, other.ours), (self.theirs, other.theirs)):
            for name, score in theirs.items():
                mine.setdefault(name, Score()).add(score)
        self.longest_s = max(self.longest_s, other.longest_s)
        self.stretches += other.stretches
        self.untold += other.untold
        self.quiet_days += other.quiet_days
        self.quiet_notices += other.quiet_notices


def judged(story: Staged) -> list[Fact]:
    """Return what the running system would have told."""
    return replay([m.fix for m in story.made], story.conditions, until=instant(story))


def run(options: Options) -> dict[str, Any]:
    """Stage, judge and score; return the figures."""
    world = ErrorWorld.load(options.world) if options.world is not None else ErrorWorld()
    ground = ground_from(options.data, options.seed)
    seeds = options.seeds or SEEDS[options.size]
    work = [Work(options.seed, k, "quiet weeks") for k in range(max(2, seeds // SEEDS_A_WEEK))]
    work += [Work(options.seed, k, "staged") for k in range(seeds)]
    work += [Work(options.seed, k, "recorded") for k in range(seeds if files_in(options.data) else 0)]
    tally, done, whole = Tally(), 0.0, float(sum(w.cost for w in work))
    # new processes: a fork of one that has threads may hang
    with get_context("spawn").Pool(cpu_count(), _Here.stand, (world, options.data, options.seed)) as pool:
        for one, part in pool.imap(_lived, work):
            tally.add(part)
            done += one.cost
            options.progress(done, whole, one.kind)
    return _figures(tally, ground, world)


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of the whole: all scenarios of a seed, a quiet week at one of the world's rates, or a recorded track."""

    seed: int
    k: int
    kind: str

    @property
    def cost(self) -> float:
        """Return how long it takes beside others: a week has 10,000 to 40,000 fixes."""
        return {"quiet weeks": 20.0, "staged": 1.0, "recorded": 0.2}[self.kind]


class _Here:
    """The stage of one process, set once."""

    world: ClassVar[ErrorWorld]
    ground: ClassVar[Ground]
    tracks: ClassVar[list[Path]]

    @classmethod
    def stand(cls, world: ErrorWorld, data: Path | None, seed: int) -> None:
        cls.world, cls.ground, cls.tracks = world, ground_from(data, seed), files_in(data)


def _lived(work: Work) -> tuple[Work, Tally]:
    """Stage and judge one piece of the whole, in a process of its own."""
    tally, seed, world, ground = Tally(), str(SEED_STEP * work.seed + work.k), _Here.world, _Here.ground
    if work.kind == "recorded":
        story = recorded(_Here.tracks[work.k % len(_Here.tracks)], world, seed)
        if story is not None:
            tally.take(story)
    elif work.kind == "quiet weeks":
        tally.take(quiet(ground, world, seed, 7.0, world.every_s[-1 - work.k % len(world.every_s)]))
    else:
        for name in SCENARIOS:
            tally.take(staged(name, ground, world, seed))
    return work, tally


def _figures(tally: Tally, ground: Ground, world: ErrorWorld) -> dict[str, Any]:
    apart = ("quiet_weeks", NAME)
    total = _sum([v for k, v in tally.ours.items() if k not in apart])
    rival = _sum([v for k, v in tally.theirs.items() if k not in apart])
    months = tally.quiet_days / MONTH_DAYS
    return {
        "undetected_total": total.breaches - total.alarmed,
        "within_2s": _share(total),
        "cannot_vouch_max_s": round(tally.longest_s, 1),
        "false_per_wearer_month": round(tally.ours["quiet_weeks"].false / months, 3),
        "notices_per_wearer_day": round(tally.quiet_notices / tally.quiet_days, 3),
        "baseline": {
            "rule": "single fix, no error: Traccar's geofence and proximity events",
            "undetected_total": rival.breaches - rival.alarmed,
            "within_2s": _share(rival),
            "false_per_wearer_month": round(tally.theirs["quiet_weeks"].false / months, 3),
        },
        "breaches": total.breaches,
        "stretches_unvouched": tally.stretches,
        "stretches_untold": tally.untold,
        "wearer_months": round(months, 3),
        "scenarios": {
            name: {**_row(score), "baseline": _row(tally.theirs[name])}
            for name, score in tally.ours.items()
            if name != NAME
        },
        "recorded": (
            {**_row(tally.ours[NAME]), "baseline": _row(tally.theirs[NAME]), "missed": tally.ours[NAME].missed}
            if NAME in tally.ours
            else None
        ),
        "shallower": {f"{d:.0f}_m": total.shallow[d] for d in SHALLOW_M},
        "lasting_s": LASTS_S,
        "streets": ground.name,
        "every_s": world.every_s,
        "missed": total.missed[:20],
    }


def _sum(scores: Sequence[Score]) -> Score:
    out = Score()
    for s in scores:
        out.add(s)
    return out


def _share(s: Score) -> float | None:
    return round(sum(d <= 2.0 for d in s.delays) / s.breaches, 5) if s.breaches else None


def _row(s: Score) -> dict[str, Any]:
    return {
        "staged": s.staged,
        "breaches": s.breaches,
        "alarmed": s.alarmed,
        "confirmed": s.confirmed,
        "within_2s": _share(s),
        "p50_s": round(float(np.percentile(s.delays, 50)), 2) if s.delays else None,
        "p99_s": round(float(np.percentile(s.delays, 99)), 2) if s.delays else None,
        "false": s.false,
    }

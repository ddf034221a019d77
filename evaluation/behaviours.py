"""Are the behaviours right, and how often do they speak for nothing?

Real clips go under neutral names and shuffled into a process of its own (`_behaviours_look`), which knows no label and
runs what a worker runs. Labels are read here alone. A hit is an alarm from 2 s before to 10 s after the begin of an
event (of clips whose begin nobody wrote down: anywhere in the clip). Two shares are told: `held_out`, the third of the
files from which no weights were learned (some constants have seen them: docs/design/behaviours.md), and all of them.

What is learned is judged on clips it did not learn from: by six folds over scenes, learned within this measurement from
the files of `--data` (`learned_from`). Weights that may not be passed on are not in this package, so that without
`--data` there is nothing to tell.

False alarms: real normal footage, and apart from it looped backgrounds and simulated nights, which are no footage.

Keys: collapse.f1 violence.accuracy intrusion.f1 loitering.auc loitering.f1 fire.f1 abandoned.f1 false_alarms_per_hour.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from evaluation._behaviours_night import alarms, night
from evaluation._behaviours_tracks import intrusion, lingering_score, trajectories
from numpy.typing import NDArray

from ansimnet.app.measure import Options
from ansimnet.platform.settings import settings
from ansimnet_vision.kernel import crossed, platt
from ansimnet_vision.protocol import Alarm as Said
from ansimnet_vision.protocol import Count, Event, matched, rate, wilson
from ansimnet_vision.registry import State, cards, state_of
from ansimnet_vision.training import fire as fire_training
from ansimnet_vision.training import violence as violence_training
from ansimnet_vision.training.rows import held_out, scene_groups
from ansimnet_vision.types import CameraConfig

ROOT = Path(__file__).parents[1]
EVERY = ("violence", "approach", "collapse", "fire", "loitering", "abandoned", "crowding", "handover", "tampered")
"""Whatever needs no zone is on in every clip; violence and fire only where weights have been learned."""
SMALL = {"fight": 6, "nofight": 6, "fall_ur": 4, "fall_gmdcsa": 4, "fire_images": 100, "other": 1}
"""Clips of each set in the small size."""
ABANDONED = {"aboda_video4.avi": Event("abandoned", 20.0)}
"""Labelled by eye: the bag stands there from 14 s on, its owner goes."""
NIGHT_HOURS = {"small": 0.05, "full": 6.0}
TRAJECTORIES = {"small": 400, "full": 100_000}
LOITERS = 0.35
"""Share of the needed evidence that calls a trajectory loitering: chosen on the two thirds."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One file with its set and what happens in it. `whole`: the begin is unknown, anywhere in the clip is right."""

    file: Path
    of: str
    label: int
    events: tuple[Event, ...] = ()
    whole: bool = False

    @property
    def held(self) -> bool:
        """Return whether nobody trained or tuned on it."""
        return held_out(self.file.name)


Looked = list[tuple[Truth, dict[str, Any]]]


def run(options: Options) -> dict[str, Any]:
    """Look and return the figures."""
    if options.data is None or not options.data.is_dir():
        return {"skipped": "no data: name the folder with --data"}
    models = _models(options.data)
    known = _known(options.data, options.size, Random(options.seed))
    looked = _look(known, models, options)
    quiet = _quiet(options)
    return {
        "collapse": _collapse(looked) if models else _none("people are not found without the weights of `nanodet`"),
        "violence": _violence(looked) if models else _none("people are not found without the weights of `nanodet`"),
        "intrusion": intrusion(options.data, options.size, options.seed),
        "loitering": _loitering(options.data, options.size),
        "fire": _fire(looked),
        "abandoned": _abandoned(looked),
        **_false_alarms(looked),
        "simulated": quiet,
        "clips": len(looked),
        "unreadable": [t.file.name for t, said in looked if "unreadable" in said],
        "weights": "nanodet, movenet-lightning" if models else "none",
        "window_s": [-2, 10],
    }


def _none(why: str) -> dict[str, Any]:
    return {"f1": None, "accuracy": None, "n": 0, "interval": None, "reason": why}


def _models(data: Path) -> Path | None:
    places = [settings().models_dir, data.resolve().parent / "models"]
    card = cards()["nanodet"]
    return next((p for p in places if p is not None and state_of(card, p) is State.READY), None)


# --- what there is


def _known(data: Path, size: str, rng: Random) -> list[Truth]:
    video = data / "video"
    sets: dict[str, list[Truth]] = {
        "fight": [Truth(f, "fight", 1) for f in sorted((video / "fight").glob("*.mp4"))],
        "nofight": [Truth(f, "nofight", 0) for f in sorted((video / "nofight").glob("*.mp4"))],
        "fall_ur": [
            Truth(f, "fall_ur", 1, (Event("collapse", 0),), whole=True)
            for f in sorted((video / "fall_ur").glob("*.mp4"))
        ],
        "fall_gmdcsa": [_timed(f) for f in sorted((video / "fall_gmdcsa").glob("*.mp4"))],
        "fire_images": [Truth(f, "fire_images", label) for f, label in fire_training.stills(data)],
        "other": [
            Truth(f, "other", 0, tuple(e for e in (ABANDONED.get(f.name),) if e))
            for folder in ("abandoned", "pedestrian", "vehicle")
            for f in sorted((video / folder).glob("*.*"))
            if f.suffix in (".avi", ".mp4") and not f.name.startswith("mmtracking")
        ]
        + [Truth(f, "other", 1, (Event("fire", 0),), whole=True) for f in sorted((video / "fire").glob("*.mp4"))],
    }
    if size == "small":
        sets = {name: rng.sample(found, min(len(found), SMALL[name])) for name, found in sets.items()}
    return [truth for found in sets.values() for truth in found]


def _timed(file: Path) -> Truth:
    """Return a clip of GMDCSA24 with the second at which the fall begins, from the table beside it."""
    table, _, number = file.stem.rpartition("_")
    events: tuple[Event, ...] = ()
    place = file.with_name(f"{table}.csv")
    text = place.read_text(encoding="utf-8") if place.is_file() else ""
    lines = csv.reader(text.splitlines())
    for line in lines:
        if line and line[0].strip() == f"{number}.mp4":
            spans = re.findall(r"Fall\w*\s*\(\w+\)\s*\[\s*([\d.]+)\s*to\s*([\d.]+)", line[-1])
            events = tuple(Event("collapse", float(a), float(b)) for a, b in spans)
    falls = "Fall" in table
    return Truth(
        file, "fall_gmdcsa", int(falls), events or ((Event("collapse", 0),) if falls else ()), falls and not events
    )


# --- the process that looks


def _look(known: Sequence[Truth], models: Path | None, options: Options) -> Looked:
    """Give every file a neutral name, let two processes look, and return what they said."""
    order = list(known)
    Random(options.seed + 1).shuffle(order)
    with tempfile.TemporaryDirectory(prefix="ansimnet-look-") as name:
        rooms = [Path(name) / str(k) for k in range(2)]
        for room in rooms:
            (room / "clips").mkdir(parents=True)
        plans: list[dict[str, Any]] = [{}, {}]
        named: dict[str, Truth] = {}
        for n, truth in enumerate(order):
            alias = f"c{n:04d}{truth.file.suffix}"
            shutil.copyfile(truth.file, rooms[n % 2] / "clips" / alias)
            asked = [b for b in EVERY if b not in ("violence", "fire") or _learned(models, b)]
            plans[n % 2][alias], named[alias] = {"behaviours": asked}, truth
        for room, plan in zip(rooms, plans, strict=True):
            (room / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        argv = [sys.executable, "-m", "evaluation._behaviours_look"]
        said = [
            subprocess.Popen([*argv, str(r), *([str(models)] if models else [])], cwd=ROOT, stdout=subprocess.PIPE)
            for r in rooms
        ]
        out: Looked = []
        try:
            for process in said:
                assert process.stdout is not None
                for line in process.stdout:
                    told = json.loads(line)
                    out.append((named[told.pop("name")], told))
                    options.progress(len(out), len(order), "looking")
                if process.wait() != 0:
                    raise RuntimeError("a process that looks broke")
        finally:
            for process in said:
                process.kill()
                process.wait()
    return sorted(out, key=lambda pair: (pair[0].of, pair[0].file.name))


def _learned(models: Path | None, behaviour: str) -> bool:
    return models is not None and (models / f"{behaviour}.npz").is_file()


# --- the scorer


def _shares(count: Callable[[Looked], dict[str, Any]], looked: Looked) -> dict[str, Any]:
    """Return the figures of all, and of the third from which no weights were learned."""
    return {**count(looked), "held_out": count([pair for pair in looked if pair[0].held])}


def _events(category: str) -> Callable[[Looked], dict[str, Any]]:
    def count(looked: Looked) -> dict[str, Any]:
        total = Count()
        for truth, said in looked:
            spoken = [Said(s["behaviour"], s["at_s"]) for s in said.get("said", ())]
            if truth.whole and any(e.category == category for e in truth.events):
                any_ = any(s.category == category for s in spoken)
                total.add(Count(int(any_), int(not any_)))
            else:
                total.add(matched(truth.events, spoken, category))
        figures = total.figures()
        figures["normal_clips"] = sum(not t.events for t, _ in looked)
        return figures

    return count


def _collapse(looked: Looked) -> dict[str, Any]:
    # In a fight people do fall: those clips say neither that it was right nor that it was wrong.
    return _shares(_events("collapse"), [(t, s) for t, s in looked if t.of not in ("fight", "fire_images")])


def _abandoned(looked: Looked) -> dict[str, Any]:
    clips = [(t, s) for t, s in looked if t.of in ("other", "nofight")]
    if not any(e.category == "abandoned" for t, _ in clips for e in t.events):
        return _none("no clip with a thing left behind")
    return _events("abandoned")(clips)


def _violence(looked: Looked) -> dict[str, Any]:
    clips = [(t, s) for t, s in looked if t.of in ("fight", "nofight") and s.get("rows")]
    truth = np.array([t.label for t, _ in clips])
    if len(clips) < 12 or truth.min() == truth.max():
        return _none("fewer than twelve clips of both kinds: nothing can be learned and judged apart")
    counts = [len(s["rows"]) for _, s in clips]
    groups = scene_groups([np.array(s["thumb"], np.float64) for _, s in clips])
    rows = np.array([row for _, s in clips for row in s["rows"]], np.float64)
    margins = crossed(
        rows, np.repeat(truth, counts), np.repeat(groups, counts), violence_training.GAMMA, violence_training.RIDGE
    )
    ends = np.cumsum(counts)
    clip = np.array([margins[end - n : end].mean() for end, n in zip(ends, counts, strict=True)])
    held = np.array([t.held for t, _ in clips])
    figures = _decided(clip, truth, np.ones(len(clips), bool))
    figures["held_out"] = _decided(clip, truth, held)
    figures["learned_from"] = "six folds over scenes of these clips"
    figures["scenes"] = len(set(groups.tolist()))
    figures["installed"] = _installed(clips)
    return figures


def _installed(clips: Looked) -> dict[str, Any] | None:
    """Return how what is installed (weights, else the plain rule) decides on the held-back third."""
    here = [(t, s) for t, s in clips if t.held and s["violence"]]
    if not here:
        return None
    ratios = np.array([float(np.mean(s["violence"])) for _, s in here])
    return _decided(ratios, np.array([t.label for t, _ in here]), np.ones(len(here), bool))


def _decided(scores: NDArray[np.float64], truth: NDArray[np.int64], which: NDArray[np.bool_]) -> dict[str, Any]:
    """Return how often a score above nothing is right, F1, and the Brier score of the fitted probability."""
    said, real = scores[which] > 0, truth[which] == 1
    right, n = int((said == real).sum()), int(which.sum())
    if n == 0:
        return {"accuracy": None, "n": 0, "interval": None}
    slope, shift = platt(scores, truth)
    probability = 1 / (1 + np.exp(-(slope * scores[which] + shift)))
    both = int(said.sum() + real.sum())
    return {
        "accuracy": round(right / n, 4),
        "f1": round(2 * int((said & real).sum()) / both, 4) if both else None,
        "n": n,
        "interval": wilson(right, n),
        "auc": auc(scores[which], real),
        "brier": round(float(((probability - real) ** 2).mean()), 4),
    }


def _fire(looked: Looked) -> dict[str, Any]:
    stills = [(t, s) for t, s in looked if t.of == "fire_images" and "row" in s]
    truth = np.array([t.label for t, _ in stills])
    if len(stills) < 12 or truth.min() == truth.max():
        return _none("fewer than twelve stills of both kinds: nothing can be learned and judged apart")
    rows = np.array([s["row"] for _, s in stills], np.float64)
    margins = crossed(rows, truth, np.arange(len(stills)), fire_training.GAMMA, fire_training.RIDGE)
    held = np.array([t.held for t, _ in stills])
    figures = _decided(margins, truth, np.ones(len(stills), bool))
    figures["held_out"] = _decided(margins, truth, held)
    figures["learned_from"] = "six folds over these stills"
    street = [(t, s) for t, s in looked if t.of in ("nofight", "other", "fall_gmdcsa") and t.label == 0]
    figures["alarms_on_street_clips"] = sum(s_["behaviour"] == "fire" for _, s in street for s_ in s.get("said", ()))
    return figures


def _loitering(data: Path, size: str) -> dict[str, Any]:
    place = data / "tracking" / "loitering_ltd"
    file = next((f for f in sorted(place.glob("*labels.csv"))), None)
    points = trajectories(data)
    if file is None or not points:
        return {**_none("no labelled trajectories"), "auc": None}
    with file.open(encoding="utf-8") as told:
        labels = {line["id"]: int(line["loitering"]) for line in csv.DictReader(told)}
    names = sorted(name for name in labels if name in points)[: TRAJECTORIES[size]]
    config = CameraConfig("harbour", 384, 288, behaviours=frozenset({"loitering"}))
    scores = np.array([lingering_score(points[name], config) for name in names])
    truth = np.array([labels[name] for name in names])
    held = np.array([held_out(name) for name in names])
    every = np.ones(len(names), bool)
    out = _decided(scores - LOITERS, truth, every)
    out["held_out"] = _decided(scores - LOITERS, truth, held)
    out["loitering"] = int(truth.sum())
    return out


def auc(scores: NDArray[np.float64], real: NDArray[np.bool_]) -> float | None:
    """Return how often one of the event has a higher score than one of none; ties count half.

    >>> auc(np.array([0.1, 0.2, 0.3]), np.array([False, False, True]))
    1.0
    """
    hits, rest = int(real.sum()), int((~real).sum())
    if not hits or not rest:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return round(float((ranks[real].sum() - hits * (hits + 1) / 2) / (hits * rest)), 4)


def _false_alarms(looked: Looked) -> dict[str, Any]:
    """Return what was said on real footage in which nothing of it happens."""
    count, seconds, kinds = 0, 0.0, dict[str, int]()
    for truth, said in looked:
        if truth.label == 0 and truth.of != "fire_images" and "said" in said:
            real = {e.category for e in truth.events}
            wrong = [s["behaviour"] for s in said["said"] if s["behaviour"] not in real]
            count, seconds = count + len(wrong), seconds + said["seconds"]
            for kind in wrong:
                kinds[kind] = kinds.get(kind, 0) + 1
    figures = rate(count, seconds / 3600)
    return {"false_alarms_per_hour": figures["per_hour"], "false_alarms": {**figures, "by_behaviour": kinds}}


def _quiet(options: Options) -> dict[str, Any]:
    hours = NIGHT_HOURS[options.size]
    asked = frozenset(EVERY) - {"violence"}
    heard = alarms(night(hours * 3600, options.seed), CameraConfig("night", 192, 108, behaviours=asked))
    return {**rate(sum(heard.values()), hours), "by_behaviour": heard, "what": "a simulated night, no footage"}

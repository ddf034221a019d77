"""Are the behaviours right, and how often do they speak for nothing?

Real clips go under neutral names and shuffled into processes of their own (`_behaviours_look`), which know no label and
run what a worker runs. Labels are read here alone. A hit is an alarm from 2 s before to 10 s after the begin of an
event (of clips whose begin nobody wrote down: anywhere in the clip). Two shares are told: `held_out`, the third of the
files from which no weights were learned (some constants have seen them: docs/design/behaviours.md), and all of them.

What is learned is judged on clips it did not learn from: by six folds over scenes, learned within this measurement from
the files of `--data` (`learned_from`). Weights that may not be passed on are not in this package, so that without
`--data` there is nothing to tell. On clips fire is watched for with weights learned here from the stills that are not
held back.

False alarms: real normal footage, and apart from it simulated nights and looped places, which are no footage.

Keys: collapse.f1 violence.accuracy intrusion.f1 loitering.auc loitering.f1 fire.f1 abandoned.f1 false_alarms_per_hour.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from evaluation._behaviours_ask import installed, told
from evaluation._behaviours_known import Looked, Truth, known
from evaluation._behaviours_score import decided, none
from evaluation._behaviours_tracks import intrusion, loitering

from ansimnet.app.measure import Options
from ansimnet_vision.behaviours.fire import FILE as FIRE
from ansimnet_vision.protocol import Alarm as Said
from ansimnet_vision.protocol import Count, matched, rate
from ansimnet_vision.training import fire as fire_training
from ansimnet_vision.training import violence as violence_training
from ansimnet_vision.training.rows import scene_groups

EVERY = ("violence", "approach", "collapse", "fire", "loitering", "abandoned", "crowding", "handover", "tampered")
"""Whatever needs no zone is on in every clip; violence and fire only where weights have been learned."""
NIGHTS = {"small": (1, 0.25), "full": (6, 1.0)}
"""How many simulated nights, and hours of each."""
LOOP_HOURS = {"small": 0.02, "full": 0.25}
"""Of each normal clip of a street."""
UNTIL_S = {"small": 30.0, "full": None}
"""No more of a clip is looked at."""


def run(options: Options) -> dict[str, Any]:
    """Look and return the figures."""
    if options.data is None or not options.data.is_dir():
        return {"skipped": "no data: name the folder with --data"}
    models = installed(options.data)
    with _taught(options.data, models, options.seed) as folder:
        looked, nights = _look(known(options.data, options.size, options.seed), folder, options)
    unseen = none("people are not found without the weights of `nanodet`")
    return {
        "collapse": _collapse(looked) if models else unseen,
        "violence": _violence(looked) if models else unseen,
        "intrusion": intrusion(options.data, options.size, options.seed),
        "loitering": loitering(options.data, options.size, options.seed),
        "fire": _fire(looked),
        "abandoned": _abandoned(looked),
        **_false_alarms(looked),
        "simulated_nights": _summed(nights, "simulated nights, no footage"),
        "looped_places": _summed(
            [said["looped"] for _, said in looked if "looped" in said],
            "the real clips above over and over, under drawn weather: no more kinds of scenes than above",
        ),
        "clips": len(looked),
        "unreadable": [t.file.name for t, said in looked if "unreadable" in said],
        "weights": "nanodet, movenet-lightning" if models else "none",
        "window_s": [-2, 10],
    }


# --- the processes that look


@contextmanager
def _taught(data: Path, models: Path | None, seed: int) -> Iterator[Path | None]:
    """Give the weights, with those of fire as the stills that are not held back teach them here."""
    if models is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="ansimnet-models-") as name:
        folder = Path(name)
        for file in models.iterdir():
            if file.is_file() and file.name != FIRE:
                (folder / file.name).symlink_to(file.resolve())
        with suppress(ValueError):  # no stills, or no features: then nobody watches for fire
            fire_training.teach(data, folder, folder, seed)
        yield folder


def _look(clips: list[Truth], models: Path | None, options: Options) -> tuple[Looked, list[dict[str, Any]]]:
    """Give every file a neutral name, let two processes look, and return what they said, of nights apart."""
    Random(options.seed + 1).shuffle(clips)
    asked = [b for b in EVERY if b not in ("violence", "fire") or _learned(models, b)]
    camera = {"behaviours": asked}
    many, hours = NIGHTS[options.size]
    jobs: list[dict[str, Any]] = [
        {"name": f"n{k}", "camera": camera, "night_s": hours * 3600, "seed": options.seed + k} for k in range(many)
    ]
    named: dict[str, Truth] = {}
    with tempfile.TemporaryDirectory(prefix="ansimnet-look-") as name:
        folder = Path(name)
        for n, truth in enumerate(sorted(clips, key=lambda t: -t.file.stat().st_size)):  # the long ones first
            alias = f"c{n:04d}{truth.file.suffix}"
            shutil.copyfile(truth.file, folder / alias)
            named[alias] = truth
            job = {"name": alias, "camera": camera, "seed": options.seed, "rows": truth.of in ("fight", "nofight")}
            loop_s = LOOP_HOURS[options.size] * 3600 * truth.street
            jobs.append({**job, "loop_s": loop_s, "until_s": UNTIL_S[options.size]})
        looked, nights = Looked(), list[dict[str, Any]]()
        for answer in told(jobs, folder, models):
            truth_of = named.get(answer.pop("name"))
            if truth_of is None:
                nights.append(answer)
            else:
                looked.append((truth_of, answer))
            options.progress(len(looked) + len(nights), len(jobs), "looking")
    return sorted(looked, key=lambda pair: (pair[0].of, pair[0].file.name)), nights


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
        return none("no clip with a thing left behind")
    return _events("abandoned")(clips)


def _violence(looked: Looked) -> dict[str, Any]:
    clips = [(t, s) for t, s in looked if t.of in ("fight", "nofight") and s.get("rows")]
    truth = np.array([t.label for t, _ in clips])
    if len(clips) < 12 or truth.min() == truth.max():
        return none("fewer than twelve clips of both kinds: nothing can be learned and judged apart")
    groups = scene_groups([np.array(s["thumb"], np.float64) for _, s in clips])
    rows = [[np.array(row, np.float32) for row in s["rows"]] for _, s in clips]
    clip = violence_training.outside(rows, truth.tolist(), groups)
    held = np.array([t.held for t, _ in clips])
    figures = decided(clip, truth, np.ones(len(clips), bool))
    figures["held_out"] = decided(clip, truth, held)
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
    return decided(ratios, np.array([t.label for t, _ in here]), np.ones(len(here), bool))


def _fire(looked: Looked) -> dict[str, Any]:
    stills = [(t, s) for t, s in looked if t.of == "fire_images" and s.get("looks")]
    truth = np.array([t.label for t, _ in stills])
    if len(stills) < 12 or truth.min() == truth.max():
        return none("fewer than twelve stills of both kinds: nothing can be learned and judged apart")
    rows = [[np.array(row, np.float32) for row in s["looks"]] for _, s in stills]
    margins = fire_training.outside(rows, truth.tolist())
    held = np.array([t.held for t, _ in stills])
    figures = decided(margins, truth, np.ones(len(stills), bool))
    figures["held_out"] = decided(margins, truth, held)
    figures["learned_from"] = "six folds over these stills"
    figures["clips"] = _events("fire")([(t, s) for t, s in looked if t.of not in ("fire_images", "fight")])
    street = [s for t, s in looked if t.of in ("nofight", "other", "fall_gmdcsa") and t.label == 0 and "said" in s]
    alarms = sum(said["behaviour"] == "fire" for s in street for said in s["said"])
    figures["alarms_on_street_clips"] = rate(alarms, sum(s["seconds"] for s in street) / 3600)
    return figures


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


def _summed(told: Iterable[dict[str, Any]], what: str) -> dict[str, Any]:
    """Return the false alarms an hour of made hours, and of which behaviours."""
    kinds, seconds = dict[str, int](), 0.0
    for one in told:
        seconds += one["seconds"]
        for kind, many in one["alarms"].items():
            kinds[kind] = kinds.get(kind, 0) + many
    return {**rate(sum(kinds.values()), seconds / 3600), "by_behaviour": kinds, "what": what}

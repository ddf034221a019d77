"""Does the microphone's classifier hear a scream in a street, and how often does it alarm for nothing?

Two sets of weights are measured: the committed ones, which no recorded scream taught (made sounds and ESC-10 alone),
and those taught by the recordings of `--data` that are not held back (`sound.npz` of the folder of models; where there
is none, the full size teaches them first). Every scream is planted into real backgrounds at stated signal-to-noise
ratios; beside each stream with a scream stands one without. `held_out`: recordings that taught nothing, neither whole
nor as another cut (for the committed weights: every scream); `all`: those and the ones that taught. `by_source`:
screams that taught, each judged by a network that heard none of its source.

Top level: the weights taught here, on what taught them nothing. A voice that calls for help is *not measured*: no
recording of the word was at hand.

Keys: scream.f1 scream.interval false_alarms_per_hour false_alarms_upper_95 hours realtime_factor weights planted found.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from evaluation._heads import wilson
from evaluation._sounds import (
    Outcome,
    Stream,
    Window,
    background,
    empty,
    events,
    f1,
    f1_interval,
    false_alarms,
    hear,
    judged,
    outcomes,
    planted,
    rate,
    windows,
)
from numpy.typing import NDArray

from ansimnet.app.measure import Options
from ansimnet.platform.settings import settings
from ansimnet_vision.sound.features import RATE
from ansimnet_vision.sound.network import LOCAL, SOUNDS, Network, load
from ansimnet_vision.training.sound import inner_fold, teachers, train
from ansimnet_vision.training.sound_data import Clip, clips, recording_of
from ansimnet_vision.training.sound_synthesis import MADE

SNRS_DB = (0, 5, 10, 20)
AIM_DB = 5
IN_BACKGROUNDS = {"small": 1, "full": 2}
"""How many backgrounds each recording is planted into."""
MADE_GLASS = 40
"""Panes made for the test with a seed of their own: no recording of breaking glass was at hand."""
LOOPED_HOURS = {"small": 0.05, "full": 0.5}
"""Of held-back backgrounds mixed in pairs at other levels: more hours, not more recordings."""
SURERS = (0.67, 1, 1.33, 2, 2.67)
"""Of the evidence that an alarm asks for by itself."""
SPEED_S = 120


def run(options: Options) -> dict[str, Any]:
    """Listen and return the figures."""
    known = list(clips(options.data)) if options.data is not None and options.data.is_dir() else []
    if not known:
        return {"skipped": "no recordings: name their folder with --data"}
    committed, local, taught = load(), *_local(options, known)
    best = local if local is not None else committed
    figures = {"committed": _figures(committed, known, options)}
    if local is not None:
        figures["local"] = _figures(local, known, options)
    top = figures["local" if local is not None else "committed"]
    held = top["held_out"]
    return {
        "scream": {"f1": held["scream"].get(f"{AIM_DB}_db", {}).get("f1"), **held["scream"].get(f"{AIM_DB}_db", {})},
        "false_alarms_per_hour": held["false_alarms"]["per_hour"],
        "false_alarms_upper_95": held["false_alarms"]["upper_95"],
        "hours": held["false_alarms"]["hours"],
        "realtime_factor": _realtime(best, known, options.seed),
        "weights": best.name or "taught in this run",
        "local_weights": taught,
        **figures,
        "by_source": _by_source(best, known, options),
        "help_call": "not measured: switched off",
        **_seen(best, known, options.seed),
    }


def _local(options: Options, known: Sequence[Clip]) -> tuple[Network | None, str]:
    """Return weights taught by recordings of a scream, and where they come from."""
    assert options.data is not None
    places = [settings().models_dir, options.data.resolve().parent / "models"]
    file = next((p / LOCAL for p in places if p is not None and (p / LOCAL).is_file()), None)
    if file is not None:
        return load(file), str(file.name)
    if options.size == "small":
        return None, "none here: `python -m ansimnet_vision.training.sound` teaches them; the full size does so itself"
    teaching = teachers(options.data, free=False)
    if not any(clip.label == "scream" for clip in teaching):
        return None, "none: no recorded scream may teach"
    return train(teaching, options.seed, options.progress), f"taught in this run by {len(teaching)} recordings"


def _figures(network: Network, known: Sequence[Clip], options: Options) -> dict[str, Any]:
    taught = network.card.get("recordings", {})
    cut_from = {recording_of(name) for name in taught}
    untaught = [c for c in known if c.sha256 not in taught.values() and c.recording not in cut_from]
    backgrounds = [clip for clip in untaught if clip.label == "background"]
    return {
        "looped": _looped(network, backgrounds, options) if backgrounds else {},
        "trade": _trade(network, untaught, backgrounds, options) if backgrounds else [],
        "held_out": _on(network, untaught, options, SNRS_DB if options.size == "full" else (AIM_DB,)),
        "all": _on(network, known, options, (AIM_DB,)),
        "taught_by": len(taught),
        "starts_at": network.starts_at,
    }


def _on(network: Network, some: Sequence[Clip], options: Options, snrs_db: Sequence[int]) -> dict[str, Any]:
    rng = np.random.default_rng(options.seed)
    behind = [clip for clip in some if clip.label == "background"]
    if not behind:
        return {}
    out: dict[str, Any] = {}
    for n, sound in enumerate(SOUNDS):
        options.progress(n, len(SOUNDS) + 1, f"planting: {sound}")
        fronts: list[tuple[str, NDArray[Any]]] = [(c.recording, c.sound) for c in some if c.label == sound]
        if sound == "glass":
            fronts = [(f"made {i}", MADE["glass"](rng, 2 * RATE)) for i in range(MADE_GLASS)]
        snrs = snrs_db if sound == "scream" else (AIM_DB,)
        out[sound] = {f"{db}_db": _planted(network, sound, fronts, behind, db, options) for db in snrs if fronts}
        out[sound]["recordings"] = 0 if sound == "glass" else len({name for name, _ in fronts})
    out["glass"]["made"] = MADE_GLASS
    out["false_alarms"] = false_alarms(network, behind, lambda: options.progress(4, 5, "listening for nothing"))
    return out


def _planted(
    network: Network, sound: str, fronts: Sequence[tuple[str, Any]], behind: Sequence[Clip], snr_db: int,
    options: Options,
) -> dict[str, Any]:  # fmt: skip
    rng = np.random.default_rng([options.seed, snr_db, SOUNDS.index(sound)])
    streams: list[Stream] = []
    for name, front in fronts:
        for _ in range(IN_BACKGROUNDS[options.size]):
            one = planted(rng, sound, name, front, behind, snr_db)
            streams += [one, empty(rng, behind, len(one.samples) / RATE)]
    return scores(judged(network, streams, sound), sound, rng)


def scores(outcomes: Sequence[Outcome], sound: str, rng: np.random.Generator) -> dict[str, Any]:
    """Return F1, recall and false alarms of one sound with their intervals."""
    have = [o for o in outcomes if o.stream.sound == sound]
    hits, wrong = sum(o.hit for o in have), sum(o.wrong for o in outcomes)
    delays = [o.delay_s for o in have if o.delay_s is not None]
    return {
        "f1": f1(outcomes, sound),
        "interval": f1_interval(outcomes, sound, rng),
        "n": len(have),
        "recall": hits / max(1, len(have)),
        "recall_interval": wilson(hits, len(have)),
        "wrong": wrong,
        "without": len(outcomes) - len(have),
        "delay_s": float(np.median(delays)) if delays else None,
    }


def _looped(network: Network, behind: Sequence[Clip], options: Options) -> dict[str, Any]:
    """Return false alarms on held-back backgrounds in pairs, each turned down by up to 20 dB; looped, and called so."""
    rng = np.random.default_rng([options.seed, 99])
    seconds, heard = LOOPED_HOURS[options.size] * 3600, 0
    pieces = max(1, round(seconds / 60))
    for _ in range(pieces):
        both = sum(background(rng, behind, 60 * RATE) * 10 ** rng.uniform(-1, 0) for _ in range(2))
        heard += len(hear(network, np.clip(both, -1, 1).astype(np.float32)))
    return {**rate(heard, pieces / 60), "note": "the same recordings over and over: no more kinds of sound than above"}


def _trade(
    network: Network, untaught: Sequence[Clip], behind: Sequence[Clip], options: Options
) -> list[dict[str, Any]]:
    """Return what fewer false alarms cost: the scream's F1 and alarms an hour where alarms ask for more evidence."""
    rng = np.random.default_rng([options.seed, AIM_DB, 0])
    streams: list[tuple[Stream, list[Window]]] = []
    for clip in (c for c in untaught if c.label == "scream"):
        one = planted(rng, "scream", clip.recording, clip.sound, behind, AIM_DB)
        both = (one, empty(rng, behind, len(one.samples) / RATE))
        streams += [(stream, windows(network, stream.samples)) for stream in both]
    parts = {clip.part for clip in behind}
    street = [windows(network, np.concatenate([c.sound for c in behind if c.part == p])) for p in sorted(parts)]
    hours = sum(clip.seconds for clip in behind) / 3600
    out = []
    for surer in SURERS:
        told = outcomes(((stream, events(network, said, surer)) for stream, said in streams), "scream")
        alarms = [event.sound for said in street for event in events(network, said, surer)]
        figures = {k: v for k, v in scores(told, "scream", rng).items() if k in ("f1", "interval", "n", "recall")}
        of_scream = rate(alarms.count("scream"), hours)
        out.append(
            {"surer": surer, "scream": figures, "false_alarms": rate(len(alarms), hours), "of_scream": of_scream}
        )
    return out


def _by_source(network: Network, known: Sequence[Clip], options: Options) -> dict[str, Any]:
    """Return the scream's F1 where each taught scream is judged by a network that heard none of its source."""
    taught = set(network.card.get("recordings", {}).values())
    rng = np.random.default_rng([options.seed, 7])
    outcomes: list[Outcome] = []
    sources: dict[str, list[str]] = {}
    for fold, judge in enumerate(network.inner):
        mine = [clip for clip in known if clip.sha256 in taught and inner_fold(clip) == fold]
        behind = [clip for clip in mine if clip.label == "background"]
        screams = [clip for clip in mine if clip.label == "scream"]
        sources[str(fold)] = sorted({clip.source for clip in screams})
        for clip in screams if behind else []:
            one = planted(rng, "scream", clip.recording, clip.sound, behind, AIM_DB)
            outcomes += judged(judge, [one, empty(rng, behind, len(one.samples) / RATE)], "scream")
    return {**scores(outcomes, "scream", rng), "snr_db": AIM_DB, "sources": sources} if outcomes else {}


def _realtime(network: Network, known: Sequence[Clip], seed: int) -> float:
    """Return seconds of sound heard per second of one core, features and network and evidence, in pieces of 2 s."""
    samples = np.resize(np.concatenate([clip.sound for clip in known[:20]]), SPEED_S * RATE)
    hear(network, samples[: 10 * RATE])
    began = time.process_time()
    hear(network, samples)
    return SPEED_S / (time.process_time() - began)


def _seen(network: Network, known: Sequence[Clip], seed: int) -> dict[str, int]:
    """Plant screams clear of any noise where false alarms are counted: a zero must be able to see."""
    rng = np.random.default_rng([seed, 5])
    behind = [clip for clip in known if clip.part in ("Rain", "Sea_waves", "Helicopter")]
    screams = [clip for clip in known if clip.label == "scream"][:20]
    streams = [planted(rng, "scream", c.recording, c.sound, behind, 20) for c in screams if behind]
    return {"planted": len(streams), "found": sum(o.hit for o in judged(network, streams, "scream"))}

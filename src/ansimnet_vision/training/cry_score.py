"""Scores the cry for help on what did not teach it. Synthetic voices: a figure of people it is not.

    python -m ansimnet_vision.training.cry_score --data FOLDER [--weights FILE] [--many N] [--seed N]

Voices, backgrounds, near words, accents and sentences are of the part `score`; each stream goes through the same
`Spotting` as a microphone's sound. Recordings of people who say something else, and of a street, are heard besides:
they can tell of false cries alone, and nothing is chosen by them. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ansimnet_vision.sound.cry import Spotter, Spotting, found
from ansimnet_vision.sound.features import RATE
from ansimnet_vision.training.cry import School, lesson, school
from ansimnet_vision.training.cry_speech import NEAR, UNTAUGHT_ACCENTS, UNTAUGHT_NEAR, NoSpeakerError, Speaker
from ansimnet_vision.training.sound_data import FREE, Clip, clips

LEVELS_DB = (0.0, 5.0, 10.0, 20.0)
"""Of the word over what is behind it (rms where it is loud)."""
NEAR_DB = 10.0


def scored(spotter: Spotter, speaker: Speaker, known: Sequence[Clip], many: int, seed: int) -> dict[str, Any]:
    """Return found and streams per level, false cries per kind, and those on recordings per hour."""
    own = [c for c in known if c.name.startswith(FREE)]
    unseen = replace(school(speaker, own, "score"), share=0.0, near_words=UNTAUGHT_NEAR)
    kinds: list[tuple[str, School, str, float]] = [
        *((f"word, {db:g} dB", unseen, "word", db) for db in LEVELS_DB),
        *(
            (f"word, accent of {a}, {NEAR_DB:g} dB", replace(unseen, share=1.0, accents=(a,)), "word", NEAR_DB)
            for a in UNTAUGHT_ACCENTS
        ),
        ("near words that taught", replace(unseen, near_words=NEAR), "near", NEAR_DB),
        ("near words that taught nothing", unseen, "near", NEAR_DB),
        ("sentences", unseen, "talk", NEAR_DB),
        ("screams and street sounds", unseen, "sound", NEAR_DB),
    ]
    out: dict[str, Any] = {"weights": spotter.name, "measured": "not measured on people: synthetic speech only",
                           "seed": seed, "starts_at": spotter.starts_at, "streams": {}, "taken_for_it": {}}  # fmt: skip
    for k, (name, of, kind, db) in enumerate(kinds):
        told = 0
        for n in range(many):
            sound, one = lesson(np.random.default_rng([seed, 9, k, n]), of, kind, db)
            if Spotting(spotter).push(sound.astype(np.float32)):
                told += 1
                if kind == "near":
                    out["taken_for_it"][one.said] = out["taken_for_it"].get(one.said, 0) + 1
        out["streams"][name] = {"told": told, "of": many}
    out["recordings"] = recorded(spotter, known)
    return out


def recorded(spotter: Spotter, known: Sequence[Clip]) -> dict[str, dict[str, float]]:
    """Return false cries on recordings that taught nothing, per kind of them: nobody calls for help in any."""
    out: dict[str, dict[str, float]] = {}
    for clip in known:
        if clip.name.startswith(FREE) and not clip.held_out:
            continue
        kind = FREE if clip.name.startswith(FREE) else clip.part
        row = out.setdefault(kind, {"clips": 0, "hours": 0.0, "told": 0})
        row["clips"] += 1
        row["hours"] = round(row["hours"] + len(clip.sound) / RATE / 3600, 4)
        row["told"] += len(Spotting(spotter).push(clip.sound))
    return out


def main() -> None:
    """Score and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--data", type=Path, required=True, help="folder of recordings")
    options.add_argument("--weights", type=Path, help="file of the weights; without it, the committed ones")
    options.add_argument("--many", type=int, default=150, help="streams of each kind")
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    spotter = found(chosen.weights)
    if spotter is None:
        raise SystemExit(f"no weights at {chosen.weights}: `python -m ansimnet_vision.training.cry` makes them")
    try:
        speaker = Speaker()
    except NoSpeakerError as error:
        raise SystemExit(str(error)) from None
    print(json.dumps(scored(spotter, speaker, list(clips(chosen.data)), chosen.many, chosen.seed), ensure_ascii=False))


if __name__ == "__main__":
    main()

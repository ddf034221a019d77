"""The classifier of sounds: a few small networks that vote, in plain numpy. `training.sound` teaches them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from ansimnet_vision.sound.features import F32

SOUNDS = ("scream", "glass", "bang", "siren")
"""What is told apart: scream, breaking glass, gunshot or bang, siren. Everything else is background."""
CLASSES = ("background", *SOUNDS)
COMMITTED = "made_and_esc10.npz"
"""Weights that come with the project: made sounds and ESC-10 (CC BY) taught them, no recorded scream did."""
LIMITS = "Not measured on Korean streets, in rain, in crowds; glass on made sounds alone; eval sound says on what."
QUALITY: tuple[dict[str, Any], ...] = (
    {"of": "screams 5 dB above real backgrounds; no recorded scream taught", "f1": 0.52, "n": 142,
     "interval": [0.42, 0.62], "by": "eval sound", "on": "2026-11-22"},
    {"of": "false alarms of any sound on 0.27 h of odd sounds in a row", "per_hour": 26, "upper_95": 49,
     "by": "eval sound", "on": "2026-11-22"},
)  # fmt: skip
"""Of the committed weights. A city's own are measured where they are (`ansimnet eval sound`)."""
LOCAL = "sound.npz"
"""Name of weights trained on a city's own recordings, in the folder of models."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """`layers`: per voter, matrix and offset of each layer; `card`: what it was taught and how it scored."""

    name: str
    centre: F32
    scale: F32
    voters: tuple[tuple[tuple[F32, F32], ...], ...]
    starts_at: dict[str, float]
    """Evidence (natural logarithm) from which an alarm is raised, per sound."""
    card: dict[str, Any]
    inner: tuple[Network, ...] = ()
    """One per third of the sources that taught: it heard none of that third. For measuring alone."""

    def evidence(self, numbers: F32) -> F32:
        """Return (N, len(SOUNDS)) logarithms of the odds of each sound against everything else."""
        told = (numbers - self.centre) * self.scale
        np.clip(told, -6, 6, out=told)
        votes = []
        for layers in self.voters:
            x = told
            for n, (matrix, offset) in enumerate(layers):
                x = x @ matrix + offset
                if n < len(layers) - 1:
                    np.maximum(x, 0, out=x)
            votes.append(x)
        mean = np.mean(votes, axis=0)
        whole = np.logaddexp.reduce(mean, axis=1, keepdims=True)
        chance = np.exp(mean - whole)[:, 1:]
        return np.asarray(np.log(chance + 1e-6) - np.log(1 - chance + 1e-6), np.float32)

    def shown(self) -> dict[str, Any]:
        """Return its card as the server keeps it."""
        return {
            "name": self.name.partition("@")[0],
            "sha256": self.name.partition("@")[2],
            "behaviours": list(SOUNDS),
            "task": "screams, breaking glass, shots and sirens in one second of sound",
            "licence": {"weights": self.card.get("licence", "")},
            "source": "ansimnet_vision.training.sound",
            "input": "16 kHz mono, log-mel, pitch and roughness of 1.02 s",
            "quality": list(QUALITY) if self.name.startswith(Path(COMMITTED).stem) else [],
            "limits": LIMITS,
        }


def found(folder: Path | None) -> Network | None:
    """Return the network at work: the folder's own, else the committed one; None where there is neither."""
    own = None if folder is None else folder / LOCAL
    try:
        return load(own if own is not None and own.is_file() else None)
    except FileNotFoundError:
        return None


def not_covered(network: Network | None) -> dict[str, str | None]:
    """Return for every sound why it is not told; None where it is."""
    why = "no-model" if network is None else None
    return dict.fromkeys(SOUNDS, why)


def load(file: Path | None = None) -> Network:
    """Return the network in a file; without one, the committed weights.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds something else.
    """
    source = Path(str(files("ansimnet_vision.sound") / "weights" / COMMITTED)) if file is None else file
    data = source.read_bytes()
    with np.load(source, allow_pickle=False) as kept:
        if "card" not in kept:
            raise ValueError(f"`{source.name}` holds no network of sounds")
        card = json.loads(str(kept["card"]))
        voters = [
            tuple((_wide(kept[f"w{v}{n}"]), _wide(kept[f"b{v}{n}"])) for n in range(card["layers"]))
            for v in range(card["voters"] + card["inner"])
        ]
        centre, scale = _wide(kept["centre"]), _wide(kept["scale"])
    name = f"{source.stem}@{hashlib.sha256(data).hexdigest()[:8]}"
    inner = tuple(Network(name, centre, scale, (v,), card["starts_at"], {}) for v in voters[card["voters"] :])
    return Network(name, centre, scale, tuple(voters[: card["voters"]]), card["starts_at"], card, inner)


def save(network: Network, file: Path) -> None:
    """Write a network, numbers in half precision."""
    arrays: dict[str, Any] = {"centre": network.centre, "scale": network.scale}
    voters = [*network.voters, *(one.voters[0] for one in network.inner)]
    for v, layers in enumerate(voters):
        for n, (matrix, offset) in enumerate(layers):
            arrays[f"w{v}{n}"] = matrix.astype(np.float16)
            arrays[f"b{v}{n}"] = offset.astype(np.float16)
    card = {**network.card, "layers": len(network.voters[0]), "voters": len(network.voters),
            "inner": len(network.inner), "starts_at": network.starts_at}  # fmt: skip
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, card=np.array(json.dumps(card, ensure_ascii=False, sort_keys=True)), **arrays)


def _wide(stored: Any) -> F32:
    return np.asarray(stored, np.float32)

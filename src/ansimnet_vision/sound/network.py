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
        voters = tuple(
            tuple((_wide(kept[f"w{v}{n}"]), _wide(kept[f"b{v}{n}"])) for n in range(card["layers"]))
            for v in range(card["voters"])
        )
        centre, scale = _wide(kept["centre"]), _wide(kept["scale"])
    name = f"{source.stem}@{hashlib.sha256(data).hexdigest()[:8]}"
    return Network(name, centre, scale, voters, card["starts_at"], card)


def save(network: Network, file: Path) -> None:
    """Write a network, numbers in half precision."""
    arrays: dict[str, Any] = {"centre": network.centre, "scale": network.scale}
    for v, layers in enumerate(network.voters):
        for n, (matrix, offset) in enumerate(layers):
            arrays[f"w{v}{n}"] = matrix.astype(np.float16)
            arrays[f"b{v}{n}"] = offset.astype(np.float16)
    card = {**network.card, "layers": len(network.voters[0]), "voters": len(network.voters),
            "starts_at": network.starts_at}  # fmt: skip
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, card=np.array(json.dumps(card, ensure_ascii=False, sort_keys=True)), **arrays)


def _wide(stored: Any) -> F32:
    return np.asarray(stored, np.float32)

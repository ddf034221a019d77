"""Teaches the finder and the reader of plates from rendered plates alone. In steps: torch is no dependency here.

    python -m ansimnet_vision.training.plates draw --room FOLDER [--seed N]         (with this package's own libraries)
    python -m ansimnet_vision.training.plates finder --room FOLDER --seconds 85     (wherever torch is: one thread, CPU)
    python -m ansimnet_vision.training.plates reader --room FOLDER --seconds 230
    python -m ansimnet_vision.training.plates keep --room FOLDER --out src/ansimnet_vision/plates/weights.npz

`draw` writes pictures and truth as arrays; `keep` writes the weights, eight bits each with a factor a channel, and a
card: seed, counts, seconds, typefaces. Typefaces marked unseen are not drawn.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

FORMAT_SHARES = {
    "private": 0.17, "private3": 0.22, "electric": 0.08, "rental": 0.07, "commercial": 0.12, "commercial_short": 0.08,
    "old": 0.08, "short": 0.08, "motorcycle": 0.10,
}  # fmt: skip
CONDITION_SHARES = {"day": 0.2, "turned": 0.16, "small": 0.16, "blurred": 0.16, "coded": 0.16, "night": 0.16}
STRIPS, SCENES = 21_000, 3_500
"""As many as eight minutes of one slow core draw and learn."""
WITHOUT = 0.2
"""Share of vehicles whose plate is not to be seen."""
MARGIN = 0.06
"""By so much of a plate's sides (standard deviation) corners are moved for the reader: the finder's error."""


def draw_strips(count: int, rng: Generator) -> tuple[NDArray[np.uint8], NDArray[np.int16], NDArray[np.int16]]:
    """Return strips (N, H, W), class of each column (N, T), and the text as classes (N, 12), -1 behind its end."""
    from ansimnet_vision.plates.letters import CLASS
    from ansimnet_vision.plates.network import COLUMNS, STRIP
    from ansimnet_vision.plates.optics import strip_of
    from ansimnet_vision.plates.scenes import CONDITIONS, shot

    strips = np.zeros((count, *STRIP), np.uint8)
    columns = np.zeros((count, COLUMNS), np.int16)
    texts = np.full((count, 12), -1, np.int16)
    for n in range(count):
        if n % 3 == 0:  # each plate is seen three times
            plate, font = _any_plate(rng)
        condition = CONDITIONS[str(rng.choice(list(CONDITION_SHARES), p=list(CONDITION_SHARES.values())))]
        seen = shot(plate, condition, font, rng, (1.1, 1.4))
        span = seen.corners.max(0) - seen.corners.min(0)
        corners = seen.corners + rng.normal(0, MARGIN / 2, (4, 2)) * span * np.array([0.5, 1.0])
        strips[n] = strip_of(seen.picture, corners, plate.two_lines, STRIP).clip(0, 255)
        texts[n, : len(plate.marks)] = [CLASS[m.token] for m in plate.marks]
        for mark in plate.marks:
            x, half = (mark.x / 2 + mark.line / 2, mark.half / 2) if plate.two_lines else (mark.x, mark.half)
            core = max(0.5, 0.3 * half * COLUMNS)
            at = np.arange(COLUMNS) + 0.5
            columns[n, np.abs(at - x * COLUMNS) <= core] = CLASS[mark.token]
            edge = (np.abs(at - x * COLUMNS) > core) & (np.abs(at - x * COLUMNS) < 0.7 * half * COLUMNS)
            columns[n, edge & (columns[n] == 0)] = -100  # neither wrong nor right
    return strips, columns, texts


def draw_scenes(count: int, rng: Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return vehicles (N, H, W) and the plate's corners (N, 4, 2) in pixels; NaN where none is to be seen."""
    from dataclasses import replace

    from ansimnet_vision.plates.network import SCENE, scene_of
    from ansimnet_vision.plates.scenes import CONDITIONS, shot, taken, vehicle

    scenes = np.zeros((count, *SCENE), np.uint8)
    corners = np.full((count, 4, 2), np.nan, np.float32)
    for n in range(count):
        plate, font = _any_plate(rng)
        condition = CONDITIONS[str(rng.choice(list(CONDITION_SHARES), p=list(CONDITION_SHARES.values())))]
        if rng.random() < WITHOUT:
            picture = taken(
                vehicle(int(rng.uniform(90, 240)), int(rng.uniform(120, 300)), 60, font, rng), condition, rng
            )
            scenes[n] = scene_of(picture)
            continue
        near = replace(condition, wide_px=(36.0, 90.0), blur=(0.2, condition.blur[1]), smear=condition.smear / 2)
        seen = shot(plate, near, font, rng, (1.9, 6.0))
        scenes[n] = scene_of(seen.picture)
        corners[n] = seen.corners * np.array(SCENE[::-1]) / np.array(seen.picture.shape[::-1])
    return scenes, corners


def _any_plate(rng: Generator) -> Any:
    from ansimnet_vision.plates.drawing import draw, fonts, text_of

    kind = str(rng.choice(list(FORMAT_SHARES), p=list(FORMAT_SHARES.values())))
    taught = [f for f in fonts() if not f.unseen]
    font = taught[int(rng.integers(len(taught)))]
    return draw(kind, text_of(kind, rng), font, rng), font


def learn(name: str, room: Path, budget_s: float, seed: int) -> None:
    """Learn one network, `finder` or `reader`, and leave it in the room."""
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    layers, steps, spent_s = {"finder": _finder, "reader": _reader}[name](torch, room, budget_s, seed)
    kept = {f"{name}.{n}.{part}": value for n, pair in layers.items() for part, value in zip("wb", pair, strict=True)}
    told = {"steps": steps, "cpu_s": round(spent_s), "torch": str(torch.__version__)}
    np.savez(room / f"{name}.npz", told=np.array(json.dumps(told)), **kept)
    print(f"{name}: {told}")


def _module(torch: Any, plan: Any) -> Any:
    """Return the layers of a plan as torch has them, each followed by a batch norm but the last."""
    nn = torch.nn
    layers = nn.ModuleDict()
    for name, spec in plan.items():
        out, given, kernel, stride, pad = spec.out, spec.given, spec.kernel, spec.stride, spec.pad
        conv = nn.Conv2d(given, out, kernel, stride, pad, bias=True)
        layers[name] = nn.Sequential(conv, nn.BatchNorm2d(out)) if spec.active else nn.Sequential(conv)
    return layers


def _folded(layers: Any) -> dict[str, tuple[Any, Any]]:
    """Return weights and biases with the batch norms multiplied in."""
    out = {}
    for name, layer in layers.items():
        weight, bias = layer[0].weight.detach().numpy().copy(), layer[0].bias.detach().numpy().copy()
        if len(layer) > 1:
            norm = layer[1]
            factor = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach().numpy()
            bias = (bias - norm.running_mean.numpy()) * factor + norm.bias.detach().numpy()
            weight *= factor[:, None, None, None]
        out[name] = (weight, bias)
    return out


def _runs(torch: Any, loss_of: Any, layers: Any, count: int, budget_s: float, seed: int, peak: float, size: int) -> Any:
    """Take steps of AdamW under one cycle of the rate until the processor time is spent."""
    rng, began_s, step = np.random.default_rng(seed), time.process_time(), 0
    best = torch.optim.AdamW(layers.parameters(), lr=1e-4, weight_decay=0.01)
    order = rng.permutation(count)
    while (share := (time.process_time() - began_s) / budget_s) < 1:
        rate = peak * min(1.0, share / 0.08 + 0.05) * (0.5 * (1 + np.cos(np.pi * share)) + 0.005)
        for group in best.param_groups:
            group["lr"] = rate
        rows = np.take(order, np.arange(step * size, (step + 1) * size), mode="wrap")
        loss = loss_of(rows, rng)
        best.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(layers.parameters(), 5.0)
        best.step()
        step += 1
        if step % 50 == 0:
            print(f"{step} {share:.2f} {loss.item():.3f}", flush=True)
    layers.eval()
    return _folded(layers), step, time.process_time() - began_s


def _reader(torch: Any, room: Path, budget_s: float, seed: int) -> Any:
    from ansimnet_vision.plates.network import READER, normal, reader

    strips, columns, texts = (np.load(room / f"strips_{n}.npy", mmap_mode="r") for n in ("pixels", "columns", "texts"))
    layers = _module(torch, READER).train()
    f = torch.nn.functional

    def loss_of(rows: Any, rng: Generator) -> Any:
        x = torch.from_numpy(normal(strips[rows]))
        x = x + 0.08 * torch.randn_like(x)
        told = reader(_Torch(torch, layers), x)[:, :, 0]  # (N, classes, T)
        truth = torch.from_numpy(columns[rows].astype(np.int64))
        dense = f.cross_entropy(told, truth, ignore_index=-100)
        words = texts[rows].astype(np.int64)
        sizes = torch.from_numpy((words >= 0).sum(1))
        flat = torch.from_numpy(words[words >= 0])
        steps = torch.full((len(rows),), told.shape[2], dtype=torch.long)
        ctc = f.ctc_loss(told.log_softmax(1).permute(2, 0, 1), flat, steps, sizes, zero_infinity=True)
        return dense + 0.5 * ctc

    return _runs(torch, loss_of, layers, len(strips), budget_s, seed, 3e-3, 32)


def _finder(torch: Any, room: Path, budget_s: float, seed: int) -> Any:
    from ansimnet_vision.plates.network import CELL_PX, FINDER, REACH_PX, finder, normal

    scenes, corners = (np.load(room / f"scenes_{n}.npy", mmap_mode="r") for n in ("pixels", "corners"))
    layers = _module(torch, FINDER).train()
    f = torch.nn.functional

    def loss_of(rows: Any, rng: Generator) -> Any:
        x = torch.from_numpy(normal(scenes[rows]))
        told = finder(_Torch(torch, layers), x)
        truth = torch.from_numpy(np.nan_to_num(corners[rows], nan=-1e4))  # (N, 4, 2)
        middle = truth.mean(1)
        half = (truth.amax(1) - truth.amin(1)) * 0.22 + 2.0
        tall, wide = told.shape[2:]
        y, x_ = torch.meshgrid(torch.arange(tall), torch.arange(wide), indexing="ij")
        cells = torch.stack([x_, y]).float() * CELL_PX + CELL_PX / 2  # (2, H, W)
        away = (cells[None] - middle[:, :, None, None]).abs() / half[:, :, None, None]
        inside = (away.amax(1) < 1).float()
        weight = 1 + 20 * inside
        heat = f.binary_cross_entropy_with_logits(told[:, 0], inside, weight=weight)
        goal = (truth.reshape(-1, 8)[:, :, None, None] - cells.repeat(4, 1, 1)[None]) / REACH_PX
        miss = f.smooth_l1_loss(told[:, 1:], goal, reduction="none", beta=0.1).mean(1) * inside
        return heat + 4 * miss.sum() / (inside.sum() + 1)

    return _runs(torch, loss_of, layers, len(scenes), budget_s, seed, 3e-3, 16)


class _Torch:
    """What `network.reader` and `network.finder` are made of, for learning."""

    def __init__(self, torch: Any, layers: Any) -> None:
        self._f, self._layers = torch.nn.functional, layers

    def conv(self, x: Any, name: str, active: bool) -> Any:
        out = self._layers[name](x)
        return self._f.relu(out) if active else out

    def pool(self, x: Any, down: int, across: int) -> Any:
        return self._f.max_pool2d(x, (down, across))

    def twice(self, x: Any) -> Any:
        return self._f.interpolate(x, scale_factor=2, mode="nearest")

    def plus(self, a: Any, b: Any) -> Any:
        return a + b


def _keep(room: Path, out: Path, seed: int) -> None:
    """Write the weights of both networks and their card."""
    from ansimnet_vision.plates.drawing import fonts
    from ansimnet_vision.plates.network import save

    kept: dict[str, Any] = {}
    card: dict[str, Any] = {"seed": seed, "taught_by": "rendered plates alone; no picture of a real one"}
    for name in ("finder", "reader"):
        with np.load(room / f"{name}.npz", allow_pickle=False) as learned:
            card[name] = json.loads(str(learned["told"]))
            kept |= {n: learned[n] for n in learned.files if n != "told"}
    card |= {n: len(np.load(room / f"{n}_pixels.npy", mmap_mode="r")) for n in ("strips", "scenes")}
    card["typefaces"] = [f.name for f in fonts() if not f.unseen]
    save(kept, card, out)
    print(f"{out}: {out.stat().st_size} bytes")


def main() -> None:
    """Draw, learn, or write the weights."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("step", choices=["draw", "finder", "reader", "keep"])
    options.add_argument("--room", type=Path, required=True, help="folder of the pictures and of what is learned")
    options.add_argument("--out", type=Path, help="file of the weights (.npz)")
    options.add_argument("--seed", type=int, default=6)
    options.add_argument("--strips", type=int, default=STRIPS)
    options.add_argument("--scenes", type=int, default=SCENES)
    options.add_argument("--seconds", type=float, default=230.0, help="of processor, to learn")
    chosen = options.parse_args()
    room: Path = chosen.room
    if chosen.step in ("finder", "reader"):
        learn(chosen.step, room, chosen.seconds, chosen.seed)
        return
    if chosen.step == "keep":
        _keep(room, chosen.out, chosen.seed)
        return
    room.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(chosen.seed)
    scenes, corners = draw_scenes(chosen.scenes, rng)
    strips, columns, texts = draw_strips(chosen.strips, rng)
    for name, array in (("scenes_pixels", scenes), ("scenes_corners", corners), ("strips_pixels", strips),
                        ("strips_columns", columns), ("strips_texts", texts)):  # fmt: skip
        np.save(room / f"{name}.npy", np.asarray(array))
    print(f"drawn in {time.process_time():.0f} s of processor")


if __name__ == "__main__":
    main()

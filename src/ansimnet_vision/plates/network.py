"""The two small networks: one finds a plate's corners on a vehicle, one reads an upright plate column by column.

Both are written once, over four operations, and built from them twice: in torch to learn (`training/plates.py`), as an
ONNX graph to run. Weights are eight bits each with a factor a channel (`weights.npz`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.detectors import session
from ansimnet_vision.plates.letters import TOKENS
from ansimnet_vision.plates.optics import Grey, warp

STRIP = (32, 128)
"""Height and width of an upright plate."""
COLUMNS = 32
SCENE = (128, 160)
"""Height and width in which a vehicle is searched."""
CELL_PX = 4
REACH_PX = 16.0
"""Corners are told in so many pixels from the middle of a cell."""
WEIGHTS = Path(__file__).parent / "weights.npz"
OPSET = 17


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution of `given` to `out` channels; `active`: followed by a rectifier."""

    given: int
    out: int
    kernel: tuple[int, int]
    stride: int = 1
    pad: tuple[int, int] = (1, 1)
    active: bool = True


READER = {
    "a": Layer(1, 16, (3, 3)),
    "b": Layer(16, 32, (3, 3)),
    "c": Layer(32, 48, (3, 3)),
    "d": Layer(48, 48, (3, 3)),
    "e": Layer(48, 80, (3, 3)),
    "f": Layer(80, 112, (4, 1), pad=(0, 0)),
    "g": Layer(112, 112, (1, 5), pad=(0, 2)),
    "h": Layer(112, len(TOKENS), (1, 1), pad=(0, 0), active=False),
}
FINDER = {
    "a": Layer(1, 12, (3, 3), 2),
    "b": Layer(12, 24, (3, 3), 2),
    "c": Layer(24, 32, (3, 3)),
    "d": Layer(32, 48, (3, 3), 2),
    "e": Layer(48, 64, (3, 3)),
    "f": Layer(64, 64, (3, 3)),
    "g": Layer(64, 24, (1, 1), pad=(0, 0)),
    "s": Layer(32, 24, (1, 1), pad=(0, 0)),
    "h": Layer(24, 32, (3, 3)),
    "i": Layer(32, 9, (1, 1), pad=(0, 0), active=False),
}


class Operations(Protocol):
    """What a network is made of."""

    def conv(self, x: Any, name: str, active: bool) -> Any: ...
    def pool(self, x: Any, down: int, across: int) -> Any: ...
    def twice(self, x: Any) -> Any: ...
    def plus(self, a: Any, b: Any) -> Any: ...


def reader(with_: Operations, x: Any) -> Any:
    """Return (N, classes, 1, COLUMNS) of strips (N, 1, 32, 128)."""
    x = with_.pool(with_.conv(x, "a", True), 2, 2)
    x = with_.pool(with_.conv(x, "b", True), 2, 2)
    x = with_.conv(with_.conv(x, "c", True), "d", True)
    x = with_.conv(with_.pool(x, 2, 1), "e", True)
    return with_.conv(with_.conv(with_.conv(x, "f", True), "g", True), "h", False)


def finder(with_: Operations, x: Any) -> Any:
    """Return (N, 9, 32, 40) of vehicles (N, 1, 128, 160): a plate's middle is here, and its four corners from here."""
    near = with_.conv(with_.conv(with_.conv(x, "a", True), "b", True), "c", True)
    far = with_.conv(with_.conv(with_.conv(near, "d", True), "e", True), "f", True)
    both = with_.plus(with_.twice(with_.conv(far, "g", True)), with_.conv(near, "s", True))
    return with_.conv(with_.conv(both, "h", True), "i", False)


def normal(pictures: NDArray[Any]) -> NDArray[np.float32]:
    """Return pictures (N, H, W) as (N, 1, H, W), each with mean 0 and deviation 1."""
    x = pictures.astype(np.float32)
    mean, spread = x.mean((1, 2), keepdims=True), x.std((1, 2), keepdims=True)
    return np.asarray((x - mean) / (spread + 4.0))[:, None]


def scene_of(picture: Grey) -> NDArray[np.uint8]:
    """Return a vehicle in the size in which it is searched."""
    out = np.empty(SCENE, np.float32)
    scale = np.diag([picture.shape[1] / SCENE[1], picture.shape[0] / SCENE[0], 1.0])
    warp(picture, scale, out, np.nan)
    return out.clip(0, 255).astype(np.uint8)


def save(weights: dict[str, Any], card: dict[str, Any], file: Path) -> None:
    """Write weights as signed bytes with a factor a channel; biases as they are."""
    kept: dict[str, Any] = {}
    for name, value in weights.items():
        if name.endswith(".w"):
            factor = np.abs(value).max((1, 2, 3)) / 127 + 1e-12
            kept[name] = np.round(value / factor[:, None, None, None]).astype(np.int8)
            kept[f"{name}.factor"] = factor.astype(np.float32)
        else:
            kept[name] = value.astype(np.float32)
    np.savez_compressed(file, card=np.array(json.dumps(card, ensure_ascii=False, sort_keys=True)), **kept)


class Networks:
    """Both networks, ready to run. `title`: name and beginning of the weights' hash, as reports carry it."""

    def __init__(self, file: Path = WEIGHTS, provider: str = "cpu") -> None:
        data = file.read_bytes()
        with np.load(file, allow_pickle=False) as kept:
            self.card: dict[str, Any] = json.loads(str(kept["card"]))
            weights = {
                name: kept[name].astype(np.float32) * kept[f"{name}.factor"][:, None, None, None]
                if name.endswith(".w")
                else kept[name]
                for name in kept.files
                if name.endswith((".w", ".b"))
            }
        self.title = f"plates@{hashlib.sha256(data).hexdigest()[:8]}"
        self._finder = session(_graph("finder", finder, FINDER, weights, SCENE), provider)
        self._reader = session(_graph("reader", reader, READER, weights, STRIP), provider)

    def find(self, scenes: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (N, 9, rows, columns) of vehicles (N, *SCENE): log odds, and corners in `REACH_PX` from each cell."""
        return np.asarray(self._finder.run(None, {"x": normal(scenes)})[0])

    def read(self, strips: NDArray[Any]) -> NDArray[np.float32]:
        """Return the probability of each token in each column, (N, COLUMNS, tokens), of strips (N, *STRIP)."""
        told = self._reader.run(None, {"x": normal(strips)})[0][:, :, 0].transpose(0, 2, 1)
        weight = np.exp(told - told.max(2, keepdims=True))
        return np.asarray(weight / weight.sum(2, keepdims=True))


class _Graph:
    """What a network is made of, as nodes of an ONNX graph."""

    def __init__(self, name: str, plan: dict[str, Layer], weights: dict[str, Any]) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._name, self._plan, self._weights = name, plan, weights

    def _node(self, kind: str, inputs: list[str], **how: Any) -> str:
        from onnx import helper

        out = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], **how))
        return out

    def conv(self, x: str, name: str, active: bool) -> str:
        from onnx import numpy_helper

        layer, names = self._plan[name], []
        for part in ("w", "b"):
            names.append(f"{name}.{part}")
            self.constants.append(numpy_helper.from_array(self._weights[f"{self._name}.{name}.{part}"], names[-1]))
        pads, strides = [*layer.pad, *layer.pad], [layer.stride] * 2
        out = self._node("Conv", [x, *names], kernel_shape=list(layer.kernel), pads=pads, strides=strides)
        return self._node("Relu", [out]) if active else out

    def pool(self, x: str, down: int, across: int) -> str:
        return self._node("MaxPool", [x], kernel_shape=[down, across], strides=[down, across])

    def twice(self, x: str) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice"))
        return self._node("Resize", [x, "", "twice"], mode="nearest", nearest_mode="floor",
                          coordinate_transformation_mode="asymmetric")  # fmt: skip

    def plus(self, a: str, b: str) -> str:
        return self._node("Add", [a, b])


def _graph(name: str, network: Any, plan: dict[str, Layer], weights: dict[str, Any], size: tuple[int, int]) -> bytes:
    from onnx import TensorProto, helper

    graph = _Graph(name, plan, weights)
    last = network(graph, "x")
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, *size])
    told = helper.make_tensor_value_info(last, TensorProto.FLOAT, None)
    made = helper.make_graph(graph.nodes, name, [given], [told], graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    return bytes(model.SerializeToString())

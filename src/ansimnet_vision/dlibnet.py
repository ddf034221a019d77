"""Writes dlib's face embedding (ResNet-29, King 2017; CC0) as ONNX from the weights that `face-api` carries.

Architecture by hand, as in dlib's `dnn_face_recognition_ex.cpp`: (N, 3, 150, 150) RGB 0-255 in, (N, 128) out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

from ansimnet_vision.tfjs import OPSET, Array, weights_of

MEAN = (122.782, 117.001, 104.298)
SIDE = 150


def onnx_of(manifest: Path) -> ModelProto:
    """Return the network whose weights a manifest lists.

    Raises:
        KeyError, ValueError: they are not those of this network.
    """
    return _Net(weights_of(json.loads(manifest.read_text(encoding="utf-8")), manifest.parent)).model()


class _Net:
    def __init__(self, weights: dict[str, Array]) -> None:
        self._weights = weights
        self._nodes: list[NodeProto] = []
        self._kept: list[TensorProto] = []

    def _keep(self, value: Array) -> str:
        name = f"w{len(self._kept)}"
        self._kept.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name

    def _add(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = f"v{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def _conv(self, x: str, part: str, stride: int, pad: int, *, relu: bool) -> str:
        w = self._weights
        scale = w[f"{part}/scale/weights"]
        kernel = w[f"{part}/conv/filters"].transpose(3, 2, 0, 1) * scale[:, None, None, None]
        bias = w[f"{part}/conv/bias"] * scale + w[f"{part}/scale/biases"]
        y = self._add("Conv", x, self._keep(kernel), self._keep(bias), strides=[stride, stride], pads=[pad] * 4)
        return self._add("Relu", y) if relu else y

    def _same(self, x: str, part: str) -> str:
        y = self._conv(self._conv(x, f"{part}/conv1", 1, 1, relu=True), f"{part}/conv2", 1, 1, relu=False)
        return self._add("Relu", self._add("Add", y, x))

    def _down(self, x: str, part: str, more: int, short: int) -> str:
        """Halve the sides; `more`: channels that only the convolutions have, `short`: rows they have too few."""
        y = self._conv(self._conv(x, f"{part}/conv1", 2, 0, relu=True), f"{part}/conv2", 1, 1, relu=False)
        q = self._add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
        if more:
            q = self._add("Pad", q, self._keep(np.array([0, 0, 0, 0, 0, more, 0, 0])))
        if short:
            y = self._add("Pad", y, self._keep(np.array([0, 0, 0, 0, 0, 0, short, short])))
        return self._add("Relu", self._add("Add", q, y))

    def model(self) -> ModelProto:
        mean = self._keep(np.array(MEAN, np.float32).reshape(1, 3, 1, 1))
        x = self._add("Div", self._add("Sub", "input", mean), self._keep(np.array(255, np.float32)))
        x = self._conv(x, "conv32_down", 2, 0, relu=True)
        x = self._add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
        for part in ("conv32_1", "conv32_2", "conv32_3"):
            x = self._same(x, part)
        for part, blocks, more, short in (("conv64", 3, 32, 0), ("conv128", 2, 64, 0), ("conv256", 2, 128, 1)):
            x = self._down(x, f"{part}_down", more, short)
            for at in range(1, blocks + 1):
                x = self._same(x, f"{part}_{at}")
        x = self._down(x, "conv256_down_out", 0, 1)
        x = self._add("ReduceMean", x, self._keep(np.array([2, 3])), keepdims=0)
        self._nodes.append(helper.make_node("MatMul", [x, self._keep(self._weights["fc"])], ["embedding"]))
        shape: list[str | int | None] = ["n", 3, SIDE, SIDE]
        graph = helper.make_graph(
            self._nodes,
            "dlib face",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 128])],
            self._kept,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="ansimnet")
        model.ir_version = 8
        checker.check_model(model)
        return model

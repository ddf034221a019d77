"""Reads a TensorFlow.js graph model and writes it as ONNX, without TensorFlow.

As many operations as the models of `cards.json` use; any other is refused by name. Weights that were stored as 16-bit
floats or 8-bit integers become 32-bit floats. The answer is the same bytes for the same input, so its hash can be kept.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

OPSET = 18
_TYPES = {"DT_FLOAT": TensorProto.FLOAT, "DT_INT32": TensorProto.INT32, "DT_INT64": TensorProto.INT64}
_DTYPES = {"DT_FLOAT": np.float32, "DT_INT32": np.int32, "DT_INT64": np.int64}
_SIMPLE = {
    "Add": "Add",
    "AddV2": "Add",
    "Sub": "Sub",
    "Mul": "Mul",
    "RealDiv": "Div",
    "FloorDiv": "Div",  # of integers, all of them positive here
    "Sigmoid": "Sigmoid",
    "Sqrt": "Sqrt",
    "Relu": "Relu",
    "Identity": "Identity",
}
Array = NDArray[Any]
TO_NCHW, TO_NHWC = (0, 3, 1, 2), (0, 2, 3, 1)


class UnknownOperationError(ValueError):
    """The model uses an operation that nobody wrote down here."""


def weights_of(manifest: Sequence[dict[str, Any]], folder: Path) -> dict[str, Array]:
    """Return the weights that a manifest of TensorFlow.js lists, by name.

    Raises:
        ValueError: the files do not hold exactly what the manifest says.
    """
    found: dict[str, Array] = {}
    for group in manifest:
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        at = 0
        for weight in group["weights"]:
            count = int(np.prod(weight["shape"], dtype=np.int64))
            packed = weight.get("quantization")
            stored = np.dtype(packed["dtype"] if packed else weight["dtype"]).newbyteorder("<")
            values: Array = np.frombuffer(data, stored, count, at)
            at += count * stored.itemsize
            if packed:
                values = values.astype(np.float32)
                if "scale" in packed:
                    values = values * np.float32(packed["scale"]) + np.float32(packed["min"])
            found[weight["name"]] = values.reshape(weight["shape"])
        if at != len(data):
            raise ValueError(f"{len(data) - at} bytes of weights belong to nothing")
    return found


def onnx_of(model: Path) -> ModelProto:
    """Return the model whose JSON lies at `model`, its weights beside it.

    Raises:
        UnknownOperationError: it cannot be translated.
        ValueError: the files contradict each other.
    """
    document = json.loads(model.read_text(encoding="utf-8"))
    graph = _Graph(weights_of(document["weightsManifest"], model.parent))
    for node in document["modelTopology"]["node"]:
        graph.take(node)
    return graph.model(document["signature"])


class _Graph:
    """ONNX in the making. Values of TensorFlow keep their names; what is constant is computed at once."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self._weights = weights
        self._constant: dict[str, Array] = {}
        self._nodes: list[NodeProto] = []
        self._kept: dict[str, TensorProto] = {}
        self._fresh = 0

    # --- values

    def _name(self, source: str) -> str:
        return source.removesuffix(":0")

    def _value(self, source: str) -> Array | None:
        return self._constant.get(self._name(source))

    def _known(self, source: str) -> Array:
        value = self._value(source)
        if value is None:
            raise UnknownOperationError(f"`{source}` should be constant")
        return value

    def _input(self, source: str) -> str:
        """Return the name of an input, kept among the weights where it is constant."""
        name = self._name(source)
        return self.keep(self._constant[name], name) if name in self._constant else name

    def keep(self, value: Array, name: str = "") -> str:
        """Store a constant and return its name."""
        name = name or self._new()
        if name not in self._kept:
            self._kept[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def _new(self) -> str:
        self._fresh += 1
        return f"_{self._fresh}"

    def add(self, op: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        """Write one operation with one output; return the output's name."""
        output = output or self._new()
        self._nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    # --- operations

    def take(self, node: dict[str, Any]) -> None:
        """Translate one node of TensorFlow."""
        op, name, inputs = node["op"], node["name"], [i for i in node.get("input", ()) if not i.startswith("^")]
        if op == "Placeholder":
            return
        if op == "Const":
            dtype = _DTYPES[node["attr"]["dtype"]["type"]]
            self._constant[name] = self._weights[name].astype(dtype)
            return
        values = [self._value(i) for i in inputs]
        if op in _FOLDED and all(v is not None for v in values):
            for at, value in enumerate(_FOLDED[op](node, [v for v in values if v is not None])):
                self._constant[f"{name}:{at}" if at else name] = value
            return
        translate = getattr(self, f"_{op.strip('_').lower()}", None)
        if op in _SIMPLE:
            self.add(_SIMPLE[op], [self._input(i) for i in inputs], name)
        elif translate is not None:
            translate(node, name, inputs)
        else:
            raise UnknownOperationError(f"nobody wrote down how to translate {op}")

    def _convolution(self, node: dict[str, Any], name: str, inputs: list[str], depthwise: bool) -> None:
        attributes = node["attr"]
        if _text(attributes["data_format"]) != "NHWC":
            raise UnknownOperationError("convolutions of NCHW")
        kernel = self._known(inputs[1])  # height, width, in, out (or multiplier)
        height, width, channels, out = kernel.shape
        if depthwise:
            kernel = kernel.reshape(height, width, 1, channels * out)
        x = self.add("Transpose", [self._input(inputs[0])], perm=TO_NCHW)
        weights = self.keep(kernel.transpose(3, 2, 0, 1))
        fused = [_decoded(s) for s in attributes.get("fused_ops", {}).get("list", {}).get("s", ())]
        more = [self.keep(self._known(inputs[2]).reshape(-1))] if "BiasAdd" in fused else []
        y = self.add(
            "Conv",
            [x, weights, *more],
            group=channels if depthwise else 1,
            strides=_sides(attributes["strides"]),
            dilations=_sides(attributes["dilations"]),
            auto_pad={"SAME": "SAME_UPPER", "VALID": "VALID"}[_text(attributes["padding"])],
            kernel_shape=[height, width],
        )
        for after in fused:
            y = self._activation(after, y)
        self.add("Transpose", [y], name, perm=TO_NHWC)

    def _activation(self, op: str, x: str) -> str:
        if op == "BiasAdd":
            return x
        if op == "Relu":
            return self.add("Relu", [x])
        if op == "Relu6":
            return self.add(
                "Clip", [x, self.keep(np.array(0, np.float32), "_zero"), self.keep(np.array(6, np.float32), "_six")]
            )
        raise UnknownOperationError(f"nobody wrote down how to translate a fused {op}")

    def _conv2d(self, node: dict[str, Any], name: str, inputs: list[str]) -> None:
        self._convolution(node, name, inputs, depthwise=False)

    _fusedconv2d = _conv2d

    def _depthwiseconv2dnative(self, node: dict[str, Any], name: str, inputs: list[str]) -> None:
        self._convolution(node, name, inputs, depthwise=True)

    _fuseddepthwiseconv2dnative = _depthwiseconv2dnative

    def _maxpool(self, node: dict[str, Any], name: str, inputs: list[str]) -> None:
        attributes = node["attr"]
        x = self.add("Transpose", [self._input(inputs[0])], perm=TO_NCHW)
        padding = {"SAME": "SAME_UPPER", "VALID": "VALID"}[_text(attributes["padding"])]
        sides, strides = _sides(attributes["ksize"]), _sides(attributes["strides"])
        y = self.add("MaxPool", [x], kernel_shape=sides, strides=strides, auto_pad=padding)
        self.add("Transpose", [y], name, perm=TO_NHWC)

    def _resizebilinear(self, node: dict[str, Any], name: str, inputs: list[str]) -> None:
        if not node["attr"]["half_pixel_centers"]["b"]:
            raise UnknownOperationError("bilinear resizing by corners")
        x = self.add("Transpose", [self._input(inputs[0])], perm=TO_NCHW)
        size = self.keep(self._known(inputs[1]).astype(np.int64))
        how = "half_pixel"
        y = self.add("Resize", [x, "", "", size], mode="linear", coordinate_transformation_mode=how, axes=[2, 3])
        self.add("Transpose", [y], name, perm=TO_NHWC)

    def _transpose(self, _: dict[str, Any], name: str, inputs: list[str]) -> None:
        perm = [int(v) for v in self._known(inputs[1])]
        self.add("Transpose", [self._input(inputs[0])], name, perm=perm)

    def _pad(self, _: dict[str, Any], name: str, inputs: list[str]) -> None:
        pads = self.keep(self._known(inputs[1]).T.reshape(-1).astype(np.int64))
        value = [self._input(inputs[2])] if len(inputs) > 2 else []
        self.add("Pad", [self._input(inputs[0]), pads, *value], name)

    _padv2 = _pad

    def _leakyrelu(self, node: dict[str, Any], name: str, inputs: list[str]) -> None:
        self.add("LeakyRelu", [self._input(inputs[0])], name, alpha=float(node["attr"]["alpha"]["f"]))

    def _concatv2(self, _: dict[str, Any], name: str, inputs: list[str]) -> None:
        *parts, axis = inputs
        self.add("Concat", [self._input(p) for p in parts], name, axis=int(self._known(axis)))

    def _splitv(self, _: dict[str, Any], name: str, inputs: list[str]) -> None:
        sizes, axis = self._known(inputs[1]).astype(np.int64), int(self._known(inputs[2]))
        outputs = [f"{name}:{at}" if at else name for at in range(len(sizes))]
        self._nodes.append(helper.make_node("Split", [self._input(inputs[0]), self.keep(sizes)], outputs, axis=axis))

    def _reshape(self, _: dict[str, Any], name: str, inputs: list[str]) -> None:
        shape = self.keep(self._known(inputs[1]).astype(np.int64))
        self.add("Reshape", [self._input(inputs[0]), shape], name)

    def _expanddims(self, _: dict[str, Any], name: str, inputs: list[str]) -> None:
        axes = self.keep(self._known(inputs[1]).reshape(-1).astype(np.int64))
        self.add("Unsqueeze", [self._input(inputs[0]), axes], name)

    def _squeeze(self, node: dict[str, Any], name: str, inputs: list[str]) -> None:
        axes = np.array([int(v) for v in node["attr"]["squeeze_dims"]["list"]["i"]])
        self.add("Squeeze", [self._input(inputs[0]), self.keep(axes)], name)

    def _pack(self, node: dict[str, Any], name: str, inputs: list[str]) -> None:
        axis = int(node["attr"]["axis"].get("i", 0))
        axes = self.keep(np.array([axis]))
        self.add("Concat", [self.add("Unsqueeze", [self._input(i), axes]) for i in inputs], name, axis=axis)

    def _unpack(self, node: dict[str, Any], name: str, inputs: list[str]) -> None:
        axis, count = int(node["attr"]["axis"].get("i", 0)), int(node["attr"]["num"]["i"])
        for at in range(count):
            output = f"{name}:{at}" if at else name
            self.add("Gather", [self._input(inputs[0]), self.keep(np.array(at), f"_at{at}")], output, axis=axis)

    def _cast(self, node: dict[str, Any], name: str, inputs: list[str]) -> None:
        self.add("Cast", [self._input(inputs[0])], name, to=_TYPES[node["attr"]["DstT"]["type"]])

    def _argmax(self, node: dict[str, Any], name: str, inputs: list[str]) -> None:
        axis = int(self._known(inputs[1]))
        found = self.add("ArgMax", [self._input(inputs[0])], axis=axis, keepdims=0)
        self.add("Cast", [found], name, to=_TYPES[node["attr"]["output_type"]["type"]])

    def _gathernd(self, _: dict[str, Any], name: str, inputs: list[str]) -> None:
        places = self.add("Cast", [self._input(inputs[1])], to=TensorProto.INT64)
        self.add("GatherND", [self._input(inputs[0]), places], name)

    def _squareddifference(self, _: dict[str, Any], name: str, inputs: list[str]) -> None:
        away = self.add("Sub", [self._input(i) for i in inputs])
        self.add("Mul", [away, away], name)

    # --- the whole

    def model(self, signature: dict[str, Any]) -> ModelProto:
        """Return the checked model with the inputs and outputs of a signature."""
        inputs = [_told(v, name) for name, v in _ends(signature["inputs"])]
        outputs = [_told(v, name) for name, v in _ends(signature["outputs"])]
        used = {i for node in self._nodes for i in node.input}
        kept = [tensor for name, tensor in self._kept.items() if name in used]
        graph: GraphProto = helper.make_graph(self._nodes, "model", inputs, outputs, kept)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="ansimnet")
        model.ir_version = 8
        checker.check_model(model)
        return model


def _ends(told: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(v["name"].removesuffix(":0"), v) for _, v in sorted(told.items())]


def _told(value: dict[str, Any], name: str) -> Any:
    shape = [int(d["size"]) for d in value["tensorShape"]["dim"]]
    return helper.make_tensor_value_info(name, _TYPES[value["dtype"]], shape)


def _text(attribute: dict[str, Any]) -> str:
    return _decoded(attribute["s"])


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def _sides(attribute: dict[str, Any]) -> list[int]:
    """Return height and width of a list over NHWC."""
    return [int(v) for v in attribute["list"]["i"]][1:3]


def _split(_: dict[str, Any], values: list[Array]) -> list[Array]:
    return list(np.split(values[0], np.cumsum(values[1])[:-1], int(values[2])))


def _dense(_: dict[str, Any], values: list[Array]) -> list[Array]:
    places, shape, filled, empty = values
    out = np.full([int(v) for v in shape], empty)
    for place, value in zip(np.atleast_2d(places) if places.size else (), np.atleast_1d(filled), strict=False):
        out[tuple(int(v) for v in np.atleast_1d(place))] = value
    return [out]


_FOLDED: dict[str, Callable[[dict[str, Any], list[Array]], list[Array]]] = {
    "Identity": lambda _, v: [v[0]],
    "Add": lambda _, v: [v[0] + v[1]],
    "AddV2": lambda _, v: [v[0] + v[1]],
    "Mul": lambda _, v: [v[0] * v[1]],
    "Transpose": lambda _, v: [v[0].transpose([int(p) for p in v[1]])],
    "Reshape": lambda _, v: [v[0].reshape([int(s) for s in v[1]])],
    "Cast": lambda node, v: [v[0].astype(_DTYPES[node["attr"]["DstT"]["type"]])],
    "SplitV": _split,
    "SparseToDense": _dense,
}
"""Operations on constants, computed here."""


def freed(model: ModelProto) -> ModelProto:
    """Return an image model (1, 3, H, W) that takes any number of pictures, each side a multiple of 32.

    Resizing to fixed sizes becomes resizing by the same ratio; flattening to a fixed length becomes flattening.

    Raises:
        UnknownOperationError: it resizes or reshapes otherwise.
    """
    from onnx import shape_inference

    told = shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in (*told.value_info, *told.output)}
    shapes |= {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in told.input}
    graph = model.graph
    for node in graph.node:
        if node.op_type == "Resize":
            before, after = shapes[node.input[0]], shapes[node.output[0]]
            ratio = np.array([after[2] / before[2], after[3] / before[3]], np.float32)
            scales = numpy_helper.from_array(ratio, f"{node.output[0]}_ratio")
            graph.initializer.append(scales)
            node.input[2] = scales.name
            del node.input[3:]
        elif node.op_type == "Reshape":
            before, after = shapes[node.input[0]], shapes[node.output[0]]
            if len(before) != 4 or len(after) != 3 or before[:2] != after[:2]:
                raise UnknownOperationError("a reshape that does not flatten a picture")
            shape = numpy_helper.from_array(np.array([0, 0, -1]), f"{node.output[0]}_shape")
            graph.initializer.append(shape)
            node.input[1] = shape.name
    for tensor in (*graph.input, *graph.output):
        sizes = tensor.type.tensor_type.shape.dim
        sizes[0].dim_param = "n"
        for at, size in enumerate(sizes):
            if at >= 2 or (tensor in graph.output and at == 1):
                size.dim_param = f"{tensor.name}_{at}"
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    checker.check_model(model)
    return model

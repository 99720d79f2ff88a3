"""Runs the recogniser (SFace) in onnxruntime: the same numbers as in OpenCV, in half the time.

As the file is written, onnxruntime would take longer than OpenCV: the weights stand among the graph's inputs, so they are
unpacked from eight bits at every call, and its PReLU is slow. The graph is therefore rewritten in memory, after the file
was verified: one input, and each PReLU as additions and products, which are folded into the convolutions.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .images import Pixels

SIDE = 112
_INPUT = "data"
# Field numbers of onnx.proto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT = 1, 5, 11
_NODE_INPUT, _NODE_OUTPUT, _NODE_TYPE = 1, 2, 4
_VALUE_NAME = 1
_TENSOR_TYPE, _TENSOR_FLOATS, _TENSOR_NAME = 2, 4, 8
_FLOAT = 1
_ONE = "one"
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5


class Recogniser:
    """128 numbers of a face. May be shared by threads: a run changes nothing in it."""

    def __init__(self, model: bytes) -> None:
        """`model` is the verified file. Raises ValueError if it is no such graph."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Unpacks the weights once, while loading; they would be kept packed for kernels that count in eight bits.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        self._session = onnxruntime.InferenceSession(
            rewritten(model), options, providers=["CPUExecutionProvider"]
        )

    def feature(self, cut: Pixels) -> NDArray[np.float32]:
        """Of a face cut out as the model wants it, `SIDE` pixels square, BGR."""
        (found,) = self._session.run(None, {_INPUT: cv2.dnn.blobFromImage(cut, swapRB=True)})
        feature: NDArray[np.float32] = found.ravel()
        return feature


def rewritten(model: bytes) -> bytes:
    """The model with one input, and with x·s + max(x, 0)·(1 - s) in place of each PReLU of slope s."""
    parts = [
        _field(_MODEL_GRAPH, _graph(content)) if number == _MODEL_GRAPH else whole
        for number, whole, content in _fields(model)
    ]
    return b"".join(parts)


def _graph(graph: bytes) -> bytes:
    parts = [_field(_GRAPH_INITIALIZER, _one())]
    for number, whole, content in _fields(graph):
        if number == _GRAPH_NODE:
            parts += _without_prelu(whole, content)
        elif number != _GRAPH_INPUT or _names(content, _VALUE_NAME) == [_INPUT]:
            parts.append(whole)
    return b"".join(parts)


def _without_prelu(whole: bytes, node: bytes) -> list[bytes]:
    if _names(node, _NODE_TYPE) != ["PRelu"]:
        return [whole]
    value, slope = _names(node, _NODE_INPUT)
    (result,) = _names(node, _NODE_OUTPUT)
    above, below, rest, share = (f"{result}/{part}" for part in ("above", "below", "rest", "share"))
    return [
        _node("Sub", [_ONE, slope], rest),
        _node("Relu", [value], above),
        _node("Mul", [above, rest], share),
        _node("Mul", [value, slope], below),
        _node("Add", [below, share], result),
    ]


def _node(kind: str, inputs: list[str], output: str) -> bytes:
    told = b"".join(_field(_NODE_INPUT, name.encode()) for name in inputs)
    told += _field(_NODE_OUTPUT, output.encode()) + _field(_NODE_TYPE, kind.encode())
    return _field(_GRAPH_NODE, told)


def _one() -> bytes:
    """The number one, without dimensions."""
    kind = _varint(_TENSOR_TYPE << 3) + _varint(_FLOAT)
    return kind + _field(_TENSOR_FLOATS, np.float32(1).tobytes()) + _field(_TENSOR_NAME, _ONE.encode())


def _names(message: bytes, wanted: int) -> list[str]:
    return [content.decode() for number, _whole, content in _fields(message) if number == wanted]


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, bytes and content of each field of a protobuf message; only fields with a length have content."""
    at = 0
    while at < len(message):
        began = at
        key, at = _read_varint(message, at)
        kind, length = key & 7, 0
        if kind == _VARINT:
            _, at = _read_varint(message, at)
        elif kind == _BYTES:
            length, at = _read_varint(message, at)
        elif kind in (_FIXED_32, _FIXED_64):
            at += 4 if kind == _FIXED_32 else 8
        else:
            raise ValueError("not a protobuf message")
        yield key >> 3, message[began : at + length], message[at : at + length]
        at += length


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _varint(value: int) -> bytes:
    told = bytearray()
    while value > 0x7F:
        told.append(value & 0x7F | 0x80)
        value >>= 7
    told.append(value)
    return bytes(told)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content

"""Changes exported ONNX graphs: INT4 weights, a smaller vocabulary, or a graph without layers.

Contains pure functions of files and arrays: nothing here runs a model or knows the use of vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

BLOCK = 32
"""Weights that share one scale: the usual block of 4-bit formats."""
MIDDLE = 8
"""The nibble that means 0 among the sixteen values of an unsigned nibble."""
INT8_ACTIVATIONS = 4
"""`accuracy_level` of MatMulNBits: activations in INT8 too, its fastest kernel on a CPU."""
IR, OPSET = 10, 17
"""The oldest ONNX format with 4-bit tensors, and the operator set of the export."""
MICROSOFT = "com.microsoft"
KEPT_IDS = "ids_kept"
"""The name that `keep_pieces` gives to the ids that it looks up instead of the original ones."""


def nibbles(
    weights: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Returns weights as 4-bit numbers, 0..15, and the scale of each block of 32.

    Blocks lie along the last axis. A weight is about (nibble - 8) x scale. The value of largest
    size in a block becomes -8, so that all sixteen values are used, as in llama.cpp's Q4_0. Shapes:
    (rows, width) and (rows, width / 32). Raises ValueError when 32 does not divide the width.

    >>> nibbles(np.full((1, 32), 0.5, dtype=np.float32))[1]
    array([[-0.0625]], dtype=float32)
    """
    rows, width = weights.shape
    if width % BLOCK:
        raise ValueError(f"a width of {width} is not a multiple of {BLOCK}")
    blocks = weights.reshape(rows, width // BLOCK, BLOCK)
    largest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2, keepdims=True), axis=2)
    # A block of zeros gets scale 1, because 0 / 0 has no value.
    scale = np.where(largest == 0, 1.0, largest / -MIDDLE).astype(np.float32)
    values = np.clip(np.rint(blocks / scale) + MIDDLE, 0, 15).astype(np.uint8)
    return np.asarray(values.reshape(rows, width), np.uint8), scale[:, :, 0]


def packed(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Packs two nibbles into a byte along the last axis, the first one in the low bits.

    >>> packed(np.array([[1, 2]], dtype=np.uint8))
    array([[33]], dtype=uint8)
    """
    return np.asarray(values[..., 0::2] | (values[..., 1::2] << 4), np.uint8)


def to_int4(full: Path, out: Path) -> None:
    """Writes the float encoder with INT4 weights in every constant matrix and in the word table."""
    import onnx

    model = onnx.load(full)
    constants = _constants(model.graph)
    for node in list(model.graph.node):
        if node.op_type == "MatMul" and node.input[1] in constants:
            _int4_matmul(model.graph, node, constants[node.input[1]])
    word = _word_table(model.graph, constants)
    _int4_table(model.graph, word, constants[word.input[0]])
    _drop_unused(model.graph)
    model.opset_import.append(onnx.helper.make_opsetid(MICROSOFT, 1))
    model.ir_version = max(model.ir_version, IR)
    onnx.save(model, out)


def _int4_matmul(graph: GraphProto, node: NodeProto, weight: npt.NDArray[np.float32]) -> None:
    """Replaces a product with a constant matrix (inputs, outputs) by MatMulNBits."""
    from onnx import helper, numpy_helper

    inputs, outputs = weight.shape
    # The operator wants one row per output, hence the transposed matrix.
    values, scale = nibbles(np.ascontiguousarray(weight.T))
    data = packed(values).reshape(outputs, inputs // BLOCK, BLOCK // 2)
    name = node.input[1]
    graph.initializer.append(numpy_helper.from_array(data, f"{name}_int4"))
    graph.initializer.append(numpy_helper.from_array(scale.ravel(), f"{name}_scale"))
    small = helper.make_node(
        "MatMulNBits",
        [node.input[0], f"{name}_int4", f"{name}_scale"],
        list(node.output),
        domain=MICROSOFT,
        K=inputs,
        N=outputs,
        bits=4,
        block_size=BLOCK,
        accuracy_level=INT8_ACTIVATIONS,
    )
    node.CopyFrom(small)


def _int4_table(graph: GraphProto, node: NodeProto, table: npt.NDArray[np.float32]) -> None:
    """Replaces the look-up in the word table by GatherBlockQuantized."""
    from onnx import TensorProto, helper, numpy_helper

    values, scale = nibbles(table)
    signed = np.bitwise_xor(values, np.uint8(MIDDLE))  # 0..15 becomes -8..7: flips the highest bit
    name = node.input[0]
    graph.initializer.append(
        helper.make_tensor(
            f"{name}_int4",
            TensorProto.INT4,
            list(table.shape),
            packed(signed).tobytes(),
            raw=True,
        )
    )
    graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
    small = helper.make_node(
        "GatherBlockQuantized",
        [f"{name}_int4", node.input[1], f"{name}_scale"],
        list(node.output),
        domain=MICROSOFT,
        block_size=BLOCK,
        gather_axis=0,
        quantize_axis=1,
    )
    node.CopyFrom(small)


def keep_pieces(full: Path, kept: Sequence[int], unknown: int, out: Path) -> None:
    """Writes the encoder with a word table of only the pieces `kept`; others read as `unknown`.

    The graph itself maps old ids to new ones, so the tokeniser stays the same. Both 0, which is
    padding, and `unknown` must be kept; padding stays 0.
    """
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(full)
    constants = _constants(model.graph)
    word = _word_table(model.graph, constants)
    # `new` maps every old id to its place among the kept ones.
    table, ids = constants[word.input[0]], word.input[1]
    new = np.full(len(table), kept.index(unknown), dtype=np.int16)
    new[list(kept)] = np.arange(len(kept), dtype=np.int16)
    name = word.input[0]
    model.graph.initializer.append(numpy_helper.from_array(table[list(kept)], f"{name}_kept"))
    model.graph.initializer.append(numpy_helper.from_array(new, "kept_ids"))
    position = list(model.graph.node).index(word)
    word.input[0], word.input[1] = f"{name}_kept", KEPT_IDS
    # Each insertion goes before the last one: Gather maps old ids to new, Cast widens them (7:
    # INT64).
    model.graph.node.insert(position, helper.make_node("Cast", ["ids_short"], [KEPT_IDS], to=7))
    model.graph.node.insert(position, helper.make_node("Gather", ["kept_ids", ids], ["ids_short"]))
    _drop_unused(model.graph)
    onnx.save(model, out)


def mean_of_table(table: npt.NDArray[np.float32], out: Path) -> None:
    """Writes an encoder without layers: the mean of the rows of `table`, as a unit vector.

    Padding (id 0) must be a row of zeros. The length of the mean does not matter, so the graph
    takes the sum.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("ReduceSum", ["rows", "axis"], ["sum"], keepdims=0),
        helper.make_node("LpNormalization", ["sum"], ["embedding"], axis=1, p=2),
    ]
    graph = helper.make_graph(
        nodes,
        "static",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["rows", "tokens"])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["rows", table.shape[1]])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array([1], dtype=np.int64), "axis"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.save(model, out)


def word_table(full: Path) -> npt.NDArray[np.float32]:
    """Returns the word table of a float encoder, (pieces, width)."""
    import onnx

    graph = onnx.load(full).graph
    constants = _constants(graph)
    return constants[_word_table(graph, constants).input[0]]


def _constants(graph: GraphProto) -> dict[str, npt.NDArray[np.float32]]:
    """Returns the constant float matrices of a graph by name."""
    from onnx import numpy_helper

    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return {
        name: array
        for name, array in arrays.items()
        if array.ndim == 2 and array.dtype == np.float32
    }


def _word_table(graph: GraphProto, constants: dict[str, npt.NDArray[np.float32]]) -> NodeProto:
    """Returns the look-up of word pieces: its indices are the graph's input or derived from it."""
    given = (graph.input[0].name, KEPT_IDS)
    return next(
        node
        for node in graph.node
        if node.op_type == "Gather" and node.input[0] in constants and node.input[1] in given
    )


def _drop_unused(graph: GraphProto) -> None:
    # The old matrices would stay in the file otherwise.
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)

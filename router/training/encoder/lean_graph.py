"""Makes a quantised graph leaner, which gives the same vectors sooner.

Each attention of an exported network is thirty nodes, half of them about shapes. onnxruntime has
one node for it (QAttention), and other shapes need fewer nodes. Products of bytes stay, and so does
the order in which floats are added: on the processors that we know no vector differs by a bit. A
part that is not as our networks are exported stays as it is. It knows nothing about files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from router.training.encoder.onnx_graphs import MICROSOFT
from router.triage.devices.float_graph import drop_unused

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

HIDDEN = -10_000.0
"""What is added to the logits of padding; `student.py` adds the same."""
MASK, TOKENS = "mask", "tokens"
"""The names of new values: which ids are no padding, and how many there are in a row."""

Arrays = Mapping[str, npt.NDArray[np.generic]]


class _Read(NamedTuple):
    """Holds a graph's constants by name, and by value the node that makes it."""

    graph: GraphProto
    arrays: Arrays
    makers: Mapping[str, NodeProto]

    @classmethod
    def of(cls, graph: GraphProto) -> _Read:
        """Reads a graph. Raises ValueError for a malformed one."""
        from onnx import numpy_helper

        arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        for node in graph.node:
            if node.op_type == "Constant":
                arrays[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        return cls(graph, arrays, {name: node for node in graph.node for name in node.output})

    def back(self, name: str, *kinds: str) -> list[NodeProto]:
        """Returns the makers of a value, the last first, along nodes of these kinds; of each node
        the first input that is no constant leads on. [] where a node is of another kind."""
        found: list[NodeProto] = []
        for kind in kinds:
            maker = self.makers.get(name)
            if maker is None or maker.op_type != kind:
                return []
            found.append(maker)
            name = next((i for i in maker.input if i not in self.arrays), "")
        return found

    def constant(self, node: NodeProto) -> str:
        """Returns the name of the constant that a node reads; "" where it reads none or several."""
        names = [name for name in node.input if name in self.arrays]
        return names[0] if len(names) == 1 else ""

    def number(self, node: NodeProto) -> float | None:
        """Returns the one number that a node has as a constant, None where it has no such."""
        array = self.arrays.get(self.constant(node))
        return float(array.ravel()[0]) if array is not None and array.size == 1 else None


class _Product(NamedTuple):
    """Holds the names of a product of bytes with a bias, as onnxruntime quantises one."""

    quantized: str
    weight: str
    bias: str
    scale: str
    weight_scale: str
    zero: str


def lean(model: bytes) -> bytes:
    """Returns an ONNX model with fewer nodes and the same results; one of another kind stays as it
    is. Raises ImportError without the package onnx."""
    import onnx

    loaded = onnx.load_from_string(model)
    graph = loaded.graph
    before = graph.SerializeToString()
    attentions = [node for node in graph.node if node.op_type == "Softmax"]
    joined = sum([_join_attention(_Read.of(graph), node) for node in attentions])
    if joined:
        graph.node.insert(0, _cast(graph.input[0].name, MASK, onnx.TensorProto.INT32))
        if all(one.domain != MICROSOFT for one in loaded.opset_import):
            loaded.opset_import.append(onnx.helper.make_opsetid(MICROSOFT, 1))
    _count_tokens(_Read.of(graph))
    _ask_for_padding(_Read.of(graph))
    _divide_without_copies(_Read.of(graph))
    _drop_zeros(_Read.of(graph))
    drop_unused(graph)
    if graph.SerializeToString() == before:
        return model
    del graph.value_info[:]
    whole: bytes = loaded.SerializeToString()
    return whole


def _cast(name: str, out: str, kind: int) -> NodeProto:
    from onnx import helper

    return helper.make_node("Cast", [name], [out], to=kind)


def _join_attention(read: _Read, softmax: NodeProto) -> bool:
    """Puts one node in the place of an attention, from the product that makes query, key and value
    to the values in their order; False where it has another form."""
    from onnx import helper

    last = _after(read.graph, softmax, "MatMul", "Transpose", "Reshape")
    # From the logits back: + padding, / square root of the width, query, and its part of the three.
    first = read.back(
        softmax.input[0], "Add", "Div", "MatMul", "Squeeze", "Split", "Transpose", "Reshape"
    )
    if last is None or not first:
        return False
    divided, shaped = first[1], first[-1]
    product = _product(read, shaped.input[0])
    heads = _heads(read, shaped)
    divisor = read.number(divided)
    if product is None or heads is None or divisor is None:
        return False
    inputs = [product.quantized, product.weight, product.bias, product.scale, product.weight_scale]
    joined = helper.make_node(
        "QAttention",
        [*inputs, MASK, product.zero, _one_zero(read, product.weight)],
        list(last.output),
        domain=MICROSOFT,
        num_heads=heads,
        scale=1.0 / divisor,
        mask_filter_value=HIDDEN,
    )
    last.CopyFrom(joined)
    return True


def _after(graph: GraphProto, node: NodeProto, *kinds: str) -> NodeProto | None:
    """Returns the last of nodes of these kinds, each the only reader of the one before."""
    for kind in kinds:
        readers = [other for other in graph.node if node.output[0] in other.input]
        if len(readers) != 1 or readers[0].op_type != kind:
            return None
        node = readers[0]
    return node


def _heads(read: _Read, shaped: NodeProto) -> int | None:
    """Returns the heads of a Reshape to (rows, tokens, 3, heads, width), None for another one."""
    parts = read.makers.get(shaped.input[1])
    if parts is None or parts.op_type != "Concat" or len(parts.input) != 5:
        return None
    three, heads = (read.arrays.get(name) for name in parts.input[2:4])
    if three is None or heads is None or three.ravel().tolist() != [3]:
        return None
    return int(heads.ravel()[0])


def _product(read: _Read, name: str) -> _Product | None:
    """Returns the product that makes a value, None where it is no product of bytes with a bias."""
    makers = read.back(name, "Add", "Mul", "Cast", "MatMulInteger", "DynamicQuantizeLinear")
    if not makers:
        return None
    added, scaled, _, multiplied, quantized = makers
    scales = next((read.back(i, "Mul") for i in scaled.input if read.back(i, "Mul")), [])
    weight, zero = (read.arrays.get(i) for i in multiplied.input[1:4:2])
    if not scales or weight is None or weight.dtype != np.int8 or zero is None or zero.any():
        return None
    weight_scale, bias = read.constant(scales[0]), read.constant(added)
    if not weight_scale or not bias:
        return None
    return _Product(
        multiplied.input[0], multiplied.input[1], bias, quantized.output[1], weight_scale,
        quantized.output[2],
    )  # fmt: skip


def _one_zero(read: _Read, weight: str) -> str:
    """Adds the zero point of a matrix of weights, and returns its name.

    Each has its own: onnxruntime changes it together with the weights on some processors.
    """
    from onnx import numpy_helper

    name = f"{weight}_zero"
    read.graph.initializer.append(numpy_helper.from_array(np.zeros((), np.int8), name))
    return name


def _count_tokens(read: _Read) -> None:
    """Lets the shape itself end the slice of positions."""
    from onnx import helper

    ids = read.graph.input[0].name
    for node in [node for node in read.graph.node if node.op_type == "Slice"]:
        makers = read.back(node.input[2], "Unsqueeze", "Gather", "Shape")
        if makers and makers[-1].input[0] == ids and read.number(makers[1]) == 1.0:
            node.input[2] = TOKENS
            if read.graph.node[0].output[0] != TOKENS:
                count = helper.make_node("Shape", [ids], [TOKENS], start=1, end=2)
                read.graph.node.insert(0, count)


def _ask_for_padding(read: _Read) -> None:
    """Makes `not ids == 0` a cast, which is true of what is not zero."""
    from onnx import TensorProto

    for node in read.graph.node:
        makers = read.back(node.output[0], "Not", "Equal") if node.op_type == "Not" else []
        if makers and read.number(makers[1]) == 0.0:
            ids = next(i for i in makers[1].input if i not in read.arrays)
            node.CopyFrom(_cast(ids, node.output[0], TensorProto.BOOL))


def _divide_without_copies(read: _Read) -> None:
    """Lets a division repeat its divisor by itself, which was copied to the other's shape."""
    for node in read.graph.node:
        copied = read.makers.get(node.input[1]) if node.op_type == "Div" else None
        if copied is None or copied.op_type != "Expand":
            continue
        shape = read.makers.get(copied.input[1])
        if shape is not None and shape.op_type == "Shape" and shape.input[0] == node.input[0]:
            node.input[1] = copied.input[0]


def _drop_zeros(read: _Read) -> None:
    """Drops zero points of weights that are zero, one for each column."""
    for node in read.graph.node:
        if node.op_type == "MatMulInteger" and len(node.input) > 3:
            zero = read.arrays.get(node.input[3])
            if zero is not None and not zero.any():
                node.input.pop()

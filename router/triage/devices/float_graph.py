"""Turns the INT8 encoder into its float form for a GPU, in memory.

The shipped graph quantizes activations at run time (DynamicQuantizeLinear, MatMulInteger).
onnxruntime's CUDA provider has neither for unsigned activations: it would run them on the processor
and copy every activation there and back. So each such product becomes one MatMul of floats with the
same weights; only the rounding of activations goes. It knows nothing about sessions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from router.errors import ModelFileError

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

Arrays = dict[str, npt.NDArray[np.generic]]


def floats(model: bytes) -> bytes:
    """Returns an ONNX model whose dynamic INT8 products are products of floats.

    A model without any is returned as it is read. Raises ImportError without the package onnx, and
    ModelFileError for bytes that are no model or for a product of another form.
    """
    import onnx

    try:
        loaded = onnx.load_from_string(model)
    except Exception as error:  # protobuf's errors have no public base class
        raise ModelFileError(f"the encoder is no ONNX model: {error}") from error
    graph = loaded.graph
    arrays: Arrays = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}
    readers: dict[str, list[NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    for node in [n for n in graph.node if n.op_type == "MatMulInteger"]:
        _as_floats(graph, node, arrays, makers, readers)
    _drop_unused(graph)
    whole: bytes = loaded.SerializeToString()
    return whole


def _as_floats(
    graph: GraphProto,
    node: NodeProto,
    arrays: Arrays,
    makers: dict[str, NodeProto],
    readers: dict[str, list[NodeProto]],
) -> None:
    """Puts a MatMul in the place of the last of MatMulInteger -> Cast -> Mul(scales)."""
    from onnx import helper, numpy_helper

    quantized = makers.get(node.input[0])
    cast = _only(readers, node.output[0], "Cast")
    scaled = None if cast is None else _only(readers, cast.output[0], "Mul")
    weight = arrays.get(node.input[1])
    if quantized is None or scaled is None or cast is None or weight is None:
        raise ModelFileError(
            f"the encoder's product {node.name!r} is not as onnxruntime quantizes it; a GPU needs "
            "a model of `tiergate train triage`"
        )
    scale = _weight_scale(next(i for i in scaled.input if i != cast.output[0]), arrays, makers)
    zero = arrays[node.input[3]] if len(node.input) > 3 else np.zeros((), np.int8)
    plain = (weight.astype(np.float32) - zero.astype(np.float32)) * scale
    name = f"{node.input[1]}_float"
    graph.initializer.append(numpy_helper.from_array(plain.astype(np.float32), name))
    scaled.CopyFrom(
        helper.make_node("MatMul", [quantized.input[0], name], [scaled.output[0]], node.name)
    )


def _only(readers: dict[str, list[NodeProto]], name: str, kind: str) -> NodeProto | None:
    """Returns the one node that reads a value, where it is of this kind."""
    nodes = readers.get(name, [])
    return nodes[0] if len(nodes) == 1 and nodes[0].op_type == kind else None


def _weight_scale(
    name: str, arrays: Arrays, makers: dict[str, NodeProto]
) -> npt.NDArray[np.float32]:
    """Returns the weights' part of a product of scales: the other part is the activations'."""
    maker = makers.get(name)
    known = [arrays[i] for i in maker.input if i in arrays] if maker is not None else []
    if len(known) != 1:
        raise ModelFileError(
            f"the encoder's scale {name!r} is not as onnxruntime quantizes it; a GPU needs a model "
            "of `tiergate train triage`"
        )
    return np.asarray(known[0], np.float32)


def _drop_unused(graph: GraphProto) -> None:
    """Drops nodes and constants that nothing reads any more."""
    wanted = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            kept.append(node)
            wanted.update(node.input)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    tensors = [tensor for tensor in graph.initializer if tensor.name in wanted]
    del graph.initializer[:]
    graph.initializer.extend(tensors)

"""Turns the INT8 encoder into its float form for a GPU, in memory.

The shipped graph quantizes activations at run time (DynamicQuantizeLinear, MatMulInteger).
onnxruntime's CUDA provider has neither for unsigned activations: it would run them on the processor
and copy every activation there and back. So each such product becomes one MatMul of floats with the
same weights, and each attention that begins with one is written out; only the rounding of
activations goes. It knows nothing about sessions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from router.errors import ModelFileError

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

Arrays = dict[str, npt.NDArray[np.generic]]
BIAS = "padding_bias"
"""The name of what is added to logits: 0, and the attention's own value for padding."""


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
    _write_out(graph, arrays, makers)
    drop_unused(graph)
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


def drop_unused(graph: GraphProto) -> None:
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


def _write_out(graph: GraphProto, arrays: Arrays, makers: dict[str, NodeProto]) -> None:
    """Puts plain nodes in the place of each QAttention: a product that makes query, key and value,
    their products, and a softmax.
    """
    nodes = list(graph.node)
    attentions = [node for node in nodes if node.op_type == "QAttention"]
    if not attentions:
        return
    for number, node in enumerate(attentions):
        place = nodes.index(node)
        nodes[place : place + 1] = _written_out(graph, node, f"attention_{number}", arrays, makers)
    nodes[:0] = _bias(graph, attentions[0], makers)
    del graph.node[:]
    graph.node.extend(nodes)


def _written_out(
    graph: GraphProto,
    node: NodeProto,
    name: str,
    arrays: Arrays,
    makers: dict[str, NodeProto],
) -> list[NodeProto]:
    from onnx import helper

    quantized = makers.get(node.input[0])
    weight, bias, scale = (arrays.get(node.input[place]) for place in (1, 2, 4))
    given = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    if quantized is None or weight is None or bias is None or scale is None:
        raise ModelFileError(
            f"the encoder's attention {node.output[0]!r} is not as training writes it; a GPU needs "
            "a model of `tiergate train triage`"
        )
    heads, width = int(given["num_heads"]), weight.shape[1] // 3
    plain = weight.astype(np.float32) * scale.astype(np.float32)  # its zero point is 0

    def kept(part: str, values: npt.ArrayLike) -> str:
        return _kept(graph, f"{name}_{part}", values)

    def made(kind: str, inputs: list[str], part: str, **attributes: object) -> NodeProto:
        return helper.make_node(kind, inputs, [f"{name}_{part}"], **attributes)

    apart = kept("apart", np.array([0, 0, 3 * heads, width // heads], np.int64))
    query, key, value = (f"{name}_{part}" for part in ("query", "key", "value"))
    thirds = kept("thirds", np.full(3, heads, np.int64))
    return [
        made("MatMul", [quantized.input[0], kept("weight", plain)], "product"),
        made("Add", [f"{name}_product", node.input[2]], "biased"),
        made("Reshape", [f"{name}_biased", apart], "parts"),
        made("Transpose", [f"{name}_parts"], "heads", perm=[0, 2, 1, 3]),
        helper.make_node("Split", [f"{name}_heads", thirds], [query, key, value], axis=1),
        made("Transpose", [key], "turned", perm=[0, 1, 3, 2]),
        made("MatMul", [query, f"{name}_turned"], "alike"),
        made("Mul", [f"{name}_alike", kept("scale", np.float32(given["scale"]))], "scaled"),
        made("Add", [f"{name}_scaled", BIAS], "logits"),
        made("Softmax", [f"{name}_logits"], "shares", axis=-1),
        made("MatMul", [f"{name}_shares", value], "mixed"),
        made("Transpose", [f"{name}_mixed"], "rows", perm=[0, 2, 1, 3]),
        helper.make_node(
            "Reshape",
            [f"{name}_rows", kept("flat", np.array([0, 0, width], np.int64))],
            list(node.output),
        ),
    ]


def _bias(graph: GraphProto, attention: NodeProto, makers: dict[str, NodeProto]) -> list[NodeProto]:
    """Returns the nodes that make (rows, 1, 1, tokens) of the ids: 0 is padding."""
    from onnx import TensorProto, helper

    mask = makers.get(attention.input[5])
    if mask is None or mask.op_type != "Cast":
        raise ModelFileError(
            "the encoder's mask is not as training writes it; a GPU needs a model of "
            "`tiergate train triage`"
        )
    given = {one.name: helper.get_attribute_value(one) for one in attention.attribute}
    none = _kept(graph, f"{BIAS}_none", np.float32(0.0))
    hidden = _kept(graph, f"{BIAS}_hidden", np.float32(given["mask_filter_value"]))
    axes = _kept(graph, f"{BIAS}_axes", np.array([1, 2], np.int64))
    real, each = f"{BIAS}_real", f"{BIAS}_each"
    return [
        helper.make_node("Cast", [mask.input[0]], [real], to=TensorProto.BOOL),
        helper.make_node("Where", [real, none, hidden], [each]),
        helper.make_node("Unsqueeze", [each, axes], [BIAS]),
    ]


def _kept(graph: GraphProto, name: str, values: npt.ArrayLike) -> str:
    """Adds a constant to the graph, and returns its name."""
    from onnx import numpy_helper

    graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
    return name

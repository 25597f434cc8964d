"""Smaller networks out of the teacher and the student, without training any further.

Everything is expressed in the student's own class, since the teacher is a BERT of another shape:
what is pruned is really gone from the file and from the arithmetic, except in `zeroed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from router.training.teacher import TEACHER_WIDTH
from router.training.teacher import network as bert

if TYPE_CHECKING:
    from torch import Tensor

    from router.training.student import Student

TEACHER_LAYERS, TEACHER_HEADS, TEACHER_HIDDEN = 6, 12, 1_536
HEAD_WIDTH = 32
"""Columns of one attention head, in the teacher and in every student."""

SMOOTHING = 1e-3
"""The `a` of a piece's weight a / (a + share): Arora et al. 2017 name 1e-3 to 1e-4."""


def load_student(path: Path) -> Student:
    """The trained student of a work folder; its shape is read from the weights themselves."""
    import torch

    from router.training.student import Shape, build

    weights = torch.load(path, weights_only=True)
    vocabulary, width = weights["word.weight"].shape
    layers = {name.split(".")[1] for name in weights if name.startswith("layers.")}
    shape = Shape(
        width=width,
        heads=width // HEAD_WIDTH,
        hidden=len(weights["layers.0.up.bias"]),
        layers_of_teacher=tuple(range(len(layers))),
        vocabulary=vocabulary,
        positions=len(weights["position.weight"]),
    )
    student = build(shape, 0)
    student.load_state_dict(weights)
    student.eval()
    return student


def teacher_network(
    layers: Sequence[int] = range(TEACHER_LAYERS), hidden: int = TEACHER_HIDDEN
) -> Student:
    """The teacher's own weights, some of its layers and the `hidden` strongest neurons of each.

    A neuron's strength is the length of its weights in times that of its weights out. Of 512
    positions the 128 that are read are kept. With all layers and neurons it is the teacher.
    """
    import torch

    from router.training.student import Shape, build

    teacher = bert()
    shape = Shape(TEACHER_WIDTH, TEACHER_HEADS, hidden, tuple(layers))
    network = build(shape, 0)
    network.eval()
    table = teacher.embeddings
    with torch.no_grad():
        kind = table.token_type_embeddings.weight[0]
        network.word.weight.copy_(table.word_embeddings.weight + kind)
        network.position.weight.copy_(table.position_embeddings.weight[: shape.positions])
        network.norm.load_state_dict(table.LayerNorm.state_dict())
        for layer, number in zip(network.layers, layers, strict=True):
            source = teacher.encoder.layer[number]
            attention = source.attention.self
            parts = (attention.query, attention.key, attention.value)
            layer.qkv.weight.copy_(torch.cat([part.weight for part in parts]))
            layer.qkv.bias.copy_(torch.cat([part.bias for part in parts]))
            layer.out.load_state_dict(source.attention.output.dense.state_dict())
            layer.norm_attention.load_state_dict(source.attention.output.LayerNorm.state_dict())
            up, down = source.intermediate.dense, source.output.dense
            kept = strongest(up.weight, down.weight, hidden)
            layer.up.weight.copy_(up.weight[kept])
            layer.up.bias.copy_(up.bias[kept])
            layer.down.weight.copy_(down.weight[:, kept])
            layer.down.bias.copy_(down.bias)
            layer.norm_output.load_state_dict(source.output.LayerNorm.state_dict())
    return network


def strongest(up: Tensor, down: Tensor, count: int) -> Tensor:
    """Indices, ascending, of the `count` neurons whose weights in and out are longest together."""
    return (up.norm(dim=1) * down.norm(dim=0)).topk(count).indices.sort().values


def zeroed(network: Student, share: float) -> Student:
    """The network with the smallest `share` of each layer matrix set to zero, in place.

    The file and the arithmetic stay as large as they were: this is pruning by magnitude as it is
    mostly reported, on a runtime without sparse kernels.
    """
    import torch

    with torch.no_grad():
        for name, weight in network.layers.named_parameters():
            if weight.ndim == 2 and name.endswith("weight"):
                size = weight.abs()
                weight[size < size.flatten().kthvalue(max(1, int(share * size.numel()))).values] = 0
    return network


def projected(rows: Sequence[Sequence[int]], seed: int) -> Student:
    """The student before any training: the teacher's principal directions, fitted on `rows`."""
    from router.training.student import Shape, build, start_from_teacher

    network = build(Shape(), seed)
    start_from_teacher(network, rows)
    network.eval()
    return network


def table_read_alone(
    network: Student, counts: npt.NDArray[np.int64], batch: int = 2_048
) -> npt.NDArray[np.float32]:
    """What the network says of each word piece alone, [CLS] piece [SEP], weighted: (pieces, width).

    The weight falls with the piece's share of `counts` (Arora et al. 2017), and the mean over the
    counted pieces is taken away, as in Model2Vec. Padding (id 0) is a row of zeros.
    """
    import torch

    pieces = torch.arange(len(counts))
    ids = torch.stack([torch.full_like(pieces, 101), pieces, torch.full_like(pieces, 102)], dim=1)
    with torch.inference_mode():
        read = torch.cat([network(part) for part in ids.split(batch)]).numpy()
    share = (counts + 1) / (counts + 1).sum()
    table = (read - share @ read) * (SMOOTHING / (SMOOTHING + share))[:, None]
    table[0] = 0.0
    return np.asarray(table, np.float32)

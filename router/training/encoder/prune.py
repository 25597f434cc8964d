"""Makes smaller networks out of the teacher and the student, without further training.

The stage `prune` applies `smaller` to a trained student; the rest serves the comparison of
variants. All of them are instances of the student's own class, since the teacher is a BERT of
another shape. Pruned parts are really gone from the file and from the arithmetic, except in
`zeroed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.training.encoder.teacher import HEAD_WIDTH, TEACHER_WIDTH, padded
from router.training.encoder.teacher import network as bert
from router.training.options import Pruning

if TYPE_CHECKING:
    from torch import Tensor

    from router.training.encoder.student import Student

TEACHER_LAYERS, TEACHER_HEADS, TEACHER_HIDDEN = 6, 12, 1_536
UNKNOWN, MARKERS = 100, (0, 100, 101, 102, 103)
"""[UNK], and the ids that every vocabulary keeps: padding, [UNK], [CLS], [SEP], [MASK]."""

SMOOTHING = 1e-3
"""The `a` of a piece's weight a / (a + share): Arora et al. 2017 name 1e-3 to 1e-4."""


def load_student(path: Path) -> Student:
    """Returns the trained student of a work folder; its weights give its shape."""
    import torch

    from router.training.encoder.student import Shape, build

    weights = torch.load(path, weights_only=True)
    student = build(Shape.of(weights), 0)
    student.load_state_dict(weights)
    student.eval()
    return student


def teacher_network(
    layers: Sequence[int] = range(TEACHER_LAYERS), hidden: int = TEACHER_HIDDEN
) -> Student:
    """Returns the teacher's own weights: some layers, and the `hidden` strongest neurons of each.

    A neuron's strength is the length of its input weights times that of its output weights. Of 512
    positions the 128 that are read are kept. With all layers and neurons it is the teacher.
    """
    import torch

    from router.training.encoder.student import Shape, build

    teacher = bert()
    shape = Shape(TEACHER_WIDTH, TEACHER_HEADS, HEAD_WIDTH, hidden, tuple(layers))
    network = build(shape, 0)
    network.eval()
    table = teacher.embeddings
    with torch.no_grad():
        # Every text is one segment, so the segment's vector can be added to each word's for good.
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
    """Returns the ascending indices of the `count` neurons with the longest weights in and out."""
    return (up.norm(dim=1) * down.norm(dim=0)).topk(count).indices.sort().values


def smaller(student: Student, left: Pruning, rows: Sequence[Sequence[int]]) -> Student:
    """Returns the student with fewer layers, heads and neurons: those that matter least are
    removed.

    Layers: of all ways to keep so many, the one whose vectors on `rows` stay nearest. Heads: those
    that move the residual stream most are kept. Neurons: those of largest mean size times the
    length of their output weights. Nothing is trained afterwards, and word pieces stay. Raises
    TrainingDataError when more shall stay than there is.
    """
    size_of = {
        "layers": len(student.layers),
        "heads": student.shape.heads,
        "neurons": student.shape.hidden,
        "vocabulary": student.shape.vocabulary,
    }
    for name, count in asdict(left).items():
        if count > size_of[name]:
            raise TrainingDataError(f"--prune {name}={count}: the student has {size_of[name]}")
    ids = padded(rows)
    small = student
    if left.layers and left.layers < size_of["layers"]:
        ways = combinations(range(size_of["layers"]), left.layers)
        small = max(
            (_with_layers(student, way) for way in ways), key=lambda one: _alike(student, one, ids)
        )
    if left.heads or left.neurons:
        small = _narrowed(
            small, left.heads or size_of["heads"], left.neurons or size_of["neurons"], ids
        )
    return small


def _with_layers(student: Student, kept: Sequence[int]) -> Student:
    from router.training.encoder.student import build

    small = build(replace(student.shape, layers_of_teacher=tuple(kept)), 0)
    weights = {
        name: weight
        for name, weight in student.state_dict().items()
        if not name.startswith("layers.")
    }
    for place, number in enumerate(kept):
        for name, weight in student.layers[number].state_dict().items():
            weights[f"layers.{place}.{name}"] = weight
    small.load_state_dict(weights)
    small.eval()
    return small


def _narrowed(student: Student, heads: int, neurons: int, ids: Tensor) -> Student:
    """Returns the student with so many heads and neurons in each layer."""
    import torch

    from router.training.encoder.student import build

    shape = student.shape
    small = build(replace(shape, heads=heads, hidden=neurons), 0)
    weights = dict(student.state_dict())
    for number, (mixed, active) in enumerate(_watched(student, ids)):
        layer, prefix = student.layers[number], f"layers.{number}."
        moved = [
            (mixed[:, part] @ layer.out.weight[:, part].T).norm(dim=1).mean()
            for part in torch.arange(shape.heads * HEAD_WIDTH).split(HEAD_WIDTH)
        ]
        best = torch.stack(moved).topk(heads).indices.sort().values
        columns = (best[:, None] * HEAD_WIDTH + torch.arange(HEAD_WIDTH)).flatten()
        inner = shape.heads * HEAD_WIDTH
        # The joint projection stacks query, key and value; each loses the same columns.
        joint = torch.cat([columns, columns + inner, columns + 2 * inner])
        effect = active.abs().mean(0) * layer.down.weight.norm(dim=0)
        kept = effect.topk(neurons).indices.sort().values
        weights[prefix + "qkv.weight"] = layer.qkv.weight[joint]
        weights[prefix + "qkv.bias"] = layer.qkv.bias[joint]
        weights[prefix + "out.weight"] = layer.out.weight[:, columns]
        weights[prefix + "up.weight"] = layer.up.weight[kept]
        weights[prefix + "up.bias"] = layer.up.bias[kept]
        weights[prefix + "down.weight"] = layer.down.weight[:, kept]
    small.load_state_dict(weights)
    small.eval()
    return small


def _watched(student: Student, ids: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Returns, per layer, the outputs of heads and neurons at every token that is not padding."""
    import torch

    real = ids != 0  # (rows, tokens)
    seen: list[Tensor] = []
    hooks = [
        part.register_forward_pre_hook(lambda _, given: seen.append(given[0][real]))
        for layer in student.layers
        for part in (layer.out, layer.down)
    ]
    with torch.inference_mode():
        student(ids)
    for hook in hooks:
        hook.remove()
    return list(zip(seen[0::2], seen[1::2], strict=True))


def _alike(one: Student, other: Student, ids: Tensor) -> float:
    """Returns the mean cosine between the vectors of two students."""
    import torch

    with torch.inference_mode():
        return float((one(ids) * other(ids)).sum(dim=1).mean())


def cosine(one: Student, other: Student, rows: Sequence[Sequence[int]]) -> float:
    """Returns the mean cosine between the vectors of two students for token rows."""
    return _alike(one, other, padded(rows))


def most_seen(rows: Sequence[Sequence[int]], vocabulary: int, count: int) -> npt.NDArray[np.int64]:
    """Returns the sorted ids of the `count` most frequent word pieces in `rows`, with the markers.

    >>> most_seen([[101, 7, 7, 9, 102]], 200, 6).tolist()
    [0, 7, 100, 101, 102, 103]
    """
    often = np.bincount(np.concatenate([np.asarray(row) for row in rows]), minlength=vocabulary)
    often[list(MARKERS)] = often.sum() + 1  # ranks markers before everything
    return np.sort(np.argsort(-often, kind="stable")[: max(count, len(MARKERS))])


def zeroed(network: Student, share: float) -> Student:
    """Sets the smallest `share` of each layer matrix to zero, in place; returns the network.

    File and arithmetic stay as large as before: this is pruning by magnitude as it is mostly
    reported, on a runtime without sparse kernels.
    """
    import torch

    with torch.no_grad():
        for name, weight in network.layers.named_parameters():
            if weight.ndim == 2 and name.endswith("weight"):
                size = weight.abs()
                weight[size < size.flatten().kthvalue(max(1, int(share * size.numel()))).values] = 0
    return network


def projected(rows: Sequence[Sequence[int]], seed: int) -> Student:
    """Returns the student before any training: the teacher's principal directions on `rows`."""
    from router.training.encoder.student import Shape, build, start_from_teacher

    network = build(Shape(), seed)
    start_from_teacher(network, rows)
    network.eval()
    return network


def table_read_alone(network: Student, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Returns the network's weighted vector of each single word piece, (pieces, width).

    The network reads [CLS] piece [SEP]. The weight falls with the piece's share of `counts` (Arora
    et al. 2017), and the mean over the counted pieces is subtracted, as in Model2Vec. Padding (id
    0) is a row of zeros.
    """
    import torch

    pieces = torch.arange(len(counts))
    ids = torch.stack([torch.full_like(pieces, 101), pieces, torch.full_like(pieces, 102)], dim=1)
    with torch.inference_mode():
        read = torch.cat([network(part) for part in ids.split(2_048)]).numpy()
    share = (counts + 1) / (counts + 1).sum()
    # Common pieces say little about a text, so their vectors count less.
    table = (read - share @ read) * (SMOOTHING / (SMOOTHING + share))[:, None]
    table[0] = 0.0
    return np.asarray(table, np.float32)

"""Builds the student: a narrow BERT (192 wide, 3 layers) that starts from the teacher's weights.

`build` returns an untrained network. `start_from_teacher` projects the teacher into it: hidden
states onto their 192 principal directions, the 6 most used of 12 heads, the 768 most used of 1,536
neurons, each layer norm refitted by least squares. Distillation then starts near its goal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from router.training.encoder.teacher import HEAD_WIDTH, TEACHER_WIDTH, padded
from router.training.encoder.teacher import network as teacher_network


@dataclass(frozen=True, slots=True)
class Shape:
    """Gives the student's size; its layers start from the teacher's `layers_of_teacher`."""

    width: int = 192
    heads: int = 6
    head_width: int = HEAD_WIDTH
    hidden: int = 768
    layers_of_teacher: tuple[int, ...] = (0, 2, 5)
    vocabulary: int = 30_522
    positions: int = 128
    dropout: float = 0.1
    """Applied in training only, before each residual sum and after the embedding."""

    @classmethod
    def of(cls, weights: Mapping[str, Any]) -> Shape:
        """Returns the shape of a student by its arrays or tensors."""
        vocabulary, width = weights["word.weight"].shape
        layers = {name.split(".")[1] for name in weights if name.startswith("layers.")}
        return cls(
            width=width,
            heads=len(weights["layers.0.qkv.bias"]) // 3 // HEAD_WIDTH,
            hidden=len(weights["layers.0.up.bias"]),
            layers_of_teacher=tuple(range(len(layers))),
            vocabulary=vocabulary,
            positions=len(weights["position.weight"]),
        )


class Layer(nn.Module):
    """Computes one post-norm transformer layer, with one projection for query, key and value."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.head_width = shape.heads, shape.head_width
        inner = shape.heads * shape.head_width
        self.qkv = nn.Linear(shape.width, 3 * inner)
        self.out = nn.Linear(inner, shape.width)
        self.norm_attention = nn.LayerNorm(shape.width, eps=1e-12)
        self.up = nn.Linear(shape.width, shape.hidden)
        self.down = nn.Linear(shape.hidden, shape.width)
        self.norm_output = nn.LayerNorm(shape.width, eps=1e-12)
        self.drop = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """Maps (batch, tokens, width) to the same; `bias` is 0, for padding very negative."""
        batch, tokens, _ = x.shape
        joint = self.qkv(x).view(batch, tokens, 3, self.heads, self.head_width)
        query, key, value = joint.permute(2, 0, 3, 1, 4)  # each (batch, heads, tokens, head width)
        # The exporter of this operator set knows no fused attention, so it is written out.
        if torch.onnx.is_in_onnx_export():
            logits = query @ key.transpose(-1, -2) / math.sqrt(self.head_width)
            mixed = torch.softmax(logits + bias, dim=-1) @ value
        else:
            mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        mixed = mixed.transpose(1, 2).reshape(batch, tokens, self.heads * self.head_width)
        x = self.norm_attention(x + self.drop(self.out(mixed)))
        return self.norm_output(x + self.drop(self.down(functional.gelu(self.up(x)))))


class Student(nn.Module):
    """Maps token ids to one unit vector per row; `to_teacher` is used in training only."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.word = nn.Embedding(shape.vocabulary, shape.width)
        self.position = nn.Embedding(shape.positions, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(shape) for _ in shape.layers_of_teacher)
        self.drop = nn.Dropout(shape.dropout)
        self.to_teacher = nn.Linear(shape.width, TEACHER_WIDTH, bias=False)

    def pooled(self, ids: Tensor) -> Tensor:
        """Returns the mean of the last layer over the tokens that are not padding, (rows,
        width)."""
        mask = (ids != 0).to(self.word.weight.dtype)  # (rows, tokens)
        bias = ((1.0 - mask) * -10_000.0)[:, None, None, :]
        x = self.drop(self.norm(self.word(ids) + self.position.weight[: ids.shape[1]]))
        for layer in self.layers:
            x = layer(x, bias.to(x.dtype))
        weight = mask.unsqueeze(-1)
        return (x * weight).sum(1) / weight.sum(1)

    def forward(self, ids: Tensor) -> Tensor:
        return functional.normalize(self.pooled(ids), dim=-1)


def build(shape: Shape, seed: int) -> Student:
    """Returns an untrained student with BERT's usual initial spread."""
    torch.manual_seed(seed)
    student = Student(shape)
    for module in student.modules():
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
    return student


@torch.no_grad()
def start_from_teacher(student: Student, rows: Sequence[Sequence[int]]) -> None:
    """Projects the teacher into the student in place, fitted on `rows` (about 700 token rows)."""
    shape = student.shape
    teacher = teacher_network()
    ids = padded(rows)
    real = ids != 0
    embedded, seen = _watch(teacher, ids, real)
    basis, mean = _principal(torch.cat([embedded, *seen["outputs"]]), shape.width)
    # A bias can put back what the projection takes from every state alike.
    lost = mean - basis @ (basis.T @ mean)  # the mean of what the projection drops

    # The projected words and positions; the segment's vector goes into every word.
    table = teacher.embeddings
    kind = table.token_type_embeddings.weight[0]
    student.word.weight.copy_((table.word_embeddings.weight + kind) @ basis)
    student.position.weight.copy_(table.position_embeddings.weight[: shape.positions] @ basis)
    student.to_teacher.weight.copy_(basis)

    x = student.word(ids) + student.position.weight[: ids.shape[1]]
    x = _refit(student.norm, x, embedded @ basis, real)
    # (rows, 1, 1, tokens): hides padding from attention.
    bias = torch.where(real, 0.0, -10_000.0)[:, None, None, :]
    # Each layer is fitted on the output of the layers fitted before it, so errors do not add up.
    for layer, number in zip(student.layers, shape.layers_of_teacher, strict=True):
        source = teacher.encoder.layer[number]
        heads = _used_heads(source, seen["contexts"][number], shape)
        attention = source.attention.self
        parts = (attention.query, attention.key, attention.value)
        layer.qkv.weight.copy_(torch.cat([part.weight[heads] @ basis for part in parts]))
        layer.qkv.bias.copy_(
            torch.cat([part.bias[heads] + part.weight[heads] @ lost for part in parts])
        )
        dense = source.attention.output.dense
        layer.out.weight.copy_(basis.T @ dense.weight[:, heads])
        layer.out.bias.copy_(basis.T @ dense.bias)
        joint = layer.qkv(x).view(*x.shape[:2], 3, shape.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = joint
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        x = x + layer.out(mixed.transpose(1, 2).reshape(x.shape))
        x = _refit(layer.norm_attention, x, seen["attended"][number] @ basis, real)

        neurons = _used_neurons(source, seen["neurons"][number], basis, shape.hidden)
        up, down = source.intermediate.dense, source.output.dense
        layer.up.weight.copy_(up.weight[neurons] @ basis)
        layer.up.bias.copy_(up.bias[neurons] + up.weight[neurons] @ lost)
        layer.down.weight.copy_(basis.T @ down.weight[:, neurons])
        layer.down.bias.copy_(basis.T @ down.bias)
        x = x + layer.down(functional.gelu(layer.up(x)))
        x = _refit(layer.norm_output, x, seen["outputs"][number] @ basis, real)


def _watch(teacher: nn.Module, ids: Tensor, real: Tensor) -> tuple[Tensor, dict[str, list[Tensor]]]:
    """Runs the teacher; returns its embedding output and, per layer, the states to fit on."""
    kept: dict[str, list[Tensor]] = {
        name: [] for name in ("contexts", "attended", "neurons", "outputs")
    }

    def keep(name: str) -> object:
        def hook(_: nn.Module, __: object, output: object) -> None:
            value: Tensor = output[0] if isinstance(output, tuple) else output
            kept[name].append(value[real])

        return hook

    hooks = []
    for layer in teacher.encoder.layer:
        hooks.append(layer.attention.self.register_forward_hook(keep("contexts")))
        hooks.append(layer.attention.output.register_forward_hook(keep("attended")))
        hooks.append(layer.intermediate.register_forward_hook(keep("neurons")))
        hooks.append(layer.output.register_forward_hook(keep("outputs")))
    embedded: list[Tensor] = []
    hooks.append(teacher.embeddings.register_forward_hook(lambda *a: embedded.append(a[2][real])))
    teacher(ids, attention_mask=real.long())
    for hook in hooks:
        hook.remove()
    return embedded[0], kept


def _principal(states: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Returns the `width` leading principal directions as columns, (full, width), and the mean."""
    mean = states.mean(0)
    centred = states - mean
    # Eigenvalues ascend, so the leading directions are the last columns.
    _, vectors = torch.linalg.eigh(centred.T @ centred / len(centred))  # ascending eigenvalues
    return vectors[:, -width:].flip(1), mean


def _refit(norm: nn.LayerNorm, x: Tensor, target: Tensor, real: Tensor) -> Tensor:
    """Fits scale and shift of a layer norm to `target` by least squares; returns its output."""
    plain = functional.layer_norm(x, x.shape[-1:], eps=norm.eps)
    inside = plain[real]  # (tokens, width)
    mean, aim = inside.mean(0), target.mean(0)
    # Per column: scale = cov(x, target) / var(x), the least-squares line.
    covariance = ((inside - mean) * (target - aim)).mean(0)
    scale = covariance / inside.var(0, unbiased=False).clamp_min(1e-6)
    norm.weight.copy_(scale)
    norm.bias.copy_(aim - scale * mean)
    return norm(x)


def _used_heads(layer: nn.Module, context: Tensor, shape: Shape) -> Tensor:
    """Returns the rows of the projections of the heads that move the residual stream most."""
    size = layer.attention.self.attention_head_size
    weight = layer.attention.output.dense.weight
    moved = [
        (context[:, start : start + size] @ weight[:, start : start + size].T).norm(dim=1).mean()
        for start in range(0, weight.shape[1], size)
    ]
    best = torch.stack(moved).topk(shape.heads).indices.sort().values
    return (best[:, None] * size + torch.arange(size)).flatten()


def _used_neurons(layer: nn.Module, activity: Tensor, basis: Tensor, count: int) -> Tensor:
    """Returns the indices of the neurons with the largest mean effect in the kept directions."""
    # (neurons,): mean size times the length of the output weights that the projection keeps.
    effect = activity.abs().mean(0) * (basis.T @ layer.output.dense.weight).norm(dim=0)
    return effect.topk(count).indices.sort().values

"""Makes a reader of fewer layers out of a trained one: it learns to say what the whole one says.

A reader maps rows of ids to numbers, (rows, numbers), by a BERT that is its `network`. The smaller
one begins with some of its layers, and needs no labels: any text teaches it. Contains torch.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from router.training.batching import by_length
from router.training.encoder.precision import quickest
from router.training.encoder.student import Student, build
from router.training.encoder.teacher import padded
from router.training.progress import track

READ_TOGETHER = 256
STANDING = ("word", "position", "norm", "to_teacher")
"""Parts of a BERT that stay as they are: what words mean is known."""

Rows = Sequence[Sequence[int]]
Numbers = npt.NDArray[np.float32]


class Reader(Protocol):
    """Describes a module with a BERT."""

    network: Student


ReaderT = TypeVar("ReaderT", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class Plan:
    """Says which layers are kept, how long and how fast is trained; the defaults are what ships."""

    layers: tuple[int, ...] = (0, 2, 5)
    epochs: int = 4
    rate: float = 3e-4
    rows: int = 64
    warmup_share: float = 0.06
    seed: int = 7


def fewer(reader: ReaderT, layers: Sequence[int]) -> ReaderT:
    """Returns a copy of a reader whose network has only these layers, in this order."""
    whole = cast("Reader", reader).network
    network = build(replace(whole.shape, layers_of_teacher=tuple(layers)), 0)
    states = whole.state_dict()
    for place, layer in enumerate(layers):
        own = {k: v for k, v in states.items() if k.startswith(f"layers.{layer}.")}
        network.layers[place].load_state_dict(
            {name.split(".", 2)[2]: value for name, value in own.items()}
        )
    for name in STANDING:
        getattr(network, name).load_state_dict(getattr(whole, name).state_dict())
    small = deepcopy(reader)
    cast("Reader", small).network = network
    return small


@torch.no_grad()
def said(reader: nn.Module, rows: Rows, device: str, *, progress: bool = False) -> Numbers:
    """Returns what a reader says of token rows, (rows, numbers)."""
    reader = reader.to(device).eval()
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    groups = [order[i : i + READ_TOGETHER] for i in range(0, len(order), READ_TOGETHER)]
    out: Numbers | None = None
    for group in track(groups, "what the whole network says", progress):
        with quickest(device):
            found = reader(padded([rows[row] for row in group]).to(device)).float().cpu().numpy()
        if out is None:
            out = np.zeros((len(rows), found.shape[1]), np.float32)
        out[group] = found
    assert out is not None, "no row to read"
    return out


def distil(
    small: nn.Module, rows: Rows, goals: Numbers, plan: Plan, device: str, *, progress: bool = False
) -> None:
    """Trains a smaller reader in place to say the goals, (rows, numbers), of token rows.

    Each number counts by its own spread, so that a class with small logits is learnt too.
    """
    torch.manual_seed(plan.seed)
    rng = random.Random(plan.seed)
    network = cast("Reader", small).network
    for name in STANDING:
        getattr(network, name).requires_grad_(False)
    small.to(device).train()
    spread = torch.from_numpy(goals.std(axis=0) + 1e-3).to(device)
    weights = [p for p in small.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=plan.rate, weight_decay=0.01, fused=True)
    batches = [
        batch
        for _ in range(plan.epochs)
        for batch in by_length(list(range(len(rows))), plan.rows, lambda row: len(rows[row]), rng)
    ]
    for step, batch in enumerate(track(batches, "fewer layers", progress)):
        share = step / len(batches)
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * min(share / plan.warmup_share, 1.0) * (1.0 - share)
        with quickest(device):
            numbers: Tensor = small(padded([rows[row] for row in batch]).to(device)).float()
        goal = torch.from_numpy(goals[batch]).to(device)
        loss = functional.mse_loss(numbers / spread, goal / spread)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
    small.to("cpu").eval()

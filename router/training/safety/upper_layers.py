"""Trains the upper layers of the sentence encoder all-MiniLM-L6-v2 to read harm and grave matters.

The lower layers stay as they are, so what they make of each text is computed once and serves every
fit: with authors held out, and the last one on all lines. Contains torch; knows nothing of authors.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from router.stats.calibration import Floats
from router.training.batching import by_length
from router.training.data.authors.grave_texts import GRAVE, SECTIONS
from router.training.encoder.precision import quickest
from router.training.encoder.prune import teacher_network
from router.training.encoder.student import Student
from router.training.encoder.teacher import TEACHER_WIDTH, padded
from router.training.progress import track

LOWER = 4
"""Layers that stay: one pass over all texts costs four of them, and each step only the other two.
The mean of the fourth layer already told harm better than the last one did, untrained."""
STATES = "states.{}.npy"
READ_TOGETHER = 64

Rows = Sequence[Sequence[int]]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plan:
    """Says how long and how fast is trained; the defaults are what ships."""

    epochs: int = 3
    rate: float = 2e-4
    rows: int = 32
    warmup_share: float = 0.06
    harmful_weight: float = 1.6
    grave_weight: float = 1.3
    """Weight of a grave text's loss to a harmless one's, both where the text's matter is known."""
    matter_share: float = 0.5
    """Weight of telling matters apart to telling grave ones from the others."""
    smoothing: float = 0.02
    everyday: int = 9_000
    """Texts of other people in an epoch, drawn anew."""
    seed: int = 7


class States:
    """Holds what the lower layers make of texts: (tokens of all texts, width), half precision."""

    def __init__(self, values: npt.NDArray[np.float16], lengths: Sequence[int]) -> None:
        self.lengths = np.asarray(lengths)
        self._starts = np.concatenate([[0], np.cumsum(self.lengths)])
        self._values = values

    @classmethod
    def of(cls, rows: Rows, work: Path, device: str = "cpu", *, progress: bool = False) -> States:
        """Computes the states of token rows, or reads them where the work folder has them.

        The folder keeps those of the latest rows alone, which may have a gigabyte.
        """
        lengths = [len(row) for row in rows]
        path = work / STATES.format(_digest(rows))
        if not path.is_file():
            for old in work.glob(STATES.format("*")):
                old.unlink()
            part = path.with_suffix(f".{random.getrandbits(32):08x}")
            with part.open("wb") as file:
                np.save(file, _lower(rows, lengths, device, progress))
            part.replace(path)
        return cls(np.load(path, mmap_mode="r"), lengths)

    def batch(self, rows: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Returns the states of some texts, (rows, tokens, width), and a mask of their tokens."""
        longest = int(self.lengths[list(rows)].max())
        states = torch.zeros(len(rows), longest, TEACHER_WIDTH)
        mask = torch.zeros(len(rows), longest)
        for place, row in enumerate(rows):
            own = self._values[self._starts[row] : self._starts[row + 1]]
            states[place, : len(own)] = torch.from_numpy(np.asarray(own, np.float32))
            mask[place, : len(own)] = 1.0
        return states, mask

    def by_length(self, rows: Sequence[int]) -> list[int]:
        """Returns rows in the order of their length, so that a batch needs little padding."""
        return sorted(rows, key=lambda row: int(self.lengths[row]))


def _digest(rows: Rows) -> str:
    """Returns a name for these rows, other than that of any other ones."""
    parts = (np.asarray([len(row), *row], dtype=np.int32).tobytes() for row in rows)
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


@torch.no_grad()
def _lower(
    rows: Rows, lengths: Sequence[int], device: str, progress: bool
) -> npt.NDArray[np.float16]:
    network = teacher_network(range(LOWER)).to(device)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    values = np.zeros((starts[-1], TEACHER_WIDTH), np.float16)
    order = sorted(range(len(rows)), key=lengths.__getitem__)
    groups = [order[i : i + READ_TOGETHER] for i in range(0, len(order), READ_TOGETHER)]
    for group in track(groups, "lower layers", progress):
        ids = padded([rows[row] for row in group]).to(device)
        mask = (ids != 0).float()
        with quickest(device):
            x = network.norm(network.word(ids) + network.position.weight[: ids.shape[1]])
            for layer in network.layers:
                x = layer(x, _bias(mask).to(x.dtype))
        for place, row in enumerate(group):
            values[starts[row] : starts[row + 1]] = x[place, : lengths[row]].float().cpu().numpy()
    return values


def _bias(mask: Tensor) -> Tensor:
    return ((1.0 - mask) * -10_000.0)[:, None, None, :]


class Upper(nn.Module):
    """Maps states to the log-odds of harm and the logits of grave matters' classes: the upper
    layers, a mean, and a direction for each."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = teacher_network().layers[LOWER:]
        self.head = nn.Linear(TEACHER_WIDTH, 1 + len(SECTIONS))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        x = states
        with quickest(states.device.type):
            for layer in self.layers:
                x = layer(x, _bias(mask).to(x.dtype))
        weight = mask.unsqueeze(-1)
        pooled = (x.float() * weight).sum(1) / weight.sum(1)
        logits: Tensor = self.head(pooled)  # (rows, 1 + classes)
        return logits

    def whole(self) -> nn.Module:
        """Returns the network from word pieces to means, with the trained upper layers."""
        network = teacher_network()
        network.layers[LOWER:].load_state_dict(self.layers.state_dict())
        return Means(network).eval()

    @property
    def directions(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Returns the weights (width, 1 + classes) and the biases that make a mean its logits."""
        weight, bias = self.head.weight.detach().numpy(), self.head.bias.detach().numpy()
        return weight.T.astype(np.float32), bias.astype(np.float32)


class Means(nn.Module):
    """Maps token ids to the mean of the last layer, whose length counts too."""

    def __init__(self, network: Student) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor) -> Tensor:
        return self.network.pooled(ids)


def train(
    states: States,
    harmful: npt.NDArray[np.bool_],
    sections: Numbers,
    ours: Sequence[int],
    everyday: Sequence[int],
    plan: Plan,
    device: str = "cpu",
    *,
    progress: bool = False,
) -> Upper:
    """Returns the upper layers, trained on the rows `ours` and some of `everyday` each epoch.

    `sections` has the place of each row's section in SECTIONS, -1 where nobody sorted it: such a
    row teaches harm alone.
    """
    torch.manual_seed(plan.seed)
    rng, upper = random.Random(plan.seed), Upper()
    upper.to(device).train()
    fast = list(upper.head.parameters())
    groups = [
        {"params": list(upper.layers.parameters()), "peak": plan.rate},
        {"params": fast, "peak": plan.rate * 10.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=plan.rate, weight_decay=0.01, fused=True)
    batches = [
        batch for _ in range(plan.epochs) for batch in _epoch(states, ours, everyday, plan, rng)
    ]
    weight = torch.tensor(plan.harmful_weight, device=device)
    for step, batch in enumerate(track(batches, "upper layers", progress)):
        share = step / len(batches)
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * min(share / plan.warmup_share, 1.0) * (1.0 - share)
        logits = upper(*[part.to(device) for part in states.batch(batch)])
        goal = _smoothed(torch.from_numpy(harmful[batch]), plan).to(device)
        loss = functional.binary_cross_entropy_with_logits(logits[:, 0], goal, pos_weight=weight)
        matters = torch.from_numpy(sections[batch]).to(device)
        known = matters >= 0
        if known.any():
            loss = loss + _grave_loss(logits[known, 1:], matters[known], plan) / len(batch)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(upper.parameters(), 1.0)
        optimiser.step()
    upper.cpu().eval()
    return upper


def _smoothed(goal: Tensor, plan: Plan) -> Tensor:
    return goal.float() * (1.0 - 2.0 * plan.smoothing) + plan.smoothing


def _grave_loss(logits: Tensor, matters: Tensor, plan: Plan) -> Tensor:
    """Returns the sum of the losses of rows whose section is known: is it grave, and what is it."""
    grave = matters < len(GRAVE)
    weights = torch.where(grave, plan.grave_weight, 1.0)
    odds = logits[:, : len(GRAVE)].logsumexp(1) - logits[:, len(GRAVE) :].logsumexp(1)
    is_grave = functional.binary_cross_entropy_with_logits(
        odds, _smoothed(grave, plan), reduction="none"
    )
    which = functional.cross_entropy(
        logits, matters, reduction="none", label_smoothing=plan.smoothing
    )
    loss: Tensor = ((is_grave + plan.matter_share * which) * weights).sum()
    return loss


def _epoch(
    states: States, ours: Sequence[int], everyday: Sequence[int], plan: Plan, rng: random.Random
) -> list[list[int]]:
    """Returns the batches of one epoch, each of texts of about one length."""
    rows = [*ours, *rng.sample(everyday, min(plan.everyday, len(everyday)))]
    return by_length(rows, plan.rows, lambda row: int(states.lengths[row]), rng)


@torch.no_grad()
def read(upper: Upper, states: States, rows: Sequence[int]) -> Floats:
    """Returns the logits of some rows, (rows, 1 + classes), in their order."""
    out, order = np.zeros((len(states.lengths), 1 + len(SECTIONS))), states.by_length(rows)
    for start in range(0, len(order), READ_TOGETHER):
        batch = order[start : start + READ_TOGETHER]
        out[batch] = upper(*states.batch(batch)).float().numpy()
    logits: Floats = out[list(rows)]
    return logits

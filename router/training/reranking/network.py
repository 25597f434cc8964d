"""Trains all-MiniLM-L6-v2 to read a message and an answer together. Contains torch.

Message and answer are read in one row, so that every layer compares them. The means of their
states are compared by cosine, as the sentence encoder was made for, and by what differs: so the
first step already knows which texts are alike, and training adds what they ask for.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from router.training.batching import by_length
from router.training.encoder.precision import quickest
from router.training.encoder.prune import teacher_network
from router.training.encoder.teacher import TEACHER_WIDTH, padded
from router.training.progress import track
from router.triage.reranking.cross_encoder import END

FROZEN = 2
"""Lower layers that stay as they are, as the word table does: what words mean is known."""
FIRST_SCALE, FIRST_SHIFT = 12.0, -10.0
"""Log-odds by cosine alone, where training begins."""
STEP = 8.0
"""Factor of the differences, so that their weights move as fast as the layers' do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Says how long and how fast is trained; the defaults are what ships."""

    epochs: int = 2
    rate: float = 2e-4
    head_rate: float = 2e-3
    rows: int = 32
    warmup_share: float = 0.06
    smoothing: float = 0.02
    public: int = 8
    """Public companies of an epoch, drawn anew."""
    seed: int = 7


class Cross(nn.Module):
    """Maps rows of ids to log-odds that the first part asks for the rest, (rows, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.network = teacher_network()
        self.scale = nn.Parameter(torch.tensor(FIRST_SCALE))
        self.shift = nn.Parameter(torch.tensor(FIRST_SHIFT))
        self.apart = nn.Parameter(torch.zeros(TEACHER_WIDTH))
        self.alike = nn.Parameter(torch.zeros(TEACHER_WIDTH))

    def forward(self, ids: Tensor) -> Tensor:
        network, real = self.network, ids != 0
        bias = ((1.0 - real.float()) * -10_000.0)[:, None, None, :]
        with quickest(ids.device.type):
            x = network.norm(network.word(ids) + network.position.weight[: ids.shape[1]])
            for layer in network.layers:
                x = layer(x, bias.to(x.dtype))
        x = x.float()
        asked = (torch.cumsum((ids == END).long(), dim=1) == 0).float()
        u, v = _mean(x, asked), _mean(x, real.float() * (1.0 - asked))
        # Sums of products, not matrices: these stay exact where the network becomes INT8.
        alike = u * v
        odds = (alike * (self.alike * STEP + self.scale)).sum(1)
        odds = odds + ((u - v).abs() * (self.apart * STEP)).sum(1) + self.shift
        return odds.unsqueeze(1)

    def trained(self) -> list[nn.Parameter]:
        """Returns the parameters of the layers that are trained; the others are frozen."""
        network = self.network
        kept = [network.word, network.position, network.norm, network.to_teacher]
        for module in (*kept, *network.layers[:FROZEN]):
            module.requires_grad_(False)
        return [p for p in network.parameters() if p.requires_grad]

    def head(self) -> list[nn.Parameter]:
        """Returns the parameters of the comparison."""
        return [self.scale, self.shift, self.apart, self.alike]


def averaged(networks: Sequence[Cross]) -> Cross:
    """Returns a network whose parameters are the means of those of networks that began alike.

    Source: Wortsman et al., "Model soups" (ICML 2022): it is as quick as one of them, and better on
    what none of them learnt from.
    """
    states = [one.state_dict() for one in networks]
    cross = Cross()
    cross.load_state_dict({k: torch.stack([s[k] for s in states]).mean(dim=0) for k in states[0]})
    cross.eval()
    return cross


def _mean(x: Tensor, mask: Tensor) -> Tensor:
    """Returns the mean of the states under a mask at unit length, (rows, width)."""
    total = (x * mask.unsqueeze(-1)).sum(1)
    return functional.normalize(total, dim=-1)


Epoch = Callable[[random.Random], list[tuple[list[int], bool]]]
"""Draws the rows of one epoch, each with whether it is right."""


def train(draw: Epoch, plan: Plan, device: str = "cpu", *, progress: bool = False) -> Cross:
    """Returns the trained network. An epoch draws its pairs anew."""
    torch.manual_seed(plan.seed)
    rng, cross = random.Random(plan.seed), Cross()
    cross.to(device)
    batches = [
        batch
        for _ in range(plan.epochs)
        for batch in by_length(draw(rng), plan.rows, lambda row: len(row[0]), rng)
    ]
    layers, head = cross.trained(), cross.head()
    groups = [{"params": layers, "peak": plan.rate}, {"params": head, "peak": plan.head_rate}]
    optimiser = torch.optim.AdamW(groups, lr=plan.rate, weight_decay=0.01, fused=True)
    cross.train()
    for step, batch in enumerate(track(batches, "reranker", progress)):
        share = step / len(batches)
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * min(share / plan.warmup_share, 1.0) * (1.0 - share)
        goal = torch.tensor([[float(right)] for _, right in batch], device=device)
        loss = functional.binary_cross_entropy_with_logits(
            cross(padded([row for row, _ in batch]).to(device)),
            goal * (1.0 - 2.0 * plan.smoothing) + plan.smoothing,
        )
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(layers, 1.0)
        optimiser.step()
    cross.cpu().eval()
    return cross

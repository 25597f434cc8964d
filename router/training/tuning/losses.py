"""Computes the losses of supervised and of preference training on packed rows, with torch.

Several examples share a row. Each attends only to itself, by a mask of blocks, and counts its
positions from zero, so a packed example has the same loss as the same example alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from router.training.tuning.tokens import Example, laid_out

if TYPE_CHECKING:
    import torch

SCALED_LOGITS = ("final_logit_softcapping", "logit_scale", "logits_scaling")
"""A base whose configuration has one of them changes its logits after the output layer."""


@dataclass(frozen=True, slots=True)
class PaddedBatch:
    """Holds packed rows. `wanted` is the next token at each learned position, in order of rows."""

    tokens: torch.Tensor  # (rows, length)
    positions: torch.Tensor  # (rows, length), from zero in each example
    attends: torch.Tensor  # (rows, 1, length, length), True where a token sees another
    learned: torch.Tensor  # (rows, length), True where the next token has a loss
    wanted: torch.Tensor  # (learned,)
    owner: torch.Tensor  # (learned,), the number of the example
    weights: torch.Tensor  # (examples,)


def batch_of(examples: Sequence[Example], size: int, device: str = "cpu") -> PaddedBatch:
    """Packs examples into rows of at most `size` tokens, or of the longest example."""
    import torch

    made = laid_out(examples, size)
    tokens, learned = torch.from_numpy(made.tokens), torch.from_numpy(made.learned)
    # The targets of a row are its own tokens, one place to the left.
    following, owner = tokens.roll(-1, dims=1)[learned], torch.from_numpy(made.segment)[learned] - 1
    return PaddedBatch(
        tokens.to(device),
        torch.from_numpy(made.positions).to(device),
        torch.from_numpy(made.attends).to(device),
        learned.to(device),
        following.to(device),
        owner.to(device),
        torch.tensor([one.weight for one in examples], device=device),
    )


def token_logprobs(model: Any, batch: PaddedBatch) -> torch.Tensor:
    """Returns the log-probability of each wanted token, (learned,), in nats."""
    return log_chances(model, batch).gather(1, batch.wanted[:, None]).squeeze(1)


def log_chances(model: Any, batch: PaddedBatch) -> torch.Tensor:
    """Returns the log-probability of every next token at learned places, (learned, vocabulary).

    The output layer, much of a small model, runs only for the positions that have a loss.
    """
    import torch

    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    dtype = inner.get_input_embeddings().weight.dtype
    if not dtype.is_floating_point:
        dtype = torch.float32
    hidden_from = torch.zeros(batch.attends.shape, dtype=dtype, device=batch.attends.device)
    hidden_from.masked_fill_(~batch.attends, torch.finfo(dtype).min)
    inputs = {
        "input_ids": batch.tokens,
        "position_ids": batch.positions,
        "attention_mask": hidden_from,
        "use_cache": False,
    }
    output = inner.get_output_embeddings()
    if output is None or any(getattr(inner.config, name, None) for name in SCALED_LOGITS):
        logits = inner(**inputs).logits[batch.learned]
    else:
        logits = output(inner.base_model(**inputs).last_hidden_state[batch.learned])
    return torch.log_softmax(logits.float(), dim=-1)


def sft_loss(logprobs: torch.Tensor, batch: PaddedBatch) -> torch.Tensor:
    """Returns the mean cross-entropy per learned token, each weighted by its example."""
    weights = batch.weights[batch.owner]
    return -(weights * logprobs).sum() / weights.sum().clamp_min(1e-9)


def distillation_loss(
    chances: torch.Tensor, teacher: torch.Tensor, batch: PaddedBatch
) -> torch.Tensor:
    """Returns the mean KL divergence from the teacher per learned token, in nats.

    Both hold log-probabilities of every next token, (learned, vocabulary). Source: Hinton et al.
    2015, at temperature 1.
    """
    nats = (teacher.exp() * (teacher - chances)).sum(dim=-1)
    return sft_loss(-nats, batch)


def sums(logprobs: torch.Tensor, batch: PaddedBatch) -> torch.Tensor:
    """Returns the log-probability of each example's learned tokens together, (examples,)."""
    import torch

    zeros = torch.zeros(len(batch.weights), device=logprobs.device)
    return zeros.index_add(0, batch.owner, logprobs)


def dpo_loss(policy: torch.Tensor, reference: torch.Tensor, beta: float) -> torch.Tensor:
    """Returns the mean of -log sigmoid(beta * gain) (Rafailov et al. 2023, equation 7).

    Both hold log-probabilities in nats, (pairs, 2): of the chosen answer and of the rejected one.
    The gain is how much more the model prefers the chosen answer than the reference does.
    """
    import torch

    gain = (policy[:, 0] - reference[:, 0]) - (policy[:, 1] - reference[:, 1])
    return -torch.nn.functional.logsigmoid(beta * gain).mean()

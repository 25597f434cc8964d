"""Holds an adapter's weights where they mattered to what it knew: elastic weight consolidation.

The loss has a penalty ½ strength Σ F (w - w₀)² (Kirkpatrick et al. 2017, equation 3). F is the
diagonal Fisher information, per learned token of the chats to remember, at the weights w₀ with
which the training starts, in the adapter's own matrices A and B. It costs as much memory as the
adapter.

What that means depends on the start. At an adapter trained earlier, A and B both matter, and both
are held. At a new one B is zero: nothing depends on A yet, so its F is zero, and the penalty draws
B to zero where the base's answers depend on it, that is the adapter to the base. A penalty on the
product BA (Xiang et al. 2023) would not depend on how it is split in two, and needs the Fisher
information of the whole base.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from router.training.tuning import losses

CHATS = 64
"""Chats that the importance is measured on at most: each needs a pass of its own."""


@dataclass(frozen=True, slots=True)
class Consolidation:
    """Knows where the weights were, and how much each mattered."""

    weights: Sequence[Any]
    anchors: Sequence[Any]
    importance: Sequence[Any]
    strength: float

    def hold(self, rate: float) -> None:
        """Moves the weights by a step of the penalty at a learning rate.

        The step is implicit, (w + r F w₀) / (1 + r F) with r = rate strength, so that none is too
        large, as `continual.importance.held` does it; and apart from Adam's, as weight decay is
        (Loshchilov and Hutter 2019).
        """
        import torch

        with torch.no_grad():
            for weight, anchor, matters in zip(
                self.weights, self.anchors, self.importance, strict=True
            ):
                pull = rate * self.strength * matters
                weight.copy_((weight + pull * anchor) / (1.0 + pull))


def consolidated(
    model: Any,
    weights: Sequence[Any],
    batches: Sequence[losses.PaddedBatch],
    strength: float,
    seed: int,
) -> Consolidation:
    """Returns the penalty that holds `weights` where they are; a batch holds one example.

    Each next token is drawn from the model itself: with the tokens of the chats it would be the
    empirical Fisher information, which goes to zero where an adapter fits its chats (Kunstner et
    al. 2019). Drawn tokens are independent, so the square of an example's gradient is, on average,
    the sum over its tokens.
    """
    import torch

    draw = torch.Generator(device=batches[0].tokens.device if batches else "cpu").manual_seed(seed)
    importance = [torch.zeros_like(weight) for weight in weights]
    model.eval()
    for batch in batches:
        chances = losses.log_chances(model, batch)  # (learned, vocabulary)
        drawn = torch.multinomial(chances.detach().exp(), 1, generator=draw)
        gradients = torch.autograd.grad(chances.gather(1, drawn).sum(), list(weights))
        for total, gradient in zip(importance, gradients, strict=True):
            total += gradient.square()
    tokens = sum(len(batch.wanted) for batch in batches)
    anchors = [weight.detach().clone() for weight in weights]
    return Consolidation(weights, anchors, [one / max(tokens, 1) for one in importance], strength)

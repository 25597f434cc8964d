"""Runs the phases of a training: batches with replay, early stop, and what each phase must reach.

The adapter that was best on dev is kept in memory and put back at the end of each phase.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from router.errors import TrainingDataError
from router.training.tuning import losses
from router.training.tuning.bases import Base
from router.training.tuning.chats import Chat, Part, Preference
from router.training.tuning.consolidation import CHATS, Consolidation, consolidated
from router.training.tuning.plan import Objective, Order, Phase, Settings
from router.training.tuning.tokens import Example, Mask, example, examples

if TYPE_CHECKING:
    import torch

EVALUATED = 64
"""Chats or pairs of dev that an evaluation reads at most: it runs many times."""
PAIRS_TOGETHER = 4
LEAST_GAIN = 1e-4
"""Nats by which dev must fall to count as better."""


@dataclass(slots=True)
class PhaseReport:
    """Tells what a phase did; losses are in nats per learned token."""

    phase: Phase
    steps: int = 0
    stopped: str = "all steps done"
    train_losses: list[float] = field(default_factory=list)  # mean of each tenth of the steps
    dev: list[tuple[int, float]] = field(default_factory=list)  # step, dev loss
    figures: dict[str, float | None] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_card(self) -> dict[str, object]:
        """Returns it as JSON."""
        made = asdict(self)
        made["phase"] = {**made["phase"], "until": asdict(self.phase.until)}
        return made


@dataclass(frozen=True, slots=True)
class Sets:
    """Holds what phases read: the material's parts and general chats to replay and to watch."""

    train: Part
    dev: Part
    replay: tuple[Chat, ...]
    general_dev: tuple[Chat, ...]


class Trainer:
    """Trains one adapter through its phases."""

    def __init__(
        self,
        base: Base,
        model: Any,
        sets: Sets,
        settings: Settings,
        say: Callable[[str], None],
        deadline: float = math.inf,
        teacher: Any = None,
    ) -> None:
        """`deadline` is of `time.monotonic`; training ends after the step that passes it.

        `teacher` is a model whose chances of each token are learned in place of the texts.
        """
        self.base, self.model, self.sets, self.settings = base, model, sets, settings
        self.say, self.deadline, self.teacher = say, deadline, teacher
        self.weights = [p for p in model.parameters() if p.requires_grad]
        self.held: Consolidation | None = None
        if settings.ewc:
            say("how much each weight matters to the replayed chats")
            known = random.Random(settings.seed).sample(
                list(sets.replay), min(CHATS, len(sets.replay))
            )
            batches = [self._batch([one]) for one in self._examples(known, Mask.ASSISTANT)]
            self.held = consolidated(model, self.weights, batches, settings.ewc, settings.seed)

    def run(self, phases: Sequence[Phase]) -> list[PhaseReport]:
        """Returns a report for each phase that ran; a phase that misses its aim may end it."""
        reports = []
        for phase in phases:
            report = self._phase(phase)
            reports.append(report)
            for fault in report.missed:
                self.say(f"{phase.name} missed {fault}")
            if report.missed and phase.otherwise == "stop":
                self.say(f"training ends: {phase.name} says `otherwise: stop`")
                break
            if time.monotonic() > self.deadline:
                break
        return reports

    def loss_of(self, chats: Sequence[Chat], mask: Mask = Mask.ASSISTANT) -> float | None:
        """Returns nats per learned token over all chats, None without any."""
        nats, tokens = self.chat_losses(chats, mask)
        return sum(nats) / sum(tokens) if tokens else None

    def chat_losses(
        self, chats: Sequence[Chat], mask: Mask = Mask.ASSISTANT
    ) -> tuple[list[float], list[int]]:
        """Returns nats and learned tokens of each chat that is not too long."""
        import torch

        made = self._examples(chats, mask)
        nats: list[float] = []
        self.model.eval()
        with torch.no_grad():
            for start in range(0, len(made), 8):
                batch = self._batch(made[start : start + 8])
                nats += (-losses.sums(losses.token_logprobs(self.model, batch), batch)).tolist()
        return nats, [one.learned_count for one in made]

    def pair_margins(self, pairs: Sequence[Preference]) -> list[float]:
        """Returns how much likelier each chosen answer is, in nats per token of either answer."""
        chosen, rejected = self._pair_sums(pairs, per_token=True)
        return [a - b for a, b in zip(chosen, rejected, strict=True)]

    def _phase(self, phase: Phase) -> PhaseReport:
        import torch

        report, began = PhaseReport(phase), time.monotonic()
        of_pairs = phase.objective is Objective.DPO
        batches = self._preferences(phase) if of_pairs else self._answers(phase)
        evaluate = self._evaluation(phase)
        stop = _EarlyStop(phase, report, evaluate(), self.weights)
        optimizer = torch.optim.AdamW(self.weights, lr=phase.learning_rate, weight_decay=0.0)
        step_losses: list[float] = []
        for step, loss_of in enumerate(batches, start=1):
            for group in optimizer.param_groups:
                group["lr"] = phase.learning_rate * _rate(step - 1, phase)
            self.model.train()
            loss = loss_of()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
            optimizer.step()
            if self.held is not None:
                self.held.hold(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            step_losses.append(float(loss.detach()))
            report.steps = step
            late = time.monotonic() > self.deadline
            if step % phase.evaluate_every == 0 or step == phase.steps or late:
                dev = evaluate()
                shown = "" if dev is None else f", dev {dev:.4f}"
                self.say(f"{phase.name}: step {step}, loss {step_losses[-1]:.3f}{shown}")
                if stop.is_due(step, dev):
                    report.stopped = f"dev was no better {phase.patience} times"
                    break
            if late:
                report.stopped = "the time was over"
                break
        stop.put_best_back()
        self.model.eval()
        report.train_losses = _tenths(step_losses)
        report.figures = self._figures(phase, stop.first, stop.best)
        report.missed = phase.until.missed(report.figures)
        report.seconds = round(time.monotonic() - began, 1)
        return report

    def _figures(
        self, phase: Phase, first: float | None, best: float | None
    ) -> dict[str, float | None]:
        """Returns what criteria are held against."""
        until = phase.until
        margins = self.pair_margins(self.sets.dev.pairs[:EVALUATED])
        general = None
        if until.general_rises_at_most is not None:
            adapted = self.loss_of(self.sets.general_dev[:EVALUATED])
            with self.model.disable_adapter():
                plain = self.loss_of(self.sets.general_dev[:EVALUATED])
            general = None if adapted is None or plain is None else adapted - plain
        return {
            "dev_loss": best,
            "dev_loss_falls_by": None if first is None or best is None else first - best,
            "pairs_right": sum(m > 0 for m in margins) / len(margins) if margins else None,
            "general_rises": general,
        }

    def _evaluation(self, phase: Phase) -> Callable[[], float | None]:
        """Returns the function that gives the dev loss of a phase."""
        if phase.objective is Objective.SFT:
            return lambda: self.loss_of(self.sets.dev.chats[:EVALUATED], phase.mask)
        pairs = self.sets.dev.pairs[:EVALUATED]
        if not pairs:
            return lambda: None
        import torch

        reference = self._pair_sums(pairs)

        def loss() -> float:
            now = self._pair_sums(pairs)
            return float(
                losses.dpo_loss(torch.tensor(now).T, torch.tensor(reference).T, phase.beta)
            )

        return loss

    def _answers(self, phase: Phase) -> Iterator[Callable[[], torch.Tensor]]:
        import torch

        chats = self.sets.train.chats
        own = self._examples(chats, phase.mask)
        self._need_some(own, phase, len(chats))
        general = self._examples(self.sets.replay, Mask.ASSISTANT)
        draw = random.Random(self.settings.seed)
        stream = _stream(own, phase.order, draw)
        most = self.settings.rows * self.settings.row_tokens
        for _ in range(phase.steps):
            chosen, filled = list[Example](), 0
            while filled < most:
                replayed = bool(general) and draw.random() < phase.replay
                one = draw.choice(general) if replayed else next(stream)
                filled += len(one.tokens)
                if chosen and filled > most:
                    break
                chosen.append(one)
            batch = self._batch(chosen)

            def loss(batch: losses.PaddedBatch = batch) -> torch.Tensor:
                if self.teacher is None:
                    return losses.sft_loss(losses.token_logprobs(self.model, batch), batch)
                with torch.no_grad():
                    taught = losses.log_chances(self.teacher, batch)
                return losses.distillation_loss(
                    losses.log_chances(self.model, batch), taught, batch
                )

            yield loss

    def _preferences(self, phase: Phase) -> Iterator[Callable[[], torch.Tensor]]:
        """Yields the losses of pairs; the reference is the model as the phase finds it."""
        import torch

        pairs = list(self.sets.train.pairs)
        if phase.order is Order.SHORT_FIRST:
            pairs.sort(key=lambda pair: len(pair.chosen) + len(pair.rejected))
        made = [self._pair_examples(pair, phase.mask) for pair in pairs]
        usable = [
            (both, reference)
            for both, *reference in zip(made, *self._pair_sums(pairs), strict=True)
            if both is not None
        ]
        self._need_some(usable, phase, len(pairs))
        general = self._examples(self.sets.replay, Mask.ASSISTANT)
        draw = random.Random(self.settings.seed + 1)
        places = _stream(list(range(len(usable))), phase.order, draw)
        for _ in range(phase.steps):
            chosen = [usable[next(places)] for _ in range(2 * self.settings.rows)]
            both = [one for pair, _ in chosen for one in pair]
            replayed = [draw.choice(general)] if general and draw.random() < phase.replay else []
            batch = self._batch([*both, *replayed])
            reference = torch.tensor([values for _, values in chosen], device=self.base.device)

            def loss(
                batch: losses.PaddedBatch = batch,
                reference: torch.Tensor = reference,
                count: int = len(both),
            ) -> torch.Tensor:
                logprobs = losses.token_logprobs(self.model, batch)
                totals = losses.sums(logprobs, batch)[:count].view(-1, 2)
                made = losses.dpo_loss(totals, reference, phase.beta)
                # Right answers stay likely too, and replayed chats teach as in supervised phases.
                right = (batch.owner % 2 == 0) | (batch.owner >= count)
                return made - phase.keep_chosen * logprobs[right].mean()

            yield loss

    def _need_some(self, usable: Sequence[object], phase: Phase, given: int) -> None:
        if not usable:
            raise TrainingDataError(
                f"phase {phase.name!r}: none of {given} rows can teach: each is longer than "
                f"{self.settings.longest} tokens, or has no token to learn; expected "
                "shorter rows, or a larger --longest"
            )

    def _pair_examples(self, pair: Preference, mask: Mask) -> tuple[Example, Example] | None:
        # An answer is judged whole; earlier turns of the assistant say nothing about it.
        mask = Mask.LAST if mask is Mask.ASSISTANT else mask
        both = [
            example(self.base.tokenizer, pair.with_answer(answer), mask, self.settings.longest)
            for answer in (pair.chosen, pair.rejected)
        ]
        return None if both[0] is None or both[1] is None else (both[0], both[1])

    def _pair_sums(
        self, pairs: Sequence[Preference], *, per_token: bool = False
    ) -> tuple[list[float], list[float]]:
        """Returns the log-probabilities of chosen and of rejected answers; 0 of one too long."""
        import torch

        chosen, rejected = [0.0] * len(pairs), [0.0] * len(pairs)
        made = [self._pair_examples(pair, Mask.LAST) for pair in pairs]
        usable = [(place, both) for place, both in enumerate(made) if both is not None]
        self.model.eval()
        with torch.no_grad():
            for start in range(0, len(usable), PAIRS_TOGETHER):
                part = usable[start : start + PAIRS_TOGETHER]
                batch = self._batch([one for _, both in part for one in both])
                totals = losses.sums(losses.token_logprobs(self.model, batch), batch).tolist()
                for number, (place, (good, bad)) in enumerate(part):
                    lengths = (good.learned_count, bad.learned_count) if per_token else (1, 1)
                    chosen[place] = totals[2 * number] / lengths[0]
                    rejected[place] = totals[2 * number + 1] / lengths[1]
        return chosen, rejected

    def _examples(self, chats: Sequence[Chat], mask: Mask) -> list[Example]:
        return examples(self.base.tokenizer, chats, mask, self.settings.longest)

    def _batch(self, made: Sequence[Example]) -> losses.PaddedBatch:
        return losses.batch_of(made, self.settings.row_tokens, self.base.device)


class _EarlyStop:
    """Keeps the best weights of a phase, and says when to stop waiting for better ones."""

    def __init__(
        self, phase: Phase, report: PhaseReport, first: float | None, weights: Sequence[Any]
    ) -> None:
        self.patience, self.report, self.weights = phase.patience, report, weights
        self.first = self.best = first
        self.waited = 0
        self.kept = [weight.detach().clone() for weight in weights]
        if first is not None:
            report.dev.append((0, round(first, 4)))

    def is_due(self, step: int, dev: float | None) -> bool:
        """Notes an evaluation; returns True after `patience` of them without a better one."""
        if dev is None or self.best is None:
            return False
        self.report.dev.append((step, round(dev, 4)))
        if dev < self.best - LEAST_GAIN:
            self.best, self.waited = dev, 0
            self.kept = [weight.detach().clone() for weight in self.weights]
        else:
            self.waited += 1
        return self.waited >= self.patience

    def put_best_back(self) -> None:
        """Sets the weights to the best ones; without dev rows the last ones stay."""
        if self.best is not None:
            for weight, old in zip(self.weights, self.kept, strict=True):
                weight.data.copy_(old)


def _stream(items: Sequence[Any], order: Order, draw: random.Random) -> Iterator[Any]:
    """Yields items without end, each once a pass."""
    turn = list(items)
    if order is Order.SHUFFLED:
        draw.shuffle(turn)
    elif order is Order.SHORT_FIRST and turn and isinstance(turn[0], Example):
        turn.sort(key=lambda one: len(one.tokens))
    while turn:
        yield from turn
        if order is not Order.GIVEN:
            draw.shuffle(turn)


def _rate(step: int, phase: Phase) -> float:
    """Returns the factor of the learning rate: linear warm-up, then linearly down to a tenth."""
    if step < phase.warm_up:
        return (step + 1) / phase.warm_up
    done = (step - phase.warm_up) / max(1, phase.steps - phase.warm_up)
    return 1.0 - 0.9 * done


def _tenths(values: Sequence[float]) -> list[float]:
    tenth = max(1, len(values) // 10)
    parts = [values[start : start + tenth] for start in range(0, len(values), tenth)]
    return [round(sum(part) / len(part), 4) for part in parts]

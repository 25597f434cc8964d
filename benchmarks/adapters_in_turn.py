"""Teaches one adapter two knowledge files in turn, and measures what it forgets of the first.

    python -m benchmarks.adapters_in_turn [--base embedded] [--ewc 100 1000] [--seeds 3]

Needs the extra `train`. The base is a tiny one that is made for it, trained on a third file, or one
that `--base` names. Each way goes on from the same adapter of the first file: `naive` from new
chats only; `replay` with a fifth of old ones; `ewc` with weights held that matter to old chats
(each strength of `--ewc`); `both`. A question counts where its approved answer is likelier, per
token, than that of the file's next intent. Held questions judge; their approved answers were
trained on. A seed makes its own tiny base and draws its own batches. Of several seeds, each figure
is the mean with the sample standard deviation.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from router.policy.loading import policies_dir
from router.training.adapter.pairs import Pair, read_knowledge
from router.training.tuning import losses
from router.training.tuning.bases import open_base, with_adapter, without_adapter
from router.training.tuning.chats import Material, Part, material
from router.training.tuning.plan import Modules, Phase, Settings
from router.training.tuning.tokens import CHATML, Mask, examples
from router.training.tuning.trainer import Sets, Trainer
from router.types import Device

TINY = "tiny"
BEFORE, OLD, NEW = "retail_bank", "customer_support", "it_help_desk"
INTENTS = 12
"""Intents of each file: few, so that a few hundred chats teach them."""
RATE = 2e-3
SEED = 7
REPLAYED = 0.2


@dataclass(frozen=True)
class Known:
    """Holds what an adapter knows of a file: share of held questions, nats of right answers."""

    right: float
    loss: float


@dataclass(frozen=True)
class Row:
    """Holds what came of one way."""

    way: str
    old: Known
    new: Known


def rows_of(name: str, intents: int) -> Material:
    """Returns questions of a knowledge file: chats to learn, and held pairs to judge."""
    pairs, digest = read_knowledge(policies_dir() / "knowledge" / f"{name}.yaml")
    order = list(dict.fromkeys(pair.intent for pair in pairs))[:intents]
    answers = {pair.intent: pair.answer for pair in pairs}
    following = dict(zip(order, [*order[1:], order[0]], strict=True))

    def lines(pair: Pair) -> list[dict[str, object]]:
        other = answers[following[pair.intent]]
        asked = {"prompt": pair.utterance}
        return [
            {**asked, "answer": pair.answer},
            {**asked, "chosen": pair.answer, "rejected": other},
        ]

    kept = [line for pair in pairs if pair.intent in following for line in lines(pair)]
    return material(kept, {name: digest}, name)


def tiny_base(folder: Path, steps: int, seed: int) -> None:
    """Writes a base of three layers that has learnt the bank's questions and answers."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    lesson = rows_of(BEFORE, 1_000).train.chats
    texts = [text for name in (BEFORE, OLD, NEW) for text in texts_of(name)]
    signs = ["<|im_start|>", "<|im_end|>"]
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=2_000, special_tokens=signs, initial_alphabet=alphabet, show_progress=False
    )
    inner.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, additional_special_tokens=signs, eos_token=signs[1]
    )
    tokenizer.chat_template = CHATML
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=96,
            intermediate_size=256,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            eos_token_id=tokenizer.eos_token_id,
        )
    )
    made, draw = examples(tokenizer, lesson, Mask.ALL, 256), random.Random(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(steps):
        batch = losses.batch_of(draw.sample(made, 12), 256)
        losses.sft_loss(losses.token_logprobs(model, batch), batch).backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))


def texts_of(name: str) -> list[str]:
    chats = rows_of(name, 1_000).train.chats
    return [turn.content for chat in chats for turn in chat.messages]


def known(trainer: Trainer, part: Part, questions: int) -> Known:
    margins = trainer.pair_margins(part.pairs[:questions])
    loss = trainer.loss_of([pair.with_answer(pair.chosen) for pair in part.pairs[:questions]])
    return Known(sum(margin > 0 for margin in margins) / len(margins), loss or 0.0)


def measured(
    base: str,
    steps: int,
    questions: int,
    strengths: Sequence[float],
    folder: Path,
    intents: int = INTENTS,
    seed: int = SEED,
) -> list[Row]:
    """Returns a row after the first file, and one for each way after the second."""
    old, new = rows_of(OLD, intents), rows_of(NEW, intents)
    judges = [Part((), (*one.dev.pairs, *one.test.pairs)) for one in (old, new)]
    modules = Modules.ALL if base == TINY else Modules.ATTENTION
    settings = Settings(longest=256, row_tokens=256, rows=2, threads=1, modules=modules, seed=seed)
    if base == TINY:
        base = str(folder / TINY)
        tiny_base(Path(base), 2 * steps, seed)
    opened = open_base(base, settings, Device.CPU)

    def taught(way: str, chosen: Settings, lesson: Part, share: float) -> Row:
        sets = Sets(lesson, Part(), old.train.chats, ())
        trainer = Trainer(opened, with_adapter(opened, chosen), sets, chosen, lambda _: None)
        trainer.run([Phase(way, steps=steps, replay=share, learning_rate=RATE)])
        row = Row(way, *(known(trainer, judge, questions) for judge in judges))
        print(json.dumps(asdict(row)), flush=True)
        if not chosen.start:
            trainer.model.save_pretrained(str(folder / "first"), save_embedding_layers=False)
        without_adapter(trainer.model)
        return row

    rows = [taught("first file", settings, Part(old.train.chats), 0.0)]
    goes_on = replace(settings, start=str(folder / "first"))
    for strength in (0.0, *strengths):
        chosen = replace(goes_on, ewc=strength)
        names = (f"ewc {strength:g}", f"both {strength:g}") if strength else ("naive", "replay")
        for way, share in zip(names, (0.0, REPLAYED), strict=True):
            rows.append(taught(way, chosen, Part(new.train.chats), share))
    return rows


def show(runs: Sequence[Sequence[Row]]) -> None:
    """Prints a line for each way, from the rows of each seed."""
    figures: dict[str, Callable[[Row, Row], float]] = {
        "old right": lambda row, _: row.old.right,
        "points lost": lambda row, first: 100 * (first.old.right - row.old.right),
        "old nats": lambda row, _: row.old.loss,
        "new right": lambda row, _: row.new.right,
        "new nats": lambda row, _: row.new.loss,
    }
    print(f"{'':<12}" + "".join(f"{name:>16}" for name in figures))
    for rows in zip(*runs, strict=True):
        cells = []
        for figure in figures.values():
            values = [figure(row, run[0]) for row, run in zip(rows, runs, strict=True)]
            spread = f" ±{statistics.stdev(values):.3f}" if len(values) > 1 else ""
            cells.append(f"{statistics.fmean(values):.3f}{spread}")
        print(f"{rows[0].way:<12}" + "".join(f"{cell:>16}" for cell in cells))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default=TINY)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--questions", type=int, default=60, help="held questions of each file")
    parser.add_argument("--ewc", type=float, nargs="+", default=[100.0], help="strengths")
    parser.add_argument("--intents", type=int, default=INTENTS)
    parser.add_argument("--folder", type=Path, default=Path(".tiergate/adapters_in_turn"))
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each way")
    asked = parser.parse_args()
    runs = [
        measured(
            asked.base,
            asked.steps,
            asked.questions,
            asked.ewc,
            asked.folder / str(seed),
            asked.intents,
            seed,
        )
        for seed in range(SEED, SEED + asked.seeds)
    ]
    show(runs)


if __name__ == "__main__":
    main()

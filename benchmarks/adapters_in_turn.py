"""Teaches one adapter two knowledge files in turn, and measures what it forgets of the first.

    python -m benchmarks.adapters_in_turn [--base embedded] [--steps 120] [--questions 60]

Needs the extra `train`. The base is a tiny one that is made for it, trained on a third file, or one
that `--base` names. Each way goes on from the same adapter of the first file: `naive` from new
chats only; `replay` with a fifth of old ones; `ewc` with weights held that matter to old chats
(`--ewc`); `both`. A question counts where its approved answer is likelier, per token, than that of
the file's next intent. Held questions judge; their approved answers were trained on.
"""

from __future__ import annotations

import argparse
import json
import random
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
WAYS = {"naive": (0.0, 0.0), "replay": (0.2, 0.0), "ewc": (0.0, 1.0), "both": (0.2, 1.0)}
"""Share of replayed chats, and factor of the strength of `--ewc`."""


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


def tiny_base(folder: Path, steps: int) -> None:
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
    torch.manual_seed(7)
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
    made, draw = examples(tokenizer, lesson, Mask.ALL, 256), random.Random(7)
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
    base: str, steps: int, questions: int, strength: float, folder: Path, intents: int = INTENTS
) -> list[Row]:
    """Returns a row after the first file, and one for each way after the second."""
    old, new = rows_of(OLD, intents), rows_of(NEW, intents)
    judges = [Part((), (*one.dev.pairs, *one.test.pairs)) for one in (old, new)]
    modules = Modules.ALL if base == TINY else Modules.ATTENTION
    settings = Settings(longest=256, row_tokens=256, rows=2, threads=1, modules=modules)
    if base == TINY:
        base = str(folder / TINY)
        tiny_base(Path(base), 2 * steps)
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
    for way, (share, factor) in WAYS.items():
        chosen = replace(goes_on, ewc=factor * strength)
        rows.append(taught(way, chosen, Part(new.train.chats), share))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default=TINY)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--questions", type=int, default=60, help="held questions of each file")
    parser.add_argument("--ewc", type=float, default=100.0, help="strength of the penalty")
    parser.add_argument("--intents", type=int, default=INTENTS)
    parser.add_argument("--folder", type=Path, default=Path(".tiergate/adapters_in_turn"))
    asked = parser.parse_args()
    rows = measured(
        asked.base, asked.steps, asked.questions, asked.ewc, asked.folder, asked.intents
    )
    first = rows[0]
    print(
        f"{'':<12}{'old right':>10}{'points lost':>13}{'old nats':>10}{'new right':>11}{'nats':>8}"
    )
    for row in rows:
        lost = 100 * (first.old.right - row.old.right)
        print(
            f"{row.way:<12}{row.old.right:>10.3f}{lost:>13.1f}{row.old.loss:>10.3f}"
            f"{row.new.right:>11.3f}{row.new.loss:>8.3f}"
        )


if __name__ == "__main__":
    main()

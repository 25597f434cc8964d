"""Tunes an adapter from beginning to end: base, search, phases, judging, export, card.

torch, transformers and peft are imported inside the functions. It knows nothing about serving.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from router.errors import TrainingDataError
from router.training.tuning.bases import (
    Base,
    as_started,
    open_base,
    with_adapter,
    without_adapter,
)
from router.training.tuning.card import render_card
from router.training.tuning.chats import Chat, ChatMessage, Material, Part, split_of
from router.training.tuning.export import parity, to_gguf, to_peft
from router.training.tuning.judging import drawn, judged
from router.training.tuning.plan import Objective, Phase, Settings
from router.training.tuning.speaking import speaker
from router.training.tuning.teaching import check_teacher
from router.training.tuning.trainer import Sets, Trainer
from router.triage.encoder import sha256_of
from router.types import Device

CARD, CARD_TEXT = "card.json", "CARD.md"
PROMPTS = Path(__file__).parent / "prompts.txt"
LEAST_ROWS = 4
"""Rows from which anything is trained: fewer are learnt word for word, whatever is asked."""
OWN_TOKENS = 40
OWN_ANSWERS = "the base's own answers to prompts of ours"


@dataclass(frozen=True, slots=True)
class Request:
    """Holds all that one training is asked for."""

    material: Material
    phases: tuple[Phase, ...]
    base: str
    out: Path
    replay: tuple[Chat, ...] | None = ()  # None: the base's own answers to prompts of ours
    replay_files: tuple[tuple[str, str], ...] = ()  # name and sha256
    settings: Settings = field(default_factory=Settings)
    device: Device = Device.CPU
    search_minutes: float = 0.0
    command: str = ""
    teacher: Base | None = None  # whose chances of each token are learned; None: the texts


def tune_adapter(request: Request, say: Callable[[str], None]) -> dict[str, object]:
    """Returns the card, after writing it and the adapter. Raises TrainingDataError and others."""
    settings, material = as_started(request.settings), request.material
    _check(request)
    began = time.monotonic()
    base = open_base(request.base, settings, request.device)
    if base.note:
        say(base.note)
    if request.teacher is not None:
        check_teacher(base, request.teacher)
    general = own_answers(base, say) if request.replay is None else request.replay
    replayed, general_held = parted(general)
    sets = Sets(material.train, material.dev, replayed, general_held)
    phases, searched = request.phases, None
    if request.search_minutes:
        from router.training.tuning.search import search

        settings, phases, searched = search(
            base, sets, settings, phases, request.search_minutes, say
        )
    deadline = time.monotonic() + 60 * settings.minutes if settings.minutes else math.inf
    model = with_adapter(base, settings)
    teacher = None if request.teacher is None else request.teacher.model
    trainer = Trainer(base, model, sets, settings, say, deadline, teacher)
    reports = trainer.run(phases)
    request.out.mkdir(parents=True, exist_ok=True)
    peft_folder = to_peft(model, request.out)
    gguf, why_not = to_gguf(model, settings, request.out)
    held, judges = _judges(material)
    held = drawn(held)
    trained = set(material.train.answers())
    speak = speaker(base, model, gguf, settings.longest)
    figures = judged(trainer, speak, held, general_held, settings.measured, say)
    same = None
    if gguf is not None and base.gguf is not None:
        same = parity(model, base, gguf)
    without_adapter(model)
    files = [path for path in (gguf, *sorted(peft_folder.iterdir())) if path is not None]
    card: dict[str, object] = {
        "format": 1,
        "base": {
            "name": request.base,
            "method": base.method.value,
            "device": base.device,
            "note": base.note,
            "gguf": None if base.gguf is None else base.gguf.name,
            "sha256": None if base.gguf is None else sha256_of(base.gguf),
        },
        "teacher": None if request.teacher is None else request.teacher.name,
        "command": request.command,
        "settings": asdict(settings),
        "phases": [report.as_card() for report in reports],
        "skipped_phases": [phase.name for phase in phases[len(reports) :]],
        "search": searched,
        "data": dict(material.files),
        "rows": material.counts(),
        "left_out": {"repeats": material.repeats, "held": material.held},
        "synthetic_weight": _synthetic_weight(material.train.chats),
        "replay": {
            "source": OWN_ANSWERS if request.replay is None else "files",
            "files": dict(request.replay_files),
            "train": len(replayed),
            "held": len(general_held),
        },
        "judged_on": judges,
        "answers_seen": sum(answer in trained for answer in held.answers()),
        "figures": figures,
        "gguf": {"file": None if gguf is None else gguf.name, "why_not": why_not, "parity": same},
        "files": {str(path.relative_to(request.out)): sha256_of(path) for path in files},
        "seconds": round(time.monotonic() - began, 1),
    }
    (request.out / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    (request.out / CARD_TEXT).write_text(render_card(card), encoding="utf-8")
    return card


def own_answers(base: Base, say: Callable[[str], None]) -> tuple[Chat, ...]:
    """Returns what the base itself answers to our general prompts: replayed, it keeps its ways.

    Rehearsal by own answers needs no general data (Huang et al. 2024, self-synthesized rehearsal).
    """
    say("the base answers general prompts, to be replayed")
    asked = PROMPTS.read_text(encoding="utf-8").splitlines()
    speak = speaker(base, base.model, None, OWN_TOKENS)
    answers = speak([(ChatMessage("user", text),) for text in asked], OWN_TOKENS, False)
    return tuple(
        Chat((ChatMessage("user", text), ChatMessage("assistant", answer)))
        for text, answer in zip(asked, answers, strict=True)
        if answer
    )


def parted(chats: Sequence[Chat]) -> tuple[tuple[Chat, ...], tuple[Chat, ...]]:
    """Returns general chats to replay, and those held to watch what is forgotten."""
    replayed = tuple(chat for chat in chats if split_of(chat.asked) == "train")
    return replayed, tuple(chat for chat in chats if split_of(chat.asked) != "train")


def _judges(material: Material) -> tuple[Part, str]:
    """Returns the rows that judge: the test part; dev where there is no test."""
    test, dev = material.test, material.dev
    if test.chats or test.pairs:
        return test, "test"
    return dev, "dev, which also chose the best step" if dev.chats or dev.pairs else "nothing"


def _check(request: Request) -> None:
    train, settings = request.material.train, request.settings
    if settings.start and request.search_minutes:
        raise TrainingDataError(
            "a search tries other ranks, and an adapter to go on from has one: leave "
            "--search-minutes or --start out"
        )
    if request.teacher is not None and request.search_minutes:
        raise TrainingDataError("a search has no teacher: leave --search-minutes or --teacher out")
    if settings.ewc and request.replay == ():
        raise TrainingDataError(
            "--ewc holds what mattered to the replayed chats, and there are none; name them with "
            "--replay (with --replay-share 0 nothing of them is trained on)"
        )
    for phase in request.phases:
        if phase.objective is Objective.SFT and not train.chats:
            raise TrainingDataError(f"phase {phase.name!r} learns answers, and there are none")
        if phase.objective is Objective.DPO and not train.pairs:
            raise TrainingDataError(
                f"phase {phase.name!r} learns preferences, and there are no pairs: corrections of "
                "wrong answers, or lines with prompt, chosen and rejected"
            )
    rows = len(train.chats) + len(train.pairs)
    if rows < LEAST_ROWS:
        raise TrainingDataError(
            f"found {rows} different row{'s' * (rows > 1)} to train on; expected at least "
            f"{LEAST_ROWS}, and some twenty, so that others of them can judge what was learned"
        )


def _synthetic_weight(chats: Sequence[Chat]) -> float | None:
    """Returns the mean weight of synthetic chats, None without any."""
    weights = [chat.weight for chat in chats if chat.synthetic]
    return round(sum(weights) / len(weights), 3) if weights else None

"""Describes a training: its settings, and its phases with what each must reach. Reads phase files.

Every default is what measured well on the smallest base on two cores. It knows nothing about torch.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from router.errors import TrainingDataError
from router.errors.system import in_words
from router.training.tuning.tokens import Mask


class Method(StrEnum):
    """Says how the base is held in memory while its adapter learns."""

    AUTO = "auto"  # qlora on a GPU with bitsandbytes, otherwise lora
    LORA = "lora"
    QLORA = "qlora"  # the base in four bits


class Modules(StrEnum):
    """Says which layers of the base the adapter changes."""

    ATTENTION = "attention"
    ALL = "all"  # attention and feed-forward


class Objective(StrEnum):
    """Says what a phase learns from."""

    SFT = "sft"  # right answers
    DPO = "dpo"  # right answers against wrong ones


class Order(StrEnum):
    """Says in which order examples come."""

    SHUFFLED = "shuffled"
    SHORT_FIRST = "short_first"  # the first pass by length, then shuffled
    GIVEN = "given"  # as in the file, such as by time


@dataclass(frozen=True, slots=True)
class Criteria:
    """Says what a phase must reach, measured on dev; None asks for nothing."""

    dev_loss_at_most: float | None = None  # nats per learned token
    dev_loss_falls_by: float | None = None  # nats, against the start of the phase
    pairs_right_at_least: float | None = None  # share of dev pairs, 0..1
    general_rises_at_most: float | None = None  # nats per token of general chats, over the base

    def missed(self, figures: Mapping[str, float | None]) -> list[str]:
        """Returns a sentence for each criterion that the figures miss; none for all that hold.

        A figure that could not be measured misses its criterion.
        """
        faults = []
        for name, wanted in asdict(self).items():
            if wanted is None:
                continue
            value = figures.get(name.removesuffix("_at_most").removesuffix("_at_least"))
            least = not name.endswith("_at_most")
            if value is None:
                faults.append(f"{name} {wanted:g}: not measured, there are no rows for it")
            elif value < wanted if least else value > wanted:
                faults.append(f"{name} {wanted:g}: reached {value:.3f}")
        return faults


@dataclass(frozen=True, slots=True)
class Phase:
    """Describes one part of a training."""

    name: str
    objective: Objective = Objective.SFT
    mask: Mask = Mask.ASSISTANT
    order: Order = Order.SHUFFLED
    replay: float = 0.2  # share of examples from general data, 0..0.9
    steps: int = 120
    learning_rate: float = 1e-3
    warm_up: int = 5
    evaluate_every: int = 20
    patience: int = 3  # evaluations without a better dev loss
    beta: float = 0.1  # of DPO
    keep_chosen: float = 0.2  # of DPO: share of the loss that keeps right answers likely
    until: Criteria = field(default_factory=Criteria)
    otherwise: Literal["stop", "go_on"] = "stop"

    def __post_init__(self) -> None:
        where = f"phase {self.name!r}"
        for name, lowest, highest in _BOUNDS:
            value = getattr(self, name)
            if not lowest <= value <= highest:
                raise TrainingDataError(
                    f"{where}: {name} is {value:g}; expected {lowest:g} to {highest:g}"
                )


_BOUNDS = (
    ("replay", 0.0, 0.9),
    ("steps", 1, 1_000_000),
    ("learning_rate", 1e-8, 1.0),
    ("warm_up", 0, 1_000_000),
    ("evaluate_every", 1, 1_000_000),
    ("patience", 1, 1_000_000),
    ("beta", 1e-4, 100.0),
    ("keep_chosen", 0.0, 10.0),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Holds what is the same in all phases."""

    rank: int = 8
    alpha: int = 16
    dropout: float = 0.0
    modules: Modules = Modules.ATTENTION
    method: Method = Method.AUTO
    longest: int = 512  # tokens of one example
    row_tokens: int = 512  # tokens of one packed row
    rows: int = 1  # rows of one step
    start: str = ""  # PEFT's folder of an adapter to go on from; "": a new one
    ewc: float = 0.0  # strength of staying where weights mattered to replayed chats; 0: none
    seed: int = 7
    threads: int = 0  # of the processor; 0: as torch chooses
    minutes: float = 0.0  # training stops then; 0: no limit
    measured: int = 50  # answers written for the card; four times as many general questions


def usual_phases(
    *, chats: bool, pairs: bool, steps: int, replay: float, learning_rate: float
) -> tuple[Phase, ...]:
    """Returns the phases for what there is: right answers first, then preferences.

    Preferences move a model further with fewer steps, so they take a third of the steps at a tenth
    of the learning rate.
    """
    every = max(1, steps // 6)
    made = []
    if chats:
        made.append(
            Phase(
                "answers",
                replay=replay,
                steps=steps,
                learning_rate=learning_rate,
                evaluate_every=every,
                warm_up=min(5, steps // 4),
                otherwise="go_on",
            )
        )
    if pairs:
        made.append(
            Phase(
                "preferences",
                Objective.DPO,
                replay=replay,
                steps=max(1, steps // 3),
                learning_rate=learning_rate / 10,
                evaluate_every=max(2, steps // 12),
                warm_up=min(5, steps // 12),
                otherwise="go_on",
            )
        )
    return tuple(made)


def read_phases(path: Path) -> tuple[Phase, ...]:
    """Returns the phases of a YAML file. Raises TrainingDataError with the key at fault."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TrainingDataError(f"{path} cannot be read: {in_words(error)}") from error
    entries = content.get("phases") if isinstance(content, Mapping) else None
    if not isinstance(entries, list) or not entries:
        raise TrainingDataError(f"{path}: expected `phases:` with a list of phases")
    phases = tuple(
        _struct(Phase, {"name": f"phase {number}", **_mapping(entry, f"{path}: phases")}, path)
        for number, entry in enumerate(entries, start=1)
    )
    if len({phase.name for phase in phases}) < len(phases):
        raise TrainingDataError(f"{path}: two phases have the same name")
    return phases


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TrainingDataError(f"{where}: expected keys with values, found {value!r}")
    return value


def _struct(kind: type[Any], entry: Mapping[str, object], path: Path) -> Any:
    hints = get_type_hints(kind)
    known = {one.name: one for one in fields(kind)}
    if unknown := sorted(set(entry) - set(known)):
        raise TrainingDataError(
            f"{path}: {', '.join(unknown)} is no key of a phase; expected {', '.join(known)}"
        )
    values = {
        name: _value(hints[name], value, f"{path}: {name}", path) for name, value in entry.items()
    }
    assert all(
        name in values or one.default is not MISSING or one.default_factory is not MISSING
        for name, one in known.items()
    )
    return kind(**values)


def _value(hint: Any, value: object, where: str, path: Path) -> object:
    if get_origin(hint) in (Union, types.UnionType):
        return None if value is None else _value(get_args(hint)[0], value, where, path)
    if get_origin(hint) is Literal:
        allowed = get_args(hint)
        if value not in allowed:
            raise TrainingDataError(
                f"{where} is {value!r}; expected one of {', '.join(map(str, allowed))}"
            )
        return value
    if hint is Criteria:
        return _struct(Criteria, _mapping(value, where), path)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        if value not in [member.value for member in hint]:
            raise TrainingDataError(f"{where} is {value!r}; expected one of {', '.join(hint)}")
        return hint(value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is float and number:
        return float(value)  # type: ignore[arg-type]
    if hint is int and isinstance(value, int) and number:
        return value
    if hint is str and isinstance(value, str):
        return value
    raise TrainingDataError(f"{where} is {value!r}; expected {hint.__name__}")

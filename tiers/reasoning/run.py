"""Keeps what one deliberation has so far: question, passages, and the results of its steps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from router.errors import AnswererError
from router.policy.content.deliberation import Template, quoted
from router.policy.content.deliberation_full import (
    Perspective,
    StepId,
    TemplateStep,
    WorksheetId,
)
from router.types import ChatRequest, JsonText, Usage, WorkedStep
from tiers.reasoning.sources import Evidence

MAX_QUESTION_CHARACTERS = 24_000
EARLIER_TURNS = 6
CHARACTERS_PER_TOKEN = 2
"""Characters of earlier steps that one token of context allows: half of what English takes, so that
the question and the answer have room beside them."""


class StepResult(Struct, frozen=True):
    """Holds the result of one step. `fields` is empty when it failed or was left out."""

    id: str
    state: str  # done | repaired | marked | failed | left out
    fields: Mapping[str, object] = msgspec.field(default_factory=dict)
    fault: str = ""
    usages: tuple[Usage, ...] = ()
    notes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()  # faults that one repair did not mend; the notes have them too

    @property
    def title(self) -> str:
        """Returns the step's name as people read it."""
        return self.id.replace("_", " ").replace(":", ": ").capitalize()


class Plan(Struct, frozen=True):
    """Holds the steps of one deliberation, of the profile that its answerer has."""

    profile: str
    steps: tuple[TemplateStep, ...]
    worksheet: WorksheetId | None = None
    perspectives: tuple[Perspective, ...] = ()


def plan_for(template: Template, profile: str) -> Plan:
    """Returns the steps of a template in one profile."""
    if profile != "full":
        return Plan("short", template.steps)
    full = template.full
    return Plan("full", full.steps, full.worksheet, full.perspectives)


@dataclass(slots=True)
class Run:
    """Keeps what one deliberation has so far."""

    template: Template
    plan: Plan
    question: str
    words: str  # the question without marks of quotation
    facts: tuple[str, ...]
    passages: tuple[Evidence, ...] | None = None  # None: not looked up
    results: list[StepResult] = field(default_factory=list)
    form: StepResult | None = None  # the decision once more, in the client's own schema
    longest_ms: float = 0.0
    failed_calls: int = 0
    last_error: AnswererError | None = None
    claims: int = 0
    wrong_claims: int = 0

    @property
    def cited(self) -> tuple[Evidence, ...]:
        """Returns the passages that may be cited."""
        return self.passages or ()

    @property
    def synthesis(self) -> StepResult:
        """Returns the last step."""
        return self.results[-1]

    @property
    def marks(self) -> tuple[str, ...]:
        """Returns the faults that one repair did not mend; those of earlier steps name the step."""
        named = [
            mark if result.id == StepId.SYNTHESIS else f"{result.title}: {mark}"
            for result in self.results
            for mark in result.marks
        ]
        return tuple(dict.fromkeys(named))

    def previous(self, limit: int) -> str:
        """Returns the earlier steps as a quotation of at most `limit` characters."""
        known = {r.id: dict(r.fields) for r in self.results if r.fields}
        lines = [f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in known.items()]
        return quoted("\n".join(lines) or "none", limit)

    def kept_steps(self) -> tuple[WorkedStep, ...]:
        """Returns the steps as the ledger keeps them."""
        return tuple(
            WorkedStep(
                result.id,
                result.state,
                JsonText(json.dumps(dict(result.fields), ensure_ascii=False)),
                result.fault,
                result.notes,
                len(result.usages),
            )
            for result in ([*self.results, self.form] if self.form else self.results)
        )


def handed_on_characters(profile: str, context_tokens: int) -> int:
    """Returns how many characters of earlier steps a step reads at most."""
    most = max(1_000, context_tokens)
    return most * CHARACTERS_PER_TOKEN if profile == "full" else most


def question_of(request: ChatRequest, limit: int) -> str:
    """Returns the user's words as a quotation, with the turns before them when there were any."""
    turns = [m for m in request.messages if m.role in ("user", "assistant") and m.text]
    earlier = turns[:-1][-EARLIER_TURNS:]
    if not earlier:
        return quoted(request.last_user_text, limit)
    before = "\n".join(f"{m.role}: {m.text}" for m in earlier)
    return f"{quoted(before, limit // 2)}\n>\n{quoted(request.last_user_text, limit // 2)}"


def listed(passages: Sequence[Evidence]) -> str:
    """Returns passages as a quotation, each with the id by which it is cited."""
    if not passages:
        return quoted("none", 100)
    return "\n".join(
        quoted(f"[{passage.id}] {passage.text} ({passage.source})", 4_000) for passage in passages
    )

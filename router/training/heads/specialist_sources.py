"""Lists the shipped specialists: their classes, the files that teach them, and the label of a row.

It knows nothing about models; `specialists.py` reads the files and fits the heads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from router.training.data.priority import priority_by_rule
from router.training.data.sources import Row

NONE = "none"
GRAVEST = (
    ("self_harm", ("SH",)),
    ("sexual", ("S", "S3")),
    ("hate", ("H", "H2")),
    ("harassment", ("HR",)),
    ("violence", ("V", "V2")),
)
"""When a text has several marks, the first one in this order names its category."""


@dataclass(frozen=True, slots=True)
class Taught:
    """Describes a file that teaches a head: its columns, its label, and how many rows at most."""

    file: str
    columns: tuple[str, ...]
    licence: str
    label_of: Callable[[Row], str | None]  # None: the row teaches nothing
    weak: bool = False
    most: int | None = None
    text: str = "text"
    """The column that holds the text."""


@dataclass(frozen=True, slots=True)
class Specialist:
    """Describes one shipped head: its classes, its files, and a note about its labels."""

    name: str
    classes: tuple[str, ...]
    taught: tuple[Taught, ...]
    note: str
    most: Mapping[str, int] = field(default_factory=dict)  # rows of a class, those of least hash


HARMFUL_CATEGORIES = (
    "Malware", "Fraud", "Hate Speech", "Physical Harm", "Privacy Violence", "Illegal Activity",
)  # fmt: skip
"""Of the forbidden questions; the other categories ask for advice, opinions or lobbying."""


def _column(name: str) -> Callable[[Row], str | None]:
    return lambda row: str(row[name])


def _always(label: str) -> Callable[[Row], str | None]:
    return lambda row: label


def _category(row: Row) -> str | None:
    marks = row["labels"]
    if not isinstance(marks, Mapping):
        raise ValueError("column `labels` is not an object")
    for category, keys in GRAVEST:
        if any(marks.get(key) for key in keys):
            return category
    # Without all of these marks a text was not annotated in full, so it cannot count as none.
    return NONE if all(key in marks for key in ("S", "H", "V", "HR", "SH")) else None


def _ham(label: str | None) -> Callable[[Row], str | None]:
    """Reads rows that are no spam: `label`, or the priority by rule."""

    def read(row: Row) -> str | None:
        if row["label"] == "spam":
            return None
        return label or priority_by_rule(str(row["text"]))

    return read


def _by_rule(row: Row) -> str | None:
    return priority_by_rule(str(row["text"]))


def _asked_for_harm(row: Row) -> str | None:
    """Reads the forbidden questions that ask for harm; some categories only ask for opinions."""
    return "harm" if row["category"] in HARMFUL_CATEGORIES else None


def _harm(row: Row) -> str:
    return "ok" if row["label"] == "safe" else "harm"


def _ok_of(column: str, *values: str) -> Callable[[Row], str | None]:
    return lambda row: "ok" if row[column] in values else None


def _ok_from(*sources: str) -> Callable[[Row], str | None]:
    return lambda row: "ok" if str(row["source"]).startswith(sources) else None


_TICKETS, _SMS, _MAIL = "tickets_it_service", "spam_sms", "spam_email_spamassassin"
_QUESTIONS = "stakes_domain_questions"
_PROMPTS, _HINT3, _BANKING = "prompts_general", "intent_hint3_support", "intent_banking77"
_LICENCES = {
    _TICKETS: "CC0 / MIT",
    _SMS: "CC BY 4.0 (as published by UCI)",
    _MAIL: "PDDL 1.0 / CC0",
    _PROMPTS: "Apache-2.0",
    _HINT3: "ODbL 1.0 / DbCL 1.0",
    _BANKING: "CC BY 4.0",
    "toxicity_davidson": "MIT",
    "safety_xstest": "CC BY 4.0",
    "safety_advbench": "MIT",
    _QUESTIONS: "CC BY 4.0 / MIT",
    "stakes_labelled": "MIT",
    "stakes_legalbench": "CC BY 4.0 / MIT",
    "intent_clinc150": "CC BY 3.0",
    "intent_hwu64": "CC BY 4.0",
    "moderation_openai1680": "MIT",
    "routing_multi_llmrouter": "MIT",
    "routing_pairs": "Apache-2.0",
}


def _from(
    name: str,
    column: str,
    label_of: Callable[[Row], str | None],
    most: int | None = None,
    *,
    weak: bool = True,
    text: str = "text",
) -> Taught:
    columns = (text, column) if column else (text,)
    return Taught(f"{name}.jsonl.gz", columns, _LICENCES[name], label_of, weak, most, text)


SPECIALISTS = (
    Specialist(
        "department",
        ("Access", "Administrative rights", "HR Support", "Hardware", "Internal Project",
         "Miscellaneous", "Purchase", "Storage"),
        (_from(_TICKETS, "department", _column("department"), weak=False),),
        "Tickets of one IT service desk whose words were already normalised; mail of another kind "
        "needs a head of its own: `tiergate train head --name department`.",
    ),
    Specialist(
        "priority",
        ("high", "low", "normal"),
        (
            _from(_TICKETS, "", _by_rule, 12_000),
            _from(_MAIL, "label", _ham(None)),
            _from(_SMS, "label", _ham(None), 1_500),
            _from(_HINT3, "", _by_rule),
            _from(_BANKING, "", _by_rule),
        ),
        "All labels are weak: stated rules over words (router/training/data/priority.py). Figures "
        "show agreement with the rules, not that a dispatcher would agree. Train your own by "
        "`tiergate train head --name priority`.",
        {"normal": 3_000},  # nine of ten texts; with all of them the others are hardly predicted
    ),
    Specialist(
        "toxicity",
        ("hate", "neither", "offensive"),
        (
            _from("toxicity_davidson", "label", _column("label"), weak=False),
            _from(_MAIL, "label", _ham("neither"), 400),
            _from(_SMS, "label", _ham("neither"), 600),
            _from(_PROMPTS, "", _always("neither"), 600),
            _from(_HINT3, "", _always("neither"), 400),
        ),
        "Hate and offence in tweets, labelled by people; ordinary mail, messages and prompts count "
        "as neither, which nobody labelled (weak).",
    ),
    Specialist(
        "category",
        ("harassment", "hate", NONE, "self_harm", "sexual", "violence"),
        (
            _from("moderation_openai1680", "labels", _category, weak=False),
            _from(_PROMPTS, "", _always(NONE), 300),
            _from(_SMS, "label", _ham(NONE), 150),
            _from(_HINT3, "", _always(NONE), 150),
        ),
        "About 800 annotated texts, some 250 of them with a mark; of several marks the gravest by "
        "a fixed order. Prompts, messages and support questions count as none (weak). Few rows a "
        "class: thresholds in the policy lean to review.",
        {NONE: 350},  # about as many as all marks together, so that marks are found
    ),
)  # fmt: skip

_ASKED = (
    "commongen", "natural_qa", "trivia_qa", "mmlu", "openbook_qa", "arc_challenge", "mbpp",
    "commonsense_qa",
)  # fmt: skip
"""Tasks of LLMRouter's set whose prompts teach; those left out are arithmetic and code."""

HARM = (
    _from("safety_xstest", "label", _harm, weak=False),
    _from("safety_advbench", "label", _harm, weak=False),
    _from(_QUESTIONS, "category", _asked_for_harm, weak=False),
    _from(_QUESTIONS, "source", _ok_from("medquad", "pubmed"), 700),
    _from(_QUESTIONS, "source", _ok_from("tatqa"), 150),
    _from("stakes_labelled", "source", _ok_from("synthetic"), 700),
    _from("stakes_legalbench", "", _always("ok"), 150),
    _from(_PROMPTS, "", _always("ok")),
    _from("intent_clinc150", "", _always("ok"), 4_000),
    _from("intent_hwu64", "", _always("ok"), 3_000),
    _from(_BANKING, "", _always("ok"), 1_500),
    _from(_HINT3, "", _always("ok")),
    _from(_TICKETS, "", _always("ok"), 300),
    _from(_SMS, "label", _ham("ok"), 1_500),
    _from(_MAIL, "label", _ham("ok"), 600),
    _from("routing_multi_llmrouter", "task", _ok_of("task", *_ASKED), text="prompt"),
    _from("routing_pairs", "benchmark", _ok_of("benchmark", "mmlu"), 2_500, text="prompt"),
)
"""Teach the head `harm` beside our own lines: requests to harm, and harmless requests that share
their words. Prompts, support questions, messages and health questions count as harmless (weak).
The sets of Arena, of ZeroEval and of MMLU-Pro teach nothing, so that they can judge; MMLU-Pro holds
questions of MMLU, which are to be left out then."""

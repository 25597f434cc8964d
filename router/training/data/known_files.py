"""Lists the known files of the data folder, their columns, and what a row of each file teaches.

A folder may hold any subset of them; docs/guides/training.md lists them. `sources.py` reads one
file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from router.errors import TrainingDataError
from router.training.data import labels as rules
from router.training.data.sources import Example, FileRows, Row, SourceFile, find, read_rows
from router.training.progress import track


def _text(row: Row, key: str = "text") -> str:
    return str(row[key]).strip()


def _example(
    row: Row, source: str, text: str, given: dict[str, str], *, group: str = "", **rest: object
) -> Example:
    """Returns an example with the given labels plus the weak ones of the rules for its source."""
    weak = {
        task: value
        for task, value in rules.weak_labels(source, text, given, row).items()
        if task not in given
    }
    return Example(
        text=text,
        source=source,
        group=group,
        labels={**given, **weak},
        weak=frozenset(weak),
        **rest,  # type: ignore[arg-type]
    )


def _intent(source: str, *, bot: bool = False) -> Callable[[Row], Iterator[Example]]:
    def read(row: Row) -> Iterator[Example]:
        name = str(row["intent"])
        if bot:
            name = f"{row['bot']}:{name}"
        yield _example(row, source, _text(row), {f"intent/{source}": name})

    return read


def _department(row: Row) -> Iterator[Example]:
    yield _example(row, "tickets", _text(row), {"department": str(row["department"])})


def _spam(source: str) -> Callable[[Row], Iterator[Example]]:
    def read(row: Row) -> Iterator[Example]:
        label = "spam" if row["label"] == "spam" else "ok"
        yield _example(row, source, _text(row), {"spam": label})

    return read


def _davidson(row: Row) -> Iterator[Example]:
    fine = str(row["label"])
    toxic = "ok" if fine == "neither" else "toxic"
    yield _example(row, "davidson", _text(row), {"toxic_kind": fine, "toxic": toxic})


def _moderation(row: Row) -> Iterator[Example]:
    """Counts hate, harassment and severe violence as toxic, the rest as fine only if annotated."""
    marks = row["labels"]
    if not isinstance(marks, Mapping):
        raise ValueError("column `labels` is not an object")
    hostile = any(marks.get(key) for key in ("H", "H2", "HR", "V2"))
    given = {"toxic": "toxic" if hostile else "ok"} if hostile or "H" in marks else {}
    yield _example(row, "moderation", _text(row), given)


def _safety(source: str) -> Callable[[Row], Iterator[Example]]:
    """Reads requests for harm, for distillation; the safety of a request is not its tone."""

    def read(row: Row) -> Iterator[Example]:
        yield _example(
            row, source, _text(row), {"harm": "ok" if row["label"] == "safe" else "harm"}
        )

    return read


# A turn ends where another role speaks, or at the end of the text.
_LAST_USER_TURN = re.compile(r"(?:^|\n)(?:user|human): (.*?)(?=\n(?:assistant|system): |\Z)", re.S)


def _stakes(row: Row) -> Iterator[Example]:
    """Yields the text as labelled and, for a transcript with one user turn, that turn too."""
    text, source = _text(row), f"stakes_{row['source']}"
    # A pair stays on one side of the split; a text without a pair groups by its beginning.
    group = f"{source}/{row['pair_id']}" if row.get("pair_id") else f"{source}/{text[:200]}"
    given = {"stakes": str(row["stakes"])}
    topic = rules.STAKES_TOPIC_DOMAIN.get(str(row.get("topic")))
    if topic:
        given["domain"] = topic
    yield _example(row, source, text, given, group=group)
    turns = _LAST_USER_TURN.findall(text)
    # Triage reads the last user turn; with several turns the label belongs to none of them.
    if len(turns) == 1 and turns[0].strip() != text:
        yield _example(row, source, turns[0].strip(), given, group=group)


def _domain_question(row: Row) -> Iterator[Example]:
    domain = str(row["domain"])
    # "safety" is no domain of ours.
    given = {} if domain == "safety" else {"domain": domain}
    yield _example(row, str(row["source"]), _text(row), given)


def _legalbench(row: Row) -> Iterator[Example]:
    yield _example(row, "legalbench", _text(row), {"domain": "legal"})


# Grade school is the easiest; MATH's levels 1 to 5 go from 0.3 to 0.9.
_MATH_LEVELS = {"grade school": 0.1, **{f"Level {n}": 0.15 + 0.15 * n for n in range(1, 6)}}


def _math(row: Row) -> Iterator[Example]:
    hint = _MATH_LEVELS.get(str(row["level"]))
    given = {"domain": "science_math"}
    yield _example(row, f"math_{row['source']}", _text(row), given, difficulty_hint=hint)


def _general(row: Row) -> Iterator[Example]:
    yield _example(row, str(row["source"]), _text(row), {})


def _pairs(row: Row) -> Iterator[Example]:
    benchmark = str(row["benchmark"])
    outcomes = {
        # The two models that this table grades; its columns do not name them.
        "mixtral-8x7b-instruct-v0.1": float(str(row["weak_correct"])),
        "gpt-4-1106-preview": float(str(row["strong_correct"])),
    }
    domain = rules.SUBJECT_DOMAIN.get(str(row["subject"]))
    given = {"domain": domain} if domain else {}
    yield _example(
        row,
        f"pairs_{benchmark}",
        _text(row, "prompt"),
        given,
        outcomes=outcomes,
        benchmark=f"pairs_{benchmark}",
    )


def _outcomes(raw: object) -> dict[str, float]:
    if not isinstance(raw, Mapping):
        raise ValueError("the per-model results are not an object")
    return {rules.model_name(str(name)): float(str(value)) for name, value in raw.items()}


def _mmlu_pro(row: Row) -> Iterator[Example]:
    options = row["options"]
    if not isinstance(options, list):
        raise ValueError("column `options` is not a list")
    # Options get the letters A, B, ... as in the benchmark's prompts.
    listed = "\n".join(f"{chr(65 + i)}. {option}" for i, option in enumerate(options))
    domain = rules.SUBJECT_DOMAIN.get(str(row["category"]))
    yield _example(
        row,
        "mmlu_pro",
        f"{_text(row, 'question')}\n{listed}",
        {"domain": domain} if domain else {},
        outcomes=_outcomes(row["correct"]),
        benchmark="mmlu_pro",
    )


def _zeroeval(row: Row) -> Iterator[Example]:
    benchmark = f"zeroeval_{row['benchmark']}"
    yield _example(
        row,
        benchmark,
        _text(row, "prompt"),
        {},
        outcomes=_outcomes(row["correct"]),
        benchmark=benchmark,
    )


def _llmrouter(row: Row) -> Iterator[Example]:
    task = f"llmrouter_{row['task']}"
    # The scores of commongen are not used as grades.
    graded = task != "llmrouter_commongen"
    yield _example(
        row,
        task,
        _text(row, "prompt"),
        {},
        outcomes=_outcomes(row["scores"]) if graded else {},
        benchmark=task if graded else "",
    )


def _arena(row: Row) -> Iterator[Example]:
    yield _example(row, "arena_bench", _text(row, "prompt"), {})


def _unlabelled(row: Row) -> Iterator[Example]:
    """Reads texts of the user's own traffic, without labels, for distillation and adaptation."""
    yield Example(_text(row), "unlabelled")


_CC3, _CC4, _MIT, _APACHE, _CC0 = "CC BY 3.0", "CC BY 4.0", "MIT", "Apache-2.0", "CC0"

FILES: tuple[SourceFile, ...] = (
    SourceFile("intent_clinc150.jsonl.gz", ("text", "intent"), _CC3, _intent("clinc150")),
    SourceFile("intent_banking77.jsonl.gz", ("text", "intent"), _CC4, _intent("banking77")),
    SourceFile("intent_hwu64.jsonl.gz", ("text", "intent"), _CC4, _intent("hwu64")),
    SourceFile(
        "intent_hint3_support.jsonl.gz",
        ("text", "intent", "bot"),
        "ODbL 1.0 / DbCL 1.0",
        _intent("hint3", bot=True),
    ),
    SourceFile("intent_snips.jsonl.gz", ("text", "intent"), _CC0, _intent("snips")),
    SourceFile(
        "tickets_it_service.jsonl.gz", ("text", "department"), f"{_CC0} / {_MIT}", _department
    ),
    SourceFile(
        "spam_sms.jsonl.gz", ("text", "label"), f"{_CC4} (as published by UCI)", _spam("sms")
    ),
    SourceFile(
        "spam_email_spamassassin.jsonl.gz", ("text", "label"), f"PDDL 1.0 / {_CC0}", _spam("email")
    ),
    SourceFile("toxicity_davidson.jsonl.gz", ("text", "label"), _MIT, _davidson),
    SourceFile("moderation_openai1680.jsonl.gz", ("text", "labels"), _MIT, _moderation),
    SourceFile("safety_xstest.jsonl.gz", ("text", "label"), _CC4, _safety("xstest")),
    SourceFile("safety_advbench.jsonl.gz", ("text", "label"), _MIT, _safety("advbench")),
    SourceFile(
        "stakes_labelled.jsonl.gz",
        ("text", "stakes", "source"),
        f"{_MIT}; parts Apache-2.0, {_CC4} or not checked",
        _stakes,
    ),
    SourceFile(
        "stakes_domain_questions.jsonl.gz",
        ("text", "domain", "source"),
        f"{_CC4}, {_MIT}",
        _domain_question,
    ),
    SourceFile("stakes_legalbench.jsonl.gz", ("text", "domain"), f"{_CC4}, {_MIT}", _legalbench),
    SourceFile("difficulty_math.jsonl.gz", ("text", "source", "level"), _MIT, _math),
    SourceFile("prompts_general.jsonl.gz", ("text", "source"), _APACHE, _general),
    SourceFile(
        "routing_pairs.jsonl.gz",
        ("prompt", "benchmark", "subject", "weak_correct", "strong_correct"),
        _APACHE,
        _pairs,
    ),
    SourceFile(
        "routing_multi_mmlu_pro.jsonl.gz",
        ("question", "options", "category", "correct"),
        _APACHE,
        _mmlu_pro,
    ),
    SourceFile(
        "routing_multi_zeroeval.jsonl.gz", ("prompt", "benchmark", "correct"), _APACHE, _zeroeval
    ),
    SourceFile("routing_multi_llmrouter.jsonl.gz", ("prompt", "task", "scores"), _MIT, _llmrouter),
    SourceFile("routing_multi_arena_bench.jsonl.gz", ("prompt",), _APACHE, _arena),
    SourceFile("unlabelled.jsonl.gz", ("text",), "yours", _unlabelled),
)
"""Every file that `tiergate train triage --data DIR` reads, with or without `.gz`."""


def known_in(folder: Path) -> list[tuple[Path, SourceFile]]:
    """Returns the known files in `folder`, in their order.

    Raises TrainingDataError where there is none: a mistyped folder would teach less in silence.
    """
    files = [(path, source) for source in FILES if (path := find(folder, source.name)) is not None]
    if not files:
        known = ", ".join(source.name for source in FILES[:3])
        raise TrainingDataError(
            f"{folder} holds none of the {len(FILES)} known data files (for example {known}); "
            "docs/guides/training.md lists names and columns"
        )
    return files


def read_folder(folder: Path, *, progress: bool = False) -> list[FileRows]:
    """Returns the rows of all known files in `folder`, in file order.

    Raises TrainingDataError when the folder has none of the known files or a row is malformed.
    """
    files = known_in(folder)
    return [read_rows(path, source) for path, source in track(files, "files", progress)]

"""Reads the data folder: which files are known, their columns, and what each row teaches.

A folder may hold any subset of the known files; docs/guides/training.md lists them. A row that
lacks a column, or carries a value of the wrong type, stops the run with the file and the row
numbers: a model quietly trained on half a file is worse than none.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router.errors import TrainingDataError
from router.training.data import labels as rules
from router.training.progress import track
from router.triage.match import held_out

MAX_ROWS_NAMED = 8
"""Row numbers listed in one error: enough to find the pattern, short enough to read."""

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Example:
    """One text and everything a data file says about it.

    `labels` maps a task (`domain`, `stakes`, `intent/clinc150`, ...) to a class name; the tasks
    named in `weak` were derived by a stated rule, not given by the data. `outcomes` maps a model to
    0..1, how right its answer was; `difficulty_hint` is a level given by the source, 0..1.
    """

    text: str
    source: str
    group: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    weak: frozenset[str] = frozenset()
    outcomes: Mapping[str, float] = field(default_factory=dict)
    benchmark: str = ""
    difficulty_hint: float | None = None


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A known file of the data folder: its name, required columns, licence and reader."""

    name: str
    columns: tuple[str, ...]
    licence: str
    read: Callable[[Row], Iterator[Example]]

    @property
    def stem(self) -> str:
        return self.name.split(".", 1)[0]


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What was read from one file, for the card."""

    name: str
    sha256: str
    rows: int
    examples: int
    licence: str


@dataclass(frozen=True, slots=True)
class FileRows:
    """One file as read: every example with the number of its row, from 1; texts may be empty."""

    name: str
    sha256: str
    count: int
    licence: str
    rows: tuple[tuple[int, Example], ...]


def _text(row: Row, key: str = "text") -> str:
    return str(row[key]).strip()


def _example(
    row: Row, source: str, text: str, given: dict[str, str], *, group: str = "", **rest: object
) -> Example:
    """An example with the given labels plus the weak ones the rules add for its source."""
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
    """Hate, harassment and severe violence count as toxic; the rest as fine only if annotated."""
    marks = row["labels"]
    if not isinstance(marks, Mapping):
        raise ValueError("column `labels` is not an object")
    hostile = any(marks.get(key) for key in ("H", "H2", "HR", "V2"))
    given = {"toxic": "toxic" if hostile else "ok"} if hostile or "H" in marks else {}
    yield _example(row, "moderation", _text(row), given)


def _safety(source: str) -> Callable[[Row], Iterator[Example]]:
    """Requests for harm: texts for distillation; whether a request is safe is not its tone."""

    def read(row: Row) -> Iterator[Example]:
        yield _example(
            row, source, _text(row), {"harm": "ok" if row["label"] == "safe" else "harm"}
        )

    return read


_LAST_USER_TURN = re.compile(r"(?:^|\n)(?:user|human): (.*?)(?=\n(?:assistant|system): |\Z)", re.S)


def _stakes(row: Row) -> Iterator[Example]:
    """The text as labelled; of a transcript with one user turn, that turn as well."""
    text, source = _text(row), f"stakes_{row['source']}"
    group = f"{source}/{row['pair_id']}" if row.get("pair_id") else f"{source}/{text[:200]}"
    given = {"stakes": str(row["stakes"])}
    topic = rules.STAKES_TOPIC_DOMAIN.get(str(row.get("topic")))
    if topic:
        given["domain"] = topic
    yield _example(row, source, text, given, group=group)
    turns = _LAST_USER_TURN.findall(text)
    if len(turns) == 1 and turns[0].strip() != text:
        yield _example(row, source, turns[0].strip(), given, group=group)


def _domain_question(row: Row) -> Iterator[Example]:
    domain = str(row["domain"])
    given = {} if domain == "safety" else {"domain": domain}
    yield _example(row, str(row["source"]), _text(row), given)


def _legalbench(row: Row) -> Iterator[Example]:
    yield _example(row, "legalbench", _text(row), {"domain": "legal"})


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
        "mixtral-8x7b-instruct-v0.1": float(str(row["weak_correct"])),
        "gpt-4-1106-preview": float(str(row["strong_correct"])),
    }
    domain = rules.SUBJECT_DOMAIN.get(str(row["subject"]))
    given = {"domain": domain} if domain else {}
    yield _example(
        row, f"pairs_{benchmark}", _text(row, "prompt"), given,
        outcomes=outcomes, benchmark=f"pairs_{benchmark}",
    )  # fmt: skip


def _outcomes(raw: object) -> dict[str, float]:
    if not isinstance(raw, Mapping):
        raise ValueError("the per-model results are not an object")
    return {rules.model_name(str(name)): float(str(value)) for name, value in raw.items()}


def _mmlu_pro(row: Row) -> Iterator[Example]:
    options = row["options"]
    if not isinstance(options, list):
        raise ValueError("column `options` is not a list")
    listed = "\n".join(f"{chr(65 + i)}. {option}" for i, option in enumerate(options))
    domain = rules.SUBJECT_DOMAIN.get(str(row["category"]))
    yield _example(
        row, "mmlu_pro", f"{_text(row, 'question')}\n{listed}",
        {"domain": domain} if domain else {},
        outcomes=_outcomes(row["correct"]), benchmark="mmlu_pro",
    )  # fmt: skip


def _zeroeval(row: Row) -> Iterator[Example]:
    benchmark = f"zeroeval_{row['benchmark']}"
    yield _example(
        row, benchmark, _text(row, "prompt"), {},
        outcomes=_outcomes(row["correct"]), benchmark=benchmark,
    )  # fmt: skip


def _llmrouter(row: Row) -> Iterator[Example]:
    task = f"llmrouter_{row['task']}"
    graded = task != "llmrouter_commongen"
    yield _example(
        row, task, _text(row, "prompt"), {},
        outcomes=_outcomes(row["scores"]) if graded else {}, benchmark=task if graded else "",
    )  # fmt: skip


def _arena(row: Row) -> Iterator[Example]:
    yield _example(row, "arena_bench", _text(row, "prompt"), {})


def _unlabelled(row: Row) -> Iterator[Example]:
    """Texts of one's own traffic: for distillation and adaptation, no label of any kind."""
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

TRACE_FILE = "trace_azure_llm_2023_conv.csv.gz"
"""Context lengths of real load, for the latency figures of the card; not trained on."""


def read_folder(folder: Path, *, progress: bool = False) -> list[FileRows]:
    """Returns the rows of all known files in `folder`, in file order.

    Raises TrainingDataError when the folder has none of the known files or a row is malformed.
    """
    found = [(path, source) for source in FILES if (path := find(folder, source.name)) is not None]
    if not found:
        known = ", ".join(source.name for source in FILES[:3])
        raise TrainingDataError(
            f"{folder} holds none of the {len(FILES)} known data files (for example {known}); "
            "docs/guides/training.md lists names and columns"
        )
    return [read_rows(path, source) for path, source in track(found, "files", progress)]


def find(folder: Path, name: str) -> Path | None:
    """The file `name` in `folder`, or the same name without `.gz`; None when there is neither."""
    for candidate in (folder / name, folder / name.removesuffix(".gz")):
        if candidate.is_file():
            return candidate
    return None


def read_file(path: Path, source: SourceFile) -> tuple[list[Example], int]:
    """Returns the examples of one file that have a text, and its row count; errors as below."""
    found = read_rows(path, source)
    return [example for _, example in found.rows if example.text], found.count


def read_rows(path: Path, source: SourceFile) -> FileRows:
    """Returns the examples of one file with their row numbers; all malformed rows are named."""
    found: list[tuple[int, Example]] = []
    problems: dict[str, list[int]] = {}
    number = 0
    for number, line in enumerate(lines(path), start=1):
        try:
            row = json.loads(line)
            missing = [column for column in source.columns if row.get(column) is None]
            if missing:
                raise ValueError(f"column {', '.join(missing)} is missing or null")
            found += [(number, example) for example in source.read(row)]
        except (ValueError, TypeError, AttributeError) as error:
            reason = "not a JSON object" if isinstance(error, json.JSONDecodeError) else str(error)
            problems.setdefault(reason, []).append(number)
    if problems:
        raise TrainingDataError(_describe(path, source, problems))
    return FileRows(path.name, sha256_of(path), number, source.licence, tuple(found))


def _describe(path: Path, source: SourceFile, problems: Mapping[str, list[int]]) -> str:
    parts = [f"row {named(rows)}: {reason}" for reason, rows in problems.items()]
    return f"{path.name} needs the columns {', '.join(source.columns)}; " + "; ".join(parts)


def named(rows: Sequence[int]) -> str:
    """Row numbers as they are told: the first few, then how many more.

    >>> named([3, 5]), named(range(1, 31))
    ('3, 5', '1, 2, 3, 4, 5, 6, 7, 8 and 22 more')
    """
    shown = ", ".join(map(str, rows[:MAX_ROWS_NAMED]))
    more = f" and {len(rows) - MAX_ROWS_NAMED} more" if len(rows) > MAX_ROWS_NAMED else ""
    return shown + more


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file that are not blank; raises TrainingDataError if it is no UTF-8."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as stream:
            for line in stream:
                if line.strip():
                    yield line
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise TrainingDataError(
            f"{path.name} is not UTF-8 text or a whole gzip file: {error}"
        ) from error


def context_lengths(folder: Path) -> list[int]:
    """Context tokens of each request in the load trace; empty when the folder has no trace."""
    path = find(folder, TRACE_FILE)
    return (
        [] if path is None else [int(row["ContextTokens"]) for row in csv.DictReader(lines(path))]
    )


def knowledge_files(folder: Path | None) -> list[Path]:
    """The knowledge files whose utterances are trained on, none without a folder."""
    return sorted(folder.glob("*.yaml")) if folder is not None else []


def read_knowledge(path: Path) -> tuple[list[Example], LoadedFile]:
    """The utterances of a knowledge file as intents, without the fifth that judges matches."""
    import yaml

    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    asked = [(u, intent["id"]) for intent in content["intents"] for u in intent["utterances"]]
    for task, section in (content.get("classifications") or {}).items():
        for department in section["departments"]:
            asked += [(u, f"{task}/{department['id']}") for u in department["utterances"]]
    taught = [
        Example(text=text, source="knowledge", labels={f"intent/{path.stem}": name})
        for text, name in asked
        if not held_out(text)
    ]
    name = f"policies/knowledge/{path.name}"
    return taught, LoadedFile(name, sha256_of(path), len(asked), len(taught), "Apache-2.0 (ours)")


def sha256_of(path: Path) -> str:
    """The sha256 of a file as hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()

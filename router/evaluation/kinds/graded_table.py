"""Reads a table of graded answers: the models that were right on a prompt, and a call's cost.

It reads the columns of `routing_pairs` (weak_correct, strong_correct, with weak_response and
strong_response where there are answers) and of `routing_multi_*` (correct or scores: an object of
model -> result; answers: an object of model -> text). Costs are estimates: four characters a token
times a price list; they leave out hidden reasoning tokens.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from router.errors import TrainingDataError
from router.evaluation.rows import Row
from router.evaluation.table import Line, Table, read, shown

WEAK, STRONG = "mixtral-8x7b-instruct-v0.1", "gpt-4-1106-preview"
"""Names the two models whose answers `routing_pairs` grades."""

PAIRS = (
    (WEAK, STRONG),
    ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06"),
    ("Meta-Llama-3_1-8B-Instruct", "gemini-1.5-pro-002"),
    ("llama-3.1-8b-instruct", "llama-3.1-nemotron-51b-instruct"),
    ("Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"),
)
"""Lists the pairs to compare when none are named: the first pair of which a table has both."""

LEAST_WIDE = 3
"""Sets the models that make a table wide: of two unknown ones nobody can say which is the cheaper.
"""

WEAK_SHARE = 0.75
"""Sets the weak model's share of the best one's accuracy where no pair is named: far enough from it
that routing can gain, near enough that it often needs no help."""

Price = tuple[float, float]
"""Holds dollars per million tokens: of the prompt, of the answer."""

PRICES: Mapping[str, Price] = {
    WEAK: (0.24, 0.24),
    STRONG: (24.7, 24.7),
    "gpt-4o-mini-2024-07-18": (0.15, 0.6),
    "gpt-4o-2024-08-06": (2.5, 10.0),
    "o1-mini-2024-09-12": (3.0, 12.0),
}
"""Holds prices in dollars per million tokens.

The first two are RouteLLM's (arXiv 2406.18665, one price for all tokens). The others come from the
vendor's list when the model came out. `--prices` adds to them or replaces them.
"""

CHARS_PER_TOKEN = 4
ANSWER_CHARS = 800
"""Sets the length of an answer whose length the table does not give."""

LEAST_COVERAGE = 0.8
"""Sets the share of the prompts that a model must have answered.

A model that answered fewer is left out: the others would be judged on other rows.
"""


@dataclass(frozen=True, slots=True)
class Graded:
    """Holds one prompt's subject, each model's result (1 right, 0 wrong, or between),
    and lengths.
    """

    benchmark: str
    subject: str
    results: Mapping[str, float]
    answer_chars: Mapping[str, float]
    contaminated: bool = False
    answers: Mapping[str, str] = field(default_factory=dict)  # the texts, where the table has them


@dataclass(frozen=True, slots=True)
class GradedTable:
    """Holds the rows for the cut, and their grades by line."""

    table: Table[Row]
    graded: Mapping[int, Graded]
    scale: float  # results were divided by it, 1 where they were 0..1 already

    def of(self, rows: Sequence[Row]) -> list[Graded]:
        """Returns the grades of these rows."""
        return [self.graded[row.line] for row in rows]

    def models(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """Returns the names of the models that answered nearly all of these rows."""
        seen = Counter(name for graded in self.of(rows) for name in graded.results)
        return tuple(sorted(n for n, count in seen.items() if count >= LEAST_COVERAGE * len(rows)))


def read_graded(path: Path) -> GradedTable:
    """Reads a table of graded answers. Raises TrainingDataError as `read` does."""
    graded: dict[int, Graded] = {}

    def parse(line: Line) -> Row | None:
        graded_row = _graded(line)
        text = _prompt(line)
        if not text or not graded_row.results:
            return None
        graded[line.number] = graded_row
        return Row(line.number, text, "", source=graded_row.benchmark)

    table = read(path, (("prompt", "question"), ("weak_correct", "correct", "scores")), parse)
    highest = max(max(graded_row.results.values()) for graded_row in graded.values())
    # Some tables grade on another scale than 0..1.
    scale = 1.0 if highest <= 1.0 else highest
    if scale != 1.0:
        graded = {
            number: replace(
                graded_row, results={m: r / scale for m, r in graded_row.results.items()}
            )
            for number, graded_row in graded.items()
        }
    return GradedTable(table, graded, scale)


def _prompt(line: Line) -> str:
    """Returns the prompt as in the encoder's training: options, if any, are listed by letter."""
    if "prompt" in line.row:
        return line.text("prompt")
    # Multiple-choice files hold the question and its options in two columns.
    options = line.row.get("options")
    if not isinstance(options, list):
        raise ValueError(f"options is {shown(options)}; expected a list beside `question`")
    listed = "\n".join(f"{chr(65 + place)}. {option}" for place, option in enumerate(options))
    return f"{line.text('question')}\n{listed}"


def _graded(line: Line) -> Graded:
    row = line.row
    if "weak_correct" in row:
        if "strong_correct" not in row:
            raise ValueError("found weak_correct alone; expected strong_correct beside it")
        results = {
            WEAK: float(line.flag("weak_correct")),
            STRONG: float(line.flag("strong_correct")),
        }
    else:
        results = _numbers(row["correct"] if "correct" in row else row["scores"])
    lengths = row.get("out_chars")
    measured = _numbers(lengths) if lengths is not None else {}
    answers = _answers(line)
    benchmark = line.optional("benchmark") or line.optional("task")
    subject = line.optional("subject") or line.optional("category") or benchmark
    return Graded(
        benchmark,
        subject,
        results,
        {**{model: float(len(text)) for model, text in answers.items()}, **measured},
        line.flag("contaminated"),
        answers,
    )


def _answers(line: Line) -> dict[str, str]:
    """Returns the texts of the models' answers, empty where the table has none."""
    if "weak_correct" in line.row:
        named = {WEAK: line.row.get("weak_response"), STRONG: line.row.get("strong_response")}
    else:
        column = line.row.get("answers")
        named = dict(column) if isinstance(column, Mapping) else {}
    return {str(model): text for model, text in named.items() if isinstance(text, str) and text}


def _numbers(value: object) -> dict[str, float]:
    """Returns an object of model -> number; a model without a number was not graded there."""
    if not isinstance(value, Mapping):
        raise ValueError(f"the results are {shown(value)}; expected an object of model -> number")
    numbers = {}
    for name, number in value.items():
        if number is None:
            continue
        if isinstance(number, str) or not isinstance(number, int | float):
            raise ValueError(f"the result of {name} is {shown(number)}; expected a number")
        if not 0 <= number < math.inf:
            raise ValueError(f"the result of {name} is {number}; expected 0 or more")
        numbers[str(name)] = float(number)
    return numbers


def pair_of(
    table: GradedTable, path: Path, weak: str | None, strong: str | None
) -> tuple[str, str]:
    """Returns the weak and the strong model to compare.

    Without a known pair, a wide table gives the most accurate model and the one nearest to
    WEAK_SHARE of its accuracy. Raises TrainingDataError that lists the models.
    """
    models = table.models(table.table.items)
    listed = ", ".join(sorted({name for row in table.graded.values() for name in row.results}))
    if (weak is None) != (strong is None):
        raise TrainingDataError("--weak and --strong go together: name both, or none")
    if weak is not None and strong is not None:
        # A model may have answered one benchmark of several; the others are left out then.
        anywhere = {name for row in table.graded.values() for name in row.results}
        missing = [name for name in (weak, strong) if name not in anywhere]
        if missing:
            raise TrainingDataError(
                f"{path}: found no results of {', '.join(missing)}; expected one of: {listed}"
            )
        return weak, strong
    for pair in PAIRS:
        if set(pair) <= set(models):
            return pair
    if len(models) >= LEAST_WIDE:
        accuracy = {name: _mean_result(table, name) for name in models}
        best = max(models, key=lambda name: accuracy[name])
        others = [name for name in models if name != best]
        wanted = WEAK_SHARE * accuracy[best]
        return min(others, key=lambda name: abs(accuracy[name] - wanted)), best
    raise TrainingDataError(
        f"{path}: found none of the known pairs of models; expected --weak and --strong, each one "
        f"of: {listed}"
    )


def _mean_result(table: GradedTable, model: str) -> float:
    results = [row.results[model] for row in table.graded.values() if model in row.results]
    return sum(results) / len(results)


def read_prices(path: Path | None) -> Mapping[str, Price]:
    """Returns the price list: the built-in one, replaced where a JSON file has a price.

    The file has {model: [prompt, answer]} in dollars per million tokens, or under `models` an
    object with input_price and output_price. Raises TrainingDataError for any other content.
    """
    if path is None:
        return PRICES
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        entries = document.get("models", document)
        own = {str(name): _price(name, entry) for name, entry in entries.items()}
    except OSError as error:
        raise TrainingDataError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise TrainingDataError(
            f"{path}: found no price list ({error}); expected JSON of model -> [dollars per "
            "million prompt tokens, dollars per million answer tokens]"
        ) from error
    # The file's own prices win.
    return {**PRICES, **own}


def _price(name: str, entry: Mapping[str, float] | Sequence[float]) -> Price:
    """Returns one entry of a price list. Raises ValueError for an invalid price."""
    prompt, answer = (
        (entry["input_price"], entry["output_price"])
        if isinstance(entry, Mapping)
        else (entry[0], entry[1])
    )
    price = float(prompt), float(answer)
    if not all(0 <= dollars < math.inf for dollars in price):
        raise ValueError(f"the price of {name} is {price}; expected 0 or more")
    return price


def call_cost(row: Row, graded: Graded, model: str, price: Price) -> float:
    """Returns the estimated dollars of one call.

    400 letters in and 800 out at 2.5 and 10 dollars a million tokens: 100 x 2.5 + 200 x 10 = 2,250
    millionths of a dollar.
    """
    answer = graded.answer_chars.get(model, ANSWER_CHARS)
    tokens_in, tokens_out = len(row.text) / CHARS_PER_TOKEN, answer / CHARS_PER_TOKEN
    return (tokens_in * price[0] + tokens_out * price[1]) / 1e6

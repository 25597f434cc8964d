"""Names the kinds of `tiergate evaluate`, and the options and files that each of them takes."""

from __future__ import annotations

from pathlib import Path

import typer

HEAD = "head"
"""Names the kind that judges a head of the user's own."""

KINDS = (
    "intent",
    "routing",
    "stakes",
    "spam",
    "toxicity",
    "department",
    "safety",
    "certificates",
    HEAD,
)
NOVELTIES = ("combined", "energy", "max_probability", "entropy", "mahalanobis", "nearest")
"""Repeats `router.evaluation.options`; a test compares them. Importing that would load numpy."""

ADVERSARIAL = "adversarial"
"""Names the kind that decides our own prompts by a policy; it needs no file."""

GATEWAY = "gateway"
"""Names the kind that decides prompts of a file by a policy."""

PRIVACY = "privacy"
"""Names the kind that finds personal details in marked texts; it needs no triage model."""

FAIRNESS = "fairness"
"""Names the kind that decides equal matters with other names and in other dialects."""

ANSWERS = "answers"
"""Names the kind that asks the questions of a benchmark and checks the answers."""

ENDPOINTS = "endpoints"
"""Names the kind that reads labelled texts by a policy's endpoints."""

BY_POLICY = (GATEWAY, ADVERSARIAL, FAIRNESS, ENDPOINTS)
"""Names the kinds that decide texts by a policy."""

EVERY_KIND = (*KINDS, GATEWAY, ADVERSARIAL, PRIVACY, FAIRNESS, ANSWERS, ENDPOINTS)

_OF_KINDS = {"train", "dev", "baseline", "seed", "resamples", "latency", "save_head"}
_OF_KIND = {
    "intent": {"novelty"},
    "routing": {"labels", "leave_subjects", "five_fits", "weak", "strong", "prices"},
}
_OF_HEAD = {
    "data",
    "head",
    "text_column",
    "label_column",
    "seed",
    "resamples",
    "latency",
}
_OF_JUDGED = {
    "rubric",
    "judge",
    "versus",
    "against",
    "at_least",
    "own_model",
    "max_usd",
    "resamples",
    "seed",
}
_ALWAYS = {"kind", "as_json", "model_dir"}


def is_typed(context: typer.Context, name: str) -> bool:
    """Returns True for an option of the command line itself, not of the environment."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def refuse_foreign(context: typer.Context, kind: str | None) -> None:
    """Raises BadParameter that names the given options without meaning for this kind."""
    judged = any(context.params.get(name) is not None for name in ("rubric", "judge"))
    typed = {name for name in context.params if is_typed(context, name)}
    if foreign := sorted(typed - _allowed(kind, judged)):
        options = ", ".join("--" + name.replace("_", "-") for name in foreign)
        raise typer.BadParameter(
            f"found {options}: of no use for {kind or 'the card'}; leave it out"
        )


def _allowed(kind: str | None, judged: bool) -> set[str]:
    """Returns the options that mean something for a kind; `judged`: by a rubric."""
    if kind in BY_POLICY:
        return _ALWAYS | {"policy", "data"}
    if kind == PRIVACY:
        return {"kind", "as_json", "data", "resamples", "seed"}
    if kind == ANSWERS:
        own = _OF_JUDGED if judged else {"run_code"}
        return _ALWAYS | {"policy", "data", "answerer", "database"} | own
    if kind is None:
        return _ALWAYS | {"data", "work"}
    if kind == HEAD:
        return _ALWAYS | _OF_HEAD
    return _ALWAYS | _OF_KINDS | _OF_KIND.get(kind, set()) | {"data"}


def refuse_half_a_judge(rubric: str | None, judge: str | None) -> None:
    """Raises BadParameter for a rubric without a judge, or a judge without a rubric."""
    if (rubric is None) != (judge is None):
        given, missing = ("judge", "rubric") if rubric is None else ("rubric", "judge")
        raise typer.BadParameter(f"found --{given} without --{missing}; expected both")


def file_of(kind: str, novelty: str | None, data: Path | None) -> Path:
    """Returns the file to measure on. Raises BadParameter for a wrong kind, score or file."""
    for value, allowed in ((kind, EVERY_KIND), (novelty or NOVELTIES[0], NOVELTIES)):
        if value not in allowed:
            raise typer.BadParameter(f"found {value!r}; expected one of {', '.join(allowed)}")
    # TIERGATE_DATA may name the folder of training data, which is no file of one kind.
    if data is None or data.is_dir():
        problem = "no --data" if data is None else f"the folder {data}"
        raise typer.BadParameter(f"found {problem}; expected --data FILE, a file of {kind} rows")
    return data

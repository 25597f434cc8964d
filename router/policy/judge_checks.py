"""Finds mistakes about judges in a policy: who judges whom, and files that do not fit.

It reads the plain object of the YAML file, as `cross_checks` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from router.policy.parsing.meant_keys import nearest
from router.policy.parsing.raw_policy import CrossMistake, Rungs
from router.policy.parsing.yaml_lines import KeyPath
from router.types import REMOTE

JUDGES = ("local", *REMOTE)
"""Lists kinds of answerers that can judge: models that read what they are given."""

AUTHORS = (*JUDGES, "deliberation")
"""Lists kinds of answerers whose answers a model wrote."""

_DEFAULT_LOCAL = "smollm2-135m"
_DATE = re.compile(r"[-@]?(?:\d{4}-\d{2}-\d{2}|20\d{6}|latest)$")


def same_model(one: str, other: str) -> bool:
    """Returns True when two names mean one model; provider, dated version and case do not count.

    >>> same_model("openai/gpt-5-mini", "gpt-5-mini-2025-08-07"), same_model("gpt-5", "gpt-5-mini")
    (True, False)
    """
    return bool(one) and _plain(one) == _plain(other)


def _plain(model: str) -> str:
    name = model.strip().lower().rpartition("/")[2]
    return _DATE.sub("", name.removesuffix(":latest"))


def judge_mistakes(raw: Mapping[str, object], rungs: Rungs) -> Iterator[CrossMistake]:
    """Yields mistakes of each `check` of an answerer, and of the judge of shadows."""
    by_name = {str(answerer.get("name")): answerer for _, answerer in rungs}
    judges = [name for name, answerer in by_name.items() if _may_judge(answerer)]
    yield from _of_shadows(raw, by_name, judges)
    for path, answerer in rungs:
        check = answerer.get("check")
        if not isinstance(check, Mapping):
            continue
        if answerer.get("kind") not in AUTHORS:
            expected = f"`check` for {', '.join(AUTHORS)}: others give approved or computed words"
            yield CrossMistake((*path, "check"), answerer.get("kind"), expected)
        if check.get("repair") is True and answerer.get("kind") == "deliberation":
            expected = "false: a deliberation repairs its own steps"
            yield CrossMistake((*path, "check", "repair"), True, expected)
        named = check.get("judge")
        if not isinstance(named, str):
            continue
        if named not in judges:
            yield CrossMistake((*path, "check", "judge"), named, _one_of(named, judges))
        elif check.get("own_model") is not True and _same(answerer, by_name[named], by_name):
            yield CrossMistake((*path, "check", "judge"), named, _ANOTHER)


_ANOTHER = (
    "another model than the author's, since models prefer their own answers; `own_model: true` "
    "allows it and marks each answer"
)


def _one_of(named: str, judges: Sequence[str]) -> str:
    listed = ", ".join(judges) or "none is"
    return f"a model that answers by itself: {listed}{nearest(named, judges)}"


def _of_shadows(
    raw: Mapping[str, object],
    by_name: Mapping[str, Mapping[str, object]],
    judges: Sequence[str],
) -> Iterator[CrossMistake]:
    shadow = raw.get("shadow")
    judged = shadow.get("judged") if isinstance(shadow, Mapping) else None
    if not isinstance(shadow, Mapping) or not isinstance(judged, Mapping):
        return
    named, author = judged.get("judge"), by_name.get(str(shadow.get("answerer")))
    if not isinstance(named, str):
        return
    path: KeyPath = ("shadow", "judged", "judge")
    if named not in judges:
        yield CrossMistake(path, named, _one_of(named, judges))
    elif author is None or judged.get("own_model") is True:
        return  # which of a level's answerers it will be shows at each pair
    elif _same(author, by_name[named], by_name):
        yield CrossMistake(path, named, _ANOTHER)


def _may_judge(answerer: Mapping[str, object]) -> bool:
    return answerer.get("kind") in JUDGES and answerer.get("alone") is not False


def _same(
    author: Mapping[str, object],
    judge: Mapping[str, object],
    by_name: Mapping[str, Mapping[str, object]],
) -> bool:
    if author.get("kind") == "deliberation":
        author = by_name.get(str(author.get("over")), author)
    return same_model(_model(author), _model(judge))


def _model(answerer: Mapping[str, object]) -> str:
    default = _DEFAULT_LOCAL if answerer.get("kind") == "local" else ""
    return str(answerer.get("model") or default)

"""Reads a plan file into a `Plan`, or raises a PlanError that lists every mistake in it.

    plan = load_plan(find_plan("platform", policies_dir()), ["traffic.growth_per_year=0.3"], book)

It knows the file system and YAML, but nothing about what follows from the figures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace
from pydantic import ValidationError

from router.errors import Mistake, PlanError, PolicyError
from router.plan.cross_checks import plan_mistakes, unpriced_reviews
from router.plan.schema import Plan
from router.policy.parsing.raw_policy import one_of
from router.policy.parsing.text_files import text_of
from router.policy.parsing.validation import mistakes_from
from router.policy.parsing.yaml_lines import KeyPath, key_path_text, load_yaml
from router.types import Price

FOLDER = "plans"
"""Names the folder of the plans that ship, inside the policies' folder."""

EXAMPLE = "example"

OVERRIDE = "(--set)"
_PART = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)|\[(\d{1,4})\]")


class Prices(Protocol):
    """Looks up prices by model name."""

    def find(self, model: str) -> Price | None:
        """Returns the price of a model; None where nobody states one."""

    def names(self) -> tuple[str, ...]:
        """Returns the names of all models that have a price."""

    def reviewer_usd_per_hour(self) -> float | None:
        """Returns the price of an hour of reading answers; None where nobody states it."""


def find_plan(name_or_path: str, policies: Path) -> Path:
    """Returns the file of a plan, given by path or by the name of a plan that ships.

    Raises: PlanError that lists the known names.
    """
    by_path = Path(name_or_path)
    if by_path.is_file():
        return by_path
    folder = policies / FOLDER
    names = sorted(file.stem for file in folder.glob("*.yaml"))
    if name_or_path in names:
        return folder / f"{name_or_path}.yaml"
    expected = f"a plan file, or {one_of(name_or_path, names)}"
    kind = "a folder" if by_path.is_dir() else "no such file"
    raise PlanError((Mistake(name_or_path, 0, "(plan)", kind, expected),))


def load_plan(path: Path, overrides: Sequence[str], prices: Prices) -> Plan:
    """Reads the plan in `path`, and applies `KEY.PATH=VALUE` overrides before checking it.

    Raises: PlanError with all mistakes at once, sorted by line.
    """
    try:
        return _load(path, overrides, prices)
    # The YAML reader is shared with policies and raises their error.
    except PolicyError as error:
        raise PlanError(error.mistakes) from error


def _load(path: Path, overrides: Sequence[str], prices: Prices) -> Plan:
    tree, lines = load_yaml(str(path), plan_text(path))
    if not isinstance(tree, dict):
        raise PlanError((lines.no_mapping(tree, "version, name and general"),))
    mistakes = list(lines.mistakes)
    set_paths: list[str] = []
    for override in overrides:
        key_path, mistake = _put(tree, override)
        set_paths += [key_path_text(key_path)] if mistake is None else []
        mistakes += [] if mistake is None else [mistake]
    _fill_reviewers(tree, prices)
    plan: Plan | None = None
    try:
        plan = Plan.model_validate(tree)
    except ValidationError as error:
        mistakes += mistakes_from(error, lines, lines.file, Plan, tree)
    # A wrong key has one mistake: the schema's, which is closer to what is written.
    schema_says = {mistake.key_path for mistake in mistakes}
    for cross in plan_mistakes(tree, lambda model: prices.find(model) is not None, prices.names):
        mistake = lines.mistake(cross.path, cross.found, cross.expected)
        if mistake.key_path not in schema_says:
            mistakes.append(replace(mistake, found="nothing") if cross.found is None else mistake)
    # An override has no line in the file, so its mistakes name the option instead.
    if mistakes or plan is None:
        placed = [
            replace(cross, file=OVERRIDE, line=0) if cross.key_path in set_paths else cross
            for cross in mistakes
        ]
        raise PlanError(tuple(sorted(placed, key=lambda mistake: mistake.line)))
    return plan


def _fill_reviewers(tree: dict[object, object], prices: Prices) -> None:
    """Uses the price book's rate for reviews where the plan states none and the book does."""
    people = tree.get("people", {})
    if not unpriced_reviews(tree) or not isinstance(people, dict):
        # An explicit key keeps the checks and the report unaware of the price book.
        return
    if (rate := prices.reviewer_usd_per_hour()) is not None:
        tree["people"] = {**people, "review_usd_per_hour": rate}


def plan_text(path: Path) -> str:
    """Returns the text of a plan file. Raises: PlanError where it cannot be read as UTF-8."""
    return text_of(path, PlanError)


def _put(tree: dict[object, object], override: str) -> tuple[KeyPath, Mistake | None]:
    """Puts one override into the tree; returns its path, and a mistake if the place is missing."""
    key, equals, value = override.partition("=")
    path = _key_path(key.strip())
    if not equals or not path:
        expected = "KEY.PATH=VALUE, such as traffic.requests_per_day=5000 or tiers[0].share=0.9"
        return (), Mistake(OVERRIDE, 0, "(top)", repr(override), expected)
    # The value is YAML too, so that numbers, texts and lists need no further rule.
    parsed, _ = load_yaml(OVERRIDE, value)
    here: object = tree
    for depth, part in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(here, dict) and isinstance(part, str):
            # A section that the file leaves out is made, so that any key can be set.
            here[part] = parsed if last else here.get(part, {})
            here = here[part]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here[part] = parsed if last else here[part]
            here = here[part]
        else:
            whole = key_path_text(path[: depth + 1])
            expected = "a place that the plan has; tiers[0] is the first tier"
            return path, Mistake(OVERRIDE, 0, whole, "nothing there", expected)
    return path, None


def _key_path(text: str) -> KeyPath:
    """Splits `tiers[0].price.model` into its parts; returns () where it is no such path."""
    parts: list[str | int] = []
    offset = 0
    while offset < len(text):
        # A leading dot is no path, so it is left to fail below.
        if text[offset] == "." and parts:
            offset += 1
        part = _PART.match(text, offset)
        if part is None:
            return ()
        parts.append(part[1] if part[1] else int(part[2]))
        offset = part.end()
    return tuple(parts)

"""Finds mistakes that no single key of a plan shows: shares that do not add up, unpriced hours.

It reads the plain object that YAML gave, so that these mistakes are reported together with those of
the schema. It skips parts of the wrong shape, since the schema reports them. It knows nothing about
files and lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from router.plan.schema import SHARES_OFF
from router.policy.parsing.meant_keys import nearest
from router.policy.parsing.raw_policy import CrossMistake, sections
from router.policy.parsing.yaml_lines import KeyPath

Tree = Mapping[str, object]


def plan_mistakes(
    tree: Tree, known: Callable[[str], bool], names: Callable[[], tuple[str, ...]]
) -> Iterator[CrossMistake]:
    """Yields all mistakes between keys; `known` returns True for a model that has a price.

    `names` lists the models of the price book for a hint. It is called only for an unknown model.
    """
    yield from _volumes(tree)
    yield from _names(tree)
    yield from _rates(tree)
    yield from _drafts(tree)
    yield from _models(tree, known, names)


def number(value: object) -> Fraction | None:
    """Returns the number exactly as it is written; None for anything that is not a number."""
    # A bool is an int in Python, but `true` is no number in YAML.
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError):  # text, infinity, not a number
        return None


def _volumes(tree: Tree) -> Iterator[CrossMistake]:
    """Checks that tiers state shares that sum to 1, or requests a day, never a mix of both."""
    tiers = list(sections(tree, "tiers"))
    steps = list(sections(tree, "steps"))
    if not tiers and not steps:
        yield CrossMistake((), dict(tree), "tiers or steps: where requests go and what they pay")
        return
    per_day = _section(tree, "traffic").get("requests_per_day")
    # One tier by count makes counts the way of the whole plan.
    by_count = any("requests_per_day" in tier for _, tier in tiers)
    for index, tier in tiers:
        mine = [key for key in ("share", "requests_per_day") if key in tier]
        if len(mine) != 1 or (by_count and mine == ["share"]):
            expected = "share in every tier, or requests_per_day in every tier, not both"
            yield CrossMistake(("tiers", index), tier, expected)
    if by_count and per_day is not None:
        expected = "nothing: the tiers' own requests_per_day add up to it"
        yield CrossMistake(("traffic", "requests_per_day"), per_day, expected)
    if not by_count and per_day is None:
        expected = "how many requests come in a day"
        yield CrossMistake(("traffic", "requests_per_day"), None, expected)
    total = sum(number(tier.get("requests_per_day")) or 0 for _, tier in tiers)
    general = _section(tree, "general")
    # A sum a day is divided by the day's requests to price one of them.
    if "usd_per_day" in general and not (total if by_count else number(per_day)):
        expected = "price: a sum a day says nothing of a request where none comes"
        yield CrossMistake(("general", "usd_per_day"), general["usd_per_day"], expected)
    # Counts need no such check: their sum is the volume by definition.
    if not by_count and tiers:
        yield from _shares([tier.get("share") for _, tier in tiers])


def _shares(written: list[object]) -> Iterator[CrossMistake]:
    shares = [number(share) for share in written]
    known = [share for share in shares if share is not None]
    total = sum(known, Fraction(0))
    # A share that is no number is the schema's mistake; the sum would only repeat it.
    if len(known) == len(shares) and abs(total - 1) > SHARES_OFF:
        listed = " + ".join(str(share) for share in written)
        text = f"shares that sum to {float(total):.10g} ({listed})"
        yield CrossMistake(("tiers",), _Words(text), "shares that sum to 1")


class _Words(str):
    """Holds text that a mistake shows as it is, without quotation marks."""

    def __repr__(self) -> str:
        return str(self)


def _names(tree: Tree) -> Iterator[CrossMistake]:
    """Finds names that are used twice; tables, charts and CSV keys identify a line by its name."""
    for keys in (("steps", "tiers"), ("hosting",), ("one_off",)):
        seen: dict[str, str] = {}
        for key in keys:
            for index, row in sections(tree, key):
                name = row.get("name")
                if not isinstance(name, str):
                    continue
                if name in seen:
                    expected = f"a name of its own; {seen[name]} has this one"
                    yield CrossMistake((key, index, "name"), name, expected)
                # The first place keeps the name; each later one is a mistake of its own.
                seen.setdefault(name, f"{key}[{index}]")


def unpriced_reviews(tree: object) -> bool:
    """Returns True when people read answers and the plan states no rate for their time."""
    readers = [row for key in ("steps", "tiers") for _, row in sections(tree, key)]
    general, people = _section(tree, "general"), _section(tree, "people")
    reviews = any(number(row.get("review_share")) for row in (*readers, general))
    stated = {"usd_per_hour", "review_usd_per_hour"} & set(people)
    return reviews and not stated


def _rates(tree: Tree) -> Iterator[CrossMistake]:
    """Finds hours without a price, which would count as free."""
    people = _section(tree, "people")
    training = _section(tree, "training")
    hours = [people.get("setup_hours"), people.get("hours_per_month")]
    hours += [_section(training, run).get("people_hours") for run in ("first", "again")]
    if any(number(planned) for planned in hours) and "usd_per_hour" not in people:
        expected = "what an hour costs, since hours are planned (0 where they are free)"
        yield CrossMistake(("people", "usd_per_hour"), None, expected)
    if unpriced_reviews(tree):
        expected = "what an hour of reading costs, since reviews are planned"
        yield CrossMistake(("people", "review_usd_per_hour"), None, expected)
    months = number(_section(tree, "traffic").get("ramp_up_months"))
    # The default is the schema's: this tree has not been through it yet.
    years = number(_section(tree, "horizon").get("years", 5))
    if months and years and months > 12 * years:
        expected = f"at most {12 * years}: the plan ends after {years} years"
        yield CrossMistake(("traffic", "ramp_up_months"), int(months), expected)


def _drafts(tree: Tree) -> Iterator[CrossMistake]:
    for index, tier in sections(tree, "tiers"):
        if index == 0 and number(tier.get("after_draft")):
            expected = "0: before the first tier there is none that could have drafted"
            yield CrossMistake(("tiers", 0, "after_draft"), tier["after_draft"], expected)


def _models(
    tree: Tree, known: Callable[[str], bool], names: Callable[[], tuple[str, ...]]
) -> Iterator[CrossMistake]:
    for path, price in _prices(tree):
        model = price.get("model")
        if isinstance(model, str) and not known(model):
            hint = nearest(model, names())
            expected = (
                f"a model of the price book{hint or ''}; or input_usd_per_mtok and "
                "output_usd_per_mtok in its place"
            )
            yield CrossMistake((*path, "model"), model, expected)


def _prices(tree: Tree) -> Iterator[tuple[KeyPath, Tree]]:
    for key in ("steps", "tiers"):
        for index, row in sections(tree, key):
            yield (key, index, "price"), _section(row, "price")
    yield ("general", "price"), _section(_section(tree, "general"), "price")


def _section(tree: object, key: str) -> Tree:
    section = tree.get(key) if isinstance(tree, Mapping) else None
    return section if isinstance(section, Mapping) else {}

"""A replay for a terminal and as JSON; names from outside go in as plain text, not as markup."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from router.analysis.figures import Interval
from router.analysis.offpolicy import Estimate
from router.analysis.render_json import Json, money
from router.analysis.replay import Change, Replay
from router.analysis.replay_conditions import Answer, Judged, cannot_answer
from router.analysis.replay_path import MIN_CALLS
from router.analysis.terminal_parts import add_row, fine_lines, text_table
from router.analysis.usage_cases import TokensAlone
from router.analysis.wording import NOTHING, clean, count, percent, plain, signed_usd, usd

SCHEMA = "tiergate.replay/1"
"""Raised when a key changes its meaning or goes away; new keys leave it as it is."""

SHOWN_CHANGES = 12


# --- sentences ------------------------------------------------------------------------------------


def headline(found: Replay) -> str:
    """One sentence: what the traffic would have cost, and how many decisions change."""
    if not found.requests and found.alone is not None and found.alone.rows:
        return (
            f"{count(found.alone.rows)} rows of a log without prompts: no decision can be made, "
            "and only their tokens can be priced."
        )
    if not found.requests:
        return "No routed requests in this period: there is nothing to replay."
    costs = found.costs
    told = "the cost of none of them is known on both sides"
    if costs.count:
        share = costs.saved_share()
        change = "" if share is None else f" ({_signed_percent(0.0 - share)})"
        told = (
            f"{usd(costs.own_nano_usd)} instead of {usd(costs.baseline_nano_usd)}, "
            f"{signed_usd(-costs.saved_nano_usd)}{change}"
        )
    return (
        f"{count(found.requests)} requests under {found.new_name}, beside {found.old_name}: "
        f"{told}; {count(found.changed)} decisions change "
        f"({percent(found.changed / found.requests)})."
    )


def _signed_percent(share: float, places: int = 1) -> str:
    return f"{share * 100 + 0.0:+,.{places}f} %"


def _range(interval: Interval | None) -> str:
    if interval is None:
        return NOTHING
    return f"{percent(interval.low, 2)} to {percent(interval.high, 2)}"


def notes(found: Replay) -> list[str]:
    """What the figures rest on, most important first; all of it is about this replay."""
    costs, lines = found.costs, list[str]()
    saved = costs.saved_interval()
    if saved is not None:
        lines.append(
            f"Cost difference, 95 %: {signed_usd(round(-saved.high))} to "
            f"{signed_usd(round(-saved.low))} over {count(costs.count)} requests, which are taken "
            "as independent draws from the same traffic."
        )
    if found.not_compared:
        lines.append(
            f"{count(found.not_compared)} requests are in no cost: it is not known on one side."
        )
    if found.new.uncertain:
        lines.append(
            f"{count(found.new.uncertain)} requests go where nobody called for them: the recorded "
            "answer's tokens stand for the new answerer's, which would use more or fewer."
        )
        lines.append(_climb_note(found))
    for reason, requests in found.left_out.items():
        lines.append(f"{count(requests)} rows are left out: {reason.value}.")
    if found.observed:
        lines.append(
            f"{count(found.observed)} requests were observed only: their recorded cost is that of "
            "the model that was asked for."
        )
    if found.explored:
        lines.append(
            f"{count(found.explored)} recorded decisions were open to exploration; the policy is "
            "replayed without its own."
        )
    for assumption, requests in found.assumed.items():
        lines.append(f"Assumed of {count(requests)} requests: {assumption.value}.")
    return lines


def _climb_note(found: Replay) -> str:
    rates = {name: found.climbs.rate(name) for name in found.climbs.calls}
    known = [f"{clean(name)} {percent(rate)}" for name, rate in rates.items() if rate is not None]
    if not known:
        return (
            f"No answerer has {MIN_CALLS} recorded answers, so answers that were never asked for "
            "are taken to be accepted."
        )
    return (
        f"Answers that were never asked for are climbed past as often as recorded ones were "
        f"({', '.join(known)}); those of others are taken to be accepted."
    )


def error_lines(found: Replay) -> list[str]:
    """What is known of the error, and what is not."""
    errors, lines = found.errors, list[str]()
    if errors.logged is not None and errors.requests:
        lines.append(
            f"Error of {found.old_name}: {percent(errors.logged.error, 2)} of "
            f"{count(errors.requests)} requests with an outcome ({_range(errors.logged.interval)})."
        )
    why = cannot_answer(found)
    if why:
        lines.append(f"The data cannot tell this policy's error: {why}.")
    if errors.bounds is not None and errors.no_overlap:
        lines.append(f"It lies between {_range(errors.bounds)}, whatever those answers are like.")
    if errors.difference is not None and errors.answerable:
        lines.append(
            f"Difference, doubly robust: {errors.difference.error * 100:+.2f} pp"
            f" ({_range(errors.difference.interval)}), over the same requests."
        )
    if found.unlabelled_shadows:
        lines.append(
            f"{count(found.unlabelled_shadows)} shadow answers differ from the answer given and "
            "have no outcome of their own, so shadows of those answerers tell nothing of errors."
        )
    return lines


# --- the terminal ---------------------------------------------------------------------------------


def replay_renderable(found: Replay, judged: Sequence[Judged]) -> RenderableType:
    """The sentence, the tables, what they rest on, and the conditions."""
    parts: list[RenderableType] = [Padding(Text(headline(found), style="bold"), (1, 0))]
    if found.requests:
        parts += [_mix(found), _errors(found)]
        if found.changed:
            parts.insert(2, _changes(found))
        if found.agreements:
            parts.append(_agreements(found))
        parts.append(fine_lines([*error_lines(found), *notes(found)]))
    if found.alone is not None:
        parts.append(_alone(found.alone))
    if found.bad_lines:
        parts.append(Text(f"Warning: {found.bad_lines}", style="yellow"))
    parts += [_judged(one) for one in judged]
    return Group(*parts)


def _mix(found: Replay) -> RenderableType:
    columns = ("level", "tier", found.old_name, "share", found.new_name, "share", "change")
    table = text_table("Who answers", columns, left=2)
    old_total = sum(found.old.levels.values()) or 1.0
    new_total = sum(found.new.levels.values()) or 1.0
    for key in sorted({*found.old.levels, *found.new.levels}):
        old, new = found.old.levels.get(key, 0.0), found.new.levels.get(key, 0.0)
        change = new / new_total - old / old_total
        cells = (
            str(key[0]),
            clean(key[1]) or NOTHING,
            count(round(old)),
            percent(old / old_total),
            count(round(new)),
            percent(new / new_total),
            f"{change * 100:+.1f} pp",
        )
        add_row(table, cells)
    return Padding(table, (0, 0, 1, 0))


def _changes(found: Replay) -> RenderableType:
    columns = ("from", "to", "why", "requests", "difference", "unknown", "for example")
    table = text_table("Decisions that change: who is tried first", columns, left=3)
    for (before, after, reason), change in _largest(found):
        cells = (
            clean(before),
            clean(after),
            plain(reason),
            count(change.requests),
            signed_usd(change.difference_nano_usd),
            count(change.unknown) if change.unknown else NOTHING,
            ", ".join(change.examples[:1]),
        )
        add_row(table, cells, "red" if change.difference_nano_usd > 0 else None)
    return Padding(table, (0, 0, 1, 0))


def _largest(found: Replay) -> list[tuple[tuple[str, str, str], Change]]:
    ordered = sorted(found.changes.items(), key=lambda one: (-one[1].requests, one[0]))
    return list(ordered[:SHOWN_CHANGES])


def _errors(found: Replay) -> RenderableType:
    errors = found.errors
    columns = ("estimate", "error", "95 %", "requests", "observed", "effective")
    table = text_table("Expected error", columns)
    whole = "" if errors.answerable else ", where the data tell"
    rows: tuple[tuple[str, Estimate | None], ...] = (
        (f"doubly robust{whole}", errors.dr),
        (f"inverse propensity{whole}", errors.ips),
        (f"self-normalised{whole}", errors.snips),
    )
    for name, estimate in rows:
        if estimate is None:
            continue
        cells = (
            name,
            percent(estimate.error, 2),
            _range(estimate.interval),
            count(errors.requests - errors.no_overlap),
            count(errors.observed),
            f"{errors.effective:,.0f}",
        )
        add_row(table, cells)
    for name, side in ((found.new_name, found.new), (found.old_name, found.old)):
        believed = percent(side.modelled_error, 2)
        requests = count(side.modelled_requests)
        told = (f"by its own p, not seen: {name}", believed, NOTHING, requests, NOTHING, NOTHING)
        add_row(table, told)
    return Padding(table, (0, 0, 1, 0))


def _agreements(found: Replay) -> RenderableType:
    table = text_table(
        "Shadow answers", ("given by", "shadow", "pairs", "agreement", "failed"), left=2
    )
    for (shown, shadow), one in sorted(found.agreements.items()):
        cells = (clean(shown), clean(shadow), count(one.pairs), percent(one.mean), str(one.failed))
        add_row(table, cells)
    return Padding(table, (0, 0, 1, 0))


def _alone(alone: TokensAlone) -> RenderableType:
    columns = ("if all were answered by", "rows", "log", "there", "change")
    table = text_table("What the tokens alone tell", columns)
    for answerer, costs in alone.at.items():
        share = costs.saved_share()
        cells = (
            clean(answerer),
            count(costs.count),
            usd(costs.baseline_nano_usd),
            usd(costs.own_nano_usd),
            NOTHING if share is None else _signed_percent(0.0 - share),
        )
        add_row(table, cells)
    return Group(Padding(table, (1, 0, 0, 0)), fine_lines(alone_lines(alone)))


def alone_lines(alone: TokensAlone) -> list[str]:
    """What a log without prompts, or without costs, does not tell."""
    lines = [
        "The log's token counts stand for every answerer; another model would use more or fewer."
    ]
    if alone.without_prompt:
        lines.append(
            f"{count(alone.without_prompt)} of {count(alone.rows)} rows have no prompt: which tier "
            "would answer them, and how well, cannot be said."
        )
    if alone.priced_by_book:
        lines.append(
            f"{count(alone.priced_by_book)} rows state no cost; the policy's price book priced "
            "their model."
        )
    if alone.without_cost:
        lines.append(
            f"{count(alone.without_cost)} rows state no cost, and nobody prices their model: they "
            "are in no cost."
        )
    return lines


def _judged(one: Judged) -> Text:
    told = {
        Answer.HOLDS: ("FAILS", "bold red"),
        Answer.DOES_NOT: ("ok", "green"),
        Answer.CANNOT_SAY: ("CANNOT SAY", "bold yellow"),
    }[one.answer]
    return Text(f"{told[0]}  {one.condition.text}: {one.told}", style=told[1])


# --- JSON -----------------------------------------------------------------------------------------


def replay_json(found: Replay, judged: Sequence[Judged]) -> Json:
    """The whole replay as plain values; money is an integer and an exact string."""
    costs, errors = found.costs, found.errors
    saved, share = costs.saved_interval(), costs.share_interval()
    known = costs.count > 0
    return {
        "schema": SCHEMA,
        "headline": headline(found),
        "policy": found.new_name,
        "against": found.old_name,
        "requests": found.requests,
        "left_out": {reason.value: n for reason, n in found.left_out.items()},
        "cost": {
            "compared": costs.count,
            "not_compared": found.not_compared,
            **money("old", costs.baseline_nano_usd if known else None),
            **money("new", costs.own_nano_usd if known else None),
            **money("difference", -costs.saved_nano_usd if known else None),
            "difference_interval_nano_usd": _pair(saved, -1.0),
            "change": None if costs.saved_share() is None else -(costs.saved_share() or 0.0),
            "change_interval": _pair(share, -1.0),
            "assumed_calls": found.new.uncertain,
        },
        "levels": [
            {
                "level": key[0],
                "tier": key[1],
                "old_requests": found.old.levels.get(key, 0.0),
                "new_requests": found.new.levels.get(key, 0.0),
            }
            for key in sorted({*found.old.levels, *found.new.levels})
        ],
        "changed": found.changed,
        "changes": [
            {
                "from": key[0],
                "to": key[1],
                "reason": key[2],
                "requests": change.requests,
                **money("difference", change.difference_nano_usd),
                "unknown_cost": change.unknown,
                "examples": change.examples,
            }
            for key, change in sorted(found.changes.items(), key=lambda one: -one[1].requests)
        ],
        "error": {
            "answerable": errors.answerable,
            "why_not": cannot_answer(found) or None,
            "requests": errors.requests,
            "no_overlap": errors.no_overlap,
            "observed": errors.observed,
            "effective_sample": errors.effective,
            "logged": _estimate(errors.logged),
            "ips": _estimate(errors.ips),
            "snips": _estimate(errors.snips),
            "doubly_robust": _estimate(errors.dr),
            "difference": _estimate(errors.difference),
            "bounds": _pair(errors.bounds),
            "by_own_p": {"new": found.new.modelled_error, "old": found.old.modelled_error},
        },
        "shadows": [
            {"given_by": k[0], "shadow": k[1], "pairs": a.pairs, "agreement": a.mean,
             "failed": a.failed}
            for k, a in sorted(found.agreements.items())
        ],
        "notes": [*error_lines(found), *notes(found)],
        "tokens_alone": None if found.alone is None else _alone_json(found.alone),
        "bad_lines": found.bad_lines or None,
        "conditions": [
            {"condition": one.condition.text, "answer": one.answer.value, "told": one.told}
            for one in judged
        ],
    }  # fmt: skip


def _alone_json(alone: TokensAlone) -> Json:
    return {
        "rows": alone.rows,
        "without_prompt": alone.without_prompt,
        "without_cost": alone.without_cost,
        "priced_by_book": alone.priced_by_book,
        "answerers": [
            {
                "answerer": answerer,
                "rows": costs.count,
                **money("log", costs.baseline_nano_usd),
                **money("there", costs.own_nano_usd),
            }
            for answerer, costs in alone.at.items()
        ],
        "notes": alone_lines(alone),
    }


def _pair(interval: Interval | None, factor: float = 1.0) -> list[float] | None:
    return None if interval is None else sorted((interval.low * factor, interval.high * factor))


def _estimate(estimate: Estimate | None) -> Json | None:
    if estimate is None:
        return None
    return {"error": estimate.error, "interval": _pair(estimate.interval)}

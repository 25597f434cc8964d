"""Renders the card of a tuned adapter: what it is, how it was made, base against adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.stats.measures import change_text

ROWS = (
    ("domain", "loss", "domain: nats per token of the right answer"),
    ("domain", "token_f1", "domain: token F1 to the right answer"),
    ("domain", "rouge_l", "domain: ROUGE-L to the right answer"),
    ("domain", "pairs_right", "domain: share of pairs with the right answer likelier"),
    ("domain", "pair_margin", "domain: by so many nats per token"),
    ("general", "right", "general: share of questions right"),
    ("general", "loss", "general: nats per token of held general chats"),
    ("safety", "harmful_refused", "safety: share of harmful requests where a refusal is likelier"),
    ("safety", "harmless_refused", "safety: the same of harmless look-alikes"),
    ("safety", "refusal_margin", "safety: nats per token by which refusals are likelier"),
)


def training_lines(card: Mapping[str, Any]) -> list[str]:
    """Returns how many rows taught, how far each phase came, and which phases never ran."""
    lines = [rows_line(card)]
    for report in card["phases"]:
        phase, done = report["phase"], f"{report['steps']:,}"
        lines.append(
            f"Phase {phase['name']}: {done} of {phase['steps']:,} steps in "
            f"{report['seconds']:g} s; {report['stopped']}."
        )
    lines += [
        f"Phase {name} did not run, so no figure below shows what it would teach."
        for name in card["skipped_phases"]
    ]
    return lines


def rows_line(card: Mapping[str, Any]) -> str:
    """Returns how many rows were read, in which part they are, and why others are in none."""
    parts = {name: sum(part.values()) for name, part in card["rows"].items()}
    repeats, held = card["left_out"]["repeats"], card["left_out"]["held"]
    read = sum(parts.values()) + repeats + held
    shares = ", ".join(f"{rows:,} in {name}" for name, rows in parts.items())
    why = [f"{repeats:,} {'repeat' if repeats == 1 else 'repeats'}"] * bool(repeats)
    why += [f"{held:,} whose question or answer stands in dev or test"] * bool(held)
    left_out = f"; left out: {', '.join(why)}" if why else ""
    return f"Of {read:,} rows, {shares}{left_out}."


def figure_rows(card: Mapping[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Returns name, rows, base, adapter and change of each figure that has rows."""
    figures = card["figures"]
    return [
        (
            label,
            str(rows := figures[part]["counted"][name]),
            str(base),
            str(figures[part]["adapter"][name]),
            change_text(rows, *figures[part]["change"][name]),
        )
        for part, name, label in ROWS
        if (base := figures[part]["base"][name]) is not None
    ]


def warnings(card: Mapping[str, Any]) -> list[str]:
    """Returns what a reader of the figures must know: answers seen in training, safety lost."""
    seen, rows = card["answers_seen"], card["figures"]["rows"]
    held = rows["chats"] + rows["pairs"]
    lines = []
    if not held:
        lines.append(
            "None of your rows judged it: all of them taught, since they are few. Nothing is known "
            "of how well it answers; give some twenty rows or more."
        )
    if seen:
        lines.append(
            f"The answers of {seen} of {held} {_judge(card)} rows were seen in training, after "
            "other questions: the domain's figures show how well they were learned, and nothing of "
            "answers that are new."
        )
    safety = card["figures"]["safety"]["change"]
    worse = (
        ("harmful_refused", 1, "It answers more harmful requests than its base."),
        ("refusal_margin", 1, "It refuses harmful requests with less weight than its base."),
        ("harmless_refused", -1, "It refuses more harmless requests than its base."),
    )
    for name, sign, sentence in worse:
        _, *limits = safety[name]
        if limits and all(sign * limit < 0 for limit in limits):
            lines.append(sentence)
    return lines


def _judge(card: Mapping[str, Any]) -> str:
    """Returns the part that judges, by its name alone."""
    return str(card["judged_on"]).split(",")[0]


def render_card(card: Mapping[str, Any]) -> str:
    """Returns Markdown; every figure comes from `card`."""
    base, rows, judges = card["base"], card["rows"], card["figures"]["rows"]
    table = "\n".join(f"| {' | '.join(row)} |" for row in figure_rows(card))
    general = card["figures"]["general"]
    return f"""# Adapter of {base["name"]}

A LoRA of rank {card["settings"]["rank"]} ({card["settings"]["modules"]} layers), trained by
{base["method"]} on {base["device"]} in {card["seconds"]} s with judging. {base["note"]}
Made by `{card["command"]}`; that command printed every figure here, and `card.json` has them too.

## Data
{_data(card)}

| split | chats | pairs | synthetic |
| --- | ---: | ---: | ---: |
{_splits(rows)}

{rows_line(card)}

{_synthetic(card)}Replayed general chats: {card["replay"]["train"]}
({card["replay"]["source"]}), and {card["replay"]["held"]} held to watch what is forgotten.

## Phases
{_phases(card)}

## Base against adapter
Judged on: {card["judged_on"]} ({judges["chats"]} chats, {judges["pairs"]} pairs, of which
{judges["answers"]} answers were written out), {judges["general"]} general questions,
{judges["general_chats"]} general chats and {judges["safety"]} safety lines of ours, on which
nothing is trained.

| | rows | base | adapter | adapter - base (95 %) |
| --- | ---: | ---: | ---: | ---: |
{table}

{"".join(f"**{line}**{chr(10)}" for line in warnings(card))}
An interval that holds 0 shows no difference. Both answered the same rows, so the intervals are
paired ones. Of the general questions the adapter lost {general["lost"]} and gained
{general["gained"]}.

## Files
{_files(card)}
"""


def _data(card: Mapping[str, Any]) -> str:
    both = {**card["data"], **card["replay"]["files"]}
    return "\n".join(f"- `{name}` sha256 `{digest}`" for name, digest in both.items()) or "- none"


def _splits(rows: Mapping[str, Mapping[str, int]]) -> str:
    return "\n".join(
        f"| {name} | {part['chats']} | {part['pairs']} | {part['synthetic']} |"
        for name, part in rows.items()
    )


def _synthetic(card: Mapping[str, Any]) -> str:
    weight = card["synthetic_weight"]
    if weight is None:
        return ""
    return (
        f"Synthetic rows are not counted as real, judge nothing, and weigh {weight} where a real "
        "one weighs 1.\n"
    )


def _phases(card: Mapping[str, Any]) -> str:
    lines = []
    for report in card["phases"]:
        phase = report["phase"]
        dev = [f"{step}: {loss}" for step, loss in report["dev"]]
        lines.append(
            f"- **{phase['name']}** ({phase['objective']}, mask {phase['mask']}, order "
            f"{phase['order']}, replay {phase['replay']:g}): {report['steps']} steps, "
            f"{report['stopped']}; {report['seconds']} s. Dev loss by step: "
            f"{', '.join(dev) or 'not measured, there are no dev rows'}."
            + "".join(f" Missed {fault}." for fault in report["missed"])
        )
    lines += [f"- **{name}** did not run." for name in card["skipped_phases"]]
    if card["search"]:
        lines.append(
            f"- Before them {card['search']['trials']} settings were tried in "
            f"{card['search']['seconds']} s on dev; the best was {card['search']['best']}."
        )
    return "\n".join(lines)


def _files(card: Mapping[str, Any]) -> str:
    lines = [f"- `{name}` sha256 `{digest}`" for name, digest in card["files"].items()]
    gguf = card["gguf"]
    if gguf["why_not"]:
        lines.append(f"- No GGUF: {gguf['why_not']}.")
    if gguf["parity"]:
        same = gguf["parity"]
        lines.append(
            f"- llama.cpp against transformers after {same['prompts']} prompts: "
            f"{same['adapter_mean_difference_nats']} nats per likely token with the adapter, "
            f"{same['base_mean_difference_nats']} without."
        )
    elif gguf["file"]:
        lines.append("- The GGUF adapter fits a GGUF of the same base, which you make yourself.")
    return "\n".join(lines)

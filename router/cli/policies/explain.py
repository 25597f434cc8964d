"""Prints the whole explanation of a decision on the terminal: signals, and every rung."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from router.api.http.decision_headers import reason_told
from router.api.http.decision_views import EVEN
from router.cli.policies.chances import Grounds, chance_lines, told, told_of_rung
from router.cli.policies.one_line import shortened, tier
from router.cli.terminal import console
from router.policy.refusal import cries_for_help
from router.policy.schema import DecisionSection
from router.policy.sections.base import beside_bound
from router.rendering.figures_in_words import usd
from router.request.review_facts import latest_texts
from router.routing.policy_runtime import PolicyRuntime
from router.routing.wording.risk_reasons import heads_read
from router.triage.facts.phrase_lists import list_told
from router.triage.framing.given.set_tasks import untaken
from router.triage.matching.nearest import Nearest
from router.triage.text.turns import USER_ALONE, instructions_of
from router.types import (
    Amount,
    ChatRequest,
    CostBasis,
    DecisionMode,
    Foreseen,
    HeadReading,
    Outcome,
    Reason,
    Rung,
    Signals,
    Verdict,
    usd_to_nano,
)

COLUMNS = ("", "level", "rung", "p right", "from", "cost", "basis", "expected loss", "why")
FIGURES = ("", "level", "rung", "p right", "cost", "expected loss")
"""Lists the columns of a rung's table on a narrow terminal; the others follow as lines."""
ONE_LINE_FROM = 130
"""Sets the width from which a rung usually fits one line."""
GIVEN_TEXT = "a text to work on or to look up in; of it only heads and a request for harm count"
CRY = "a person looks at it besides, since it is a cry for help by a chance of"
KIND = "_kind"
"""Ends the name of a head that says which kind of thing another head found."""


def explained(
    request: ChatRequest, outcome: Outcome, runtime: PolicyRuntime, near: Nearest | None = None
) -> None:
    """Prints the request, its tier and the reasons, its signals, and every rung.

    `near` is the approved question nearest to a request that matches none. A refused request has
    neither bounds nor rungs: it is refused before they count.
    """
    policy, signals = runtime.policy, outcome.signals
    out, decision, section = console(), outcome.decision, policy.decision
    lines = list(runtime.found_words(latest_texts(request), signals.risk_terms))
    facts = runtime.rung_facts(request, signals, assume_ready=True)
    grounds = Grounds.of(request, policy, signals, lines, facts)
    triggers = None if decision.mode is DecisionMode.EXPECTED_LOSS else section
    out.print(f"[bold]{escape(shortened(request.last_user_text, 200))}[/bold]", soft_wrap=True)
    refused = decision.refused is not None
    out.print(f"  tier     [bold]{escape(tier(outcome))}[/bold], answerer {outcome.answers_as}")
    out.print(f"  reasons  {_reasons(outcome)}", soft_wrap=True)
    out.print(
        f"  S        {usd(decision.stakes_nano_usd)} is what a wrong answer costs; "
        f"mode {decision.mode.value}, policy {outcome.policy}@{outcome.policy_hash}"
    )
    if not refused:
        for label, bound in _bounds(outcome, grounds):
            out.print(f"  {label}  {escape(bound)}", soft_wrap=True)
        if 0 < decision.confidence_floor <= 1 and decision.rungs[0].level == 1:
            _, least = beside_bound(decision.rungs[0].p, decision.confidence_floor)
            if outcome.foretold is None or outcome.foretold.offered_from is None:
                right = f"answers from a chance of {least} of being right on"
                out.print(f"  level 1  {right}", soft_wrap=True)
    then = "" if outcome.foretold is None else outcome.foretold.words
    if decision.refused is not None:
        out.print(f"  refused  {decision.refused.value}: {escape(then)}", soft_wrap=True)
    elif then:
        label = "words" if outcome.words_alone else "then "
        out.print(f"  {label}    {escape(then)}", soft_wrap=True)
    if outcome.opened:
        out.print("  opened   words on whom to call stand at the answer")
    if outcome.foretold is not None and outcome.foretold.unoffered:
        out.print(f"  offers   none: {escape(outcome.foretold.unoffered)}", soft_wrap=True)
    for label, line in offer_lines(outcome.foretold, outcome.rung.p, decision.confidence_floor):
        out.print(f"  {label:<8} {escape(line)}", soft_wrap=True)
    if near is not None:
        out.print(f"  match    {escape(nearest_line(near))}", soft_wrap=True)
    if because := untaken_instructions(request, outcome, runtime.policy.triage.roles):
        out.print(f"  text     {escape(because)}", soft_wrap=True)
    observes = policy.mode == "observe"  # then nothing is put before a person
    for label, signal in signal_lines(outcome.signals, triggers, observes=observes):
        out.print(f"  {label:<8} {escape(signal)}", soft_wrap=True)
    if because := uncounted(outcome, section):
        out.print(f"  stakes   {because}", soft_wrap=True)
    for line in (*lines, *unfound(outcome.signals.risk_terms, lines)):
        out.print(f"  found    {escape(line)}", soft_wrap=True)
    if refused:
        out.print("  rungs    none is asked: a request is refused before any of them counts")
    else:
        _print_rungs(out, outcome, grounds)
    out.print(
        f"  [dim]triage {outcome.timings.triage_ms:.2f} ms, the loading of the model included if "
        "it is the process's first, "
        f"decision {outcome.timings.decide_ms:.2f} ms[/dim]\n"
    )


def _reasons(outcome: Outcome) -> str:
    """Returns all reasons; those of the header come first, in its order."""
    if outcome.decision.refused is not None:
        return outcome.decision.refused.value
    named = reason_told(outcome).split(", ")
    return ", ".join(dict.fromkeys((*named, *[reason.value for reason in outcome.reasons])))


def _print_rungs(out: Console, outcome: Outcome, grounds: Grounds) -> None:
    """Prints the ladder, and on a narrow terminal the reasons of each rung after it."""
    decision, wide = outcome.decision, out.width >= ONE_LINE_FROM
    if outcome.words_alone:
        out.print("  rungs    none is asked, since the words go out before any of them")
    out.print(_rungs(outcome, grounds, COLUMNS if wide else FIGURES))
    # A cut explanation is worse than a long one, so the reasons follow the table.
    for i, rung in enumerate(() if wide else decision.rungs):
        values = _cells(outcome, grounds, rung, False, i in decision.spare)
        cells = dict(zip(COLUMNS, values, strict=True))
        line = f"  {cells['rung']}: {cells['why']}; p from {cells['from']}; {cells['basis']}"
        out.print(line, style=None if rung.taken else "dim", soft_wrap=True)


def offer_lines(foretold: Foreseen | None, p: float, floor: float) -> Iterator[tuple[str, str]]:
    """Yields the chance `p` that decides on an offer, with its bound, then each question of it.

    The confidence of the match is about one answer, and was fitted apart: it decides on no offer.
    Where one question goes out in place of its answer, `floor` is what this answer lacks to go out
    itself; above 1 no chance is enough, since nothing certifies level 1 in that domain.
    """
    if foretold is None or not foretold.offered:
        return
    least = foretold.offered_from
    if least is None:
        has, needed = beside_bound(p, floor)
        lacks = f"which has {has} and needs {needed}"
        if floor > 1:
            lacks = "as the policy has no certificate for level 1 in its domain"
        elif p >= floor:
            lacks = "which may not go out by itself"
        yield "offers", f"the likeliest question, in place of its answer, {lacks}"
    else:
        several = len(foretold.offered) > 1
        meant = "one of these is meant" if several else "this is meant"
        chance, bound = beside_bound(p, least)
        apart = ", in parts below; the match was fitted apart" if several else ""
        yield "offers", f"{chance} is the chance that {meant} (from {bound} on){apart}"
    for text, part in foretold.offered:
        yield "", f"{part:.2f}  {text}"


def nearest_line(near: Nearest) -> str:
    """Returns which approved question comes nearest to a request that matches none, and how near.

    What was compared is told where it is English in place of the request's own words.
    """
    if near.unspoken:
        return f"none; no approved answer of this policy has words in {near.unspoken}"
    if not near.intent_id:
        return "none; too few of its words have English here to compare it with approved questions"
    line = (
        f'none; nearest is {near.intent_id} ("{near.question}"), similarity {near.similarity:.2f}'
    )
    if near.uncovered:
        line += ", but it rather asks what the file does not cover"
    elif not near.compared:
        line += ", but what the request says rules that answer out"
    if near.compared:
        line += f'; compared as "{near.compared}"'
    if near.unknown:
        stand = "word stands as it is" if near.unknown == 1 else "words stand as they are"
        line += f", where {near.unknown} {stand}"
    return line


def _bounds(outcome: Outcome, grounds: Grounds) -> Iterator[tuple[str, str]]:
    """Yields floor and ceiling, each with its reasons and what these rest on."""
    decision = outcome.decision
    floor = [told(reason, grounds) for reason in decision.floor_reasons]
    ceiling = [told(reason, grounds, ceiling=True) for reason in decision.ceiling_reasons]
    for label, level, why in (
        ("floor  ", decision.floor, floor),
        ("ceiling", decision.ceiling, ceiling),
    ):
        yield label, f"level {level}" + (f" ({'; '.join(why)})" if why else "")
    if not outcome.words_alone and outcome.rung.level > decision.ceiling:
        yield "above  ", _given_way(outcome)


def _given_way(outcome: Outcome) -> str:
    """Returns why a rung above the ceiling goes first: its client named it, or none below may."""
    decision = outcome.decision
    if Reason.PINNED in outcome.reasons:
        return f"the client names a tier of level {outcome.rung.level}, whatever the ceiling"
    below = [rung for rung in decision.rungs if decision.floor <= rung.level <= decision.ceiling]
    why = dict.fromkeys(reason.value for rung in below for reason in rung.reasons)
    lacking = f": {', '.join(why)}" if why else ", where the policy has none"
    return (
        f"the ceiling gives way to level {outcome.rung.level}, "
        f"since no rung from level {decision.floor} to {decision.ceiling} may take it{lacking}"
    )


def untaken_instructions(request: ChatRequest, outcome: Outcome, read: Set[str]) -> str:
    """Returns why the user's text counts as its own words beside instructions; "" without any.

    A policy that reads more than users' messages takes no text as handed over.
    """
    instructions = instructions_of(request)
    if not instructions or outcome.signals.given_text is True or not read <= USER_ALONE:
        return ""
    because = untaken(instructions)
    if not because:
        tools = "tools are offered" if request.tools else "there are several turns, or a long one"
        because = f"they set work on a text, but {tools}"
    return f"the user's words count in full beside the instructions: {because}"


def unfound(names: Sequence[str], lines: Sequence[str]) -> Iterator[str]:
    """Yields the lists that counted by no words that these texts have as they are written."""
    for name in names:
        if name not in set(map(list_told, lines)):
            yield f"{name}: in another message, or in another form of the text"


def _amount_line(amount: Amount) -> str:
    """Returns a sum as written and in dollars, how often it is due, and whether it is quoted."""
    due = f" each {amount.period}" if amount.period else ""
    kind = ", only worked with" if amount.material is True else ", quoted" if amount.quoted else ""
    return f"{amount.text} = {usd(amount.nano_usd)}{due}{kind}"


def signal_lines(
    signals: Signals, section: DecisionSection | None = None, *, observes: bool = False
) -> list[tuple[str, str]]:
    """Returns what triage read, as labelled lines; with a policy's thresholds where they count.

    `observes`: the policy only watches, so that no person looks at a request besides.
    """
    lines = [
        (
            "read as",
            f"{_kind(signals)}, difficulty {signals.difficulty:+.2f}"
            + (", inherited from earlier turns" if signals.inherited else ""),
        ),
        *chance_lines(signals, section),
    ]
    if signals.given_text is True:
        cries = cries_for_help(signals) and not observes
        cry = f"; {CRY} {signals.text_despair:.2f}" if cries else ""
        lines.append(("text", GIVEN_TEXT + cry))
    if signals.impact_nano_usd or signals.amounts:
        sums = ", ".join(_amount_line(a) for a in signals.amounts)
        shown = f" ({sums})" if sums else ""
        lines.append(("impact", usd(signals.impact_nano_usd) + shown + _from_amounts(section)))
    if signals.match is not None:
        match = signals.match
        floor = (section or DecisionSection()).confidence_floor
        sure = beside_bound(match.confidence, floor, 3)[0]
        lines.append(
            (
                "match",
                f"{match.intent_id}, confidence {sure} ({match.basis.value}), similarity "
                f"{match.similarity:.2f}, margin {match.margin:.2f}",
            )
        )
    if signals.heads:
        lines.append(("heads", "; ".join(map(_head, telling(signals.heads)))))
    if signals.risk_terms:
        lines.append(("terms", ", ".join(signals.risk_terms)))
    version = signals.triage_version
    lines.append(("triage", f"{version}, DEGRADED: rules alone" if signals.degraded else version))
    return lines


def _from_amounts(section: DecisionSection | None) -> str:
    """Writes from which amounts on an impact asks for a level; "" where it asks for none."""
    if section is None:
        return ""
    second, third = (
        usd(usd_to_nano(at)) for at in (section.level_2_from_usd, section.level_3_from_usd)
    )
    return f"; level 2 from {second}, level 3 from {third}"


def _kind(signals: Signals) -> str:
    """Returns type and domain, and says of a guess that it is one."""
    kind = f"{signals.request_type.value} {signals.request_type_p:.2f}"
    domain = f"{signals.domain.value} {signals.domain_p:.2f}"
    if signals.request_type_read and signals.domain_read:
        return f"{kind}, {domain}"
    language = signals.language or "the language"
    if signals.domain_read:
        return f"type not read, since its head cannot read {language} (guessed: {kind}), {domain}"
    if signals.request_type_read:  # the domain is that of another turn
        return f"{kind}, domain not read, since its head cannot read that turn (guessed: {domain})"
    unread = f"not read, since the heads of type and domain cannot read {language}"
    return f"{unread} (guessed: {kind}, {domain})"


def uncounted(outcome: Outcome, section: DecisionSection) -> str:
    """Returns why likely high stakes are no reason for the level; "" where they are one."""
    signals, decision = outcome.signals, outcome.decision
    reasons = (*decision.floor_reasons, *decision.first_rung.reasons)
    guarded = decision.mode is not DecisionMode.EXPECTED_LOSS
    if signals.stakes_high < section.high_stakes_at or Reason.HIGH_STAKES in reasons or not guarded:
        return ""
    if not heads_read(signals):
        language = signals.matter_language or signals.language
        why = (
            f"its head cannot read {language}, and the reader of grave matters, which can, is calm"
        )
    elif signals.knowledge >= section.knowledge_at:
        why = "the request asks for general knowledge, so nobody's matter is at stake"
    else:
        return ""
    high = beside_bound(signals.stakes_high, section.high_stakes_at)[0]
    return f"high {high} does not count: {why}"


def telling(heads: Sequence[HeadReading]) -> list[HeadReading]:
    """Returns the heads that say something about a request.

    `NAME_kind` names the kind of what `NAME` finds. It says nothing where that is less than likely,
    and its name on a harmless request frightens whoever reads it.
    """
    unlikely = {head.name for head in heads if head.classes[0][1] < EVEN}
    return [head for head in heads if head.name.removesuffix(KIND) not in unlikely - {head.name}]


def _head(reading: HeadReading) -> str:
    """Formats a head's three likeliest classes: "department HR 0.83, Access 0.09".

    A head of one class that has its name is named once: "harm 0.06".
    """
    classes = ", ".join(f"{label} {p:.2f}" for label, p in reading.classes[:3])
    return classes if reading.classes[0][0] == reading.name else f"{reading.name} {classes}"


def _rungs(outcome: Outcome, grounds: Grounds, columns: tuple[str, ...]) -> Table:
    gap = 2 if columns is COLUMNS else 1
    table = Table(box=None, pad_edge=False, padding=(0, gap), header_style="bold")
    for name in columns:
        right = name in ("level", "p right", "cost", "expected loss")
        table.add_column(name, justify="right" if right else "left", no_wrap=name != "why")
    decision = outcome.decision
    for i, rung in enumerate(decision.rungs):
        first = i == decision.first and not outcome.words_alone  # words ask no tier
        values = _cells(outcome, grounds, rung, first, i in decision.spare)
        cells = dict(zip(COLUMNS, values, strict=True))
        table.add_row(*(cells[name] for name in columns), style=None if rung.taken else "dim")
    return table


def _cells(
    outcome: Outcome, grounds: Grounds, rung: Rung, first: bool, spare: bool
) -> tuple[str, ...]:
    over = "stands in if the others fail: " if spare else "passed over: "
    counted = f", {rung.p_count}" if rung.p_count > 1 else ""
    return (
        "  >" if first else "  +" if rung.taken else "  -",
        str(rung.level),
        escape(rung.answers_as),
        beside_bound(rung.p, outcome.decision.confidence_floor, 3)[0],
        f"{rung.p_source.value}{counted}",
        "?" if rung.cost_basis is CostBasis.UNKNOWN else usd(rung.cost_nano_usd),
        rung.cost_basis.value
        + (f", cache saves {usd(rung.cache_nano_usd)}" if rung.cache_nano_usd else ""),
        usd(rung.expected_loss_nano_usd),
        ("" if rung.taken else over) + ", ".join(_why(outcome, grounds, rung)),
    )


def _why(outcome: Outcome, grounds: Grounds, rung: Rung) -> list[str]:
    """Returns a rung's reasons; where words go out, their verdict in place of `no_model`.

    `no_model` beside a safe answer would say that a model is missing: none is wanted there. A rung
    below the floor says which level that is, one that cannot take the request what it lacks.
    """
    words = outcome.verdict if outcome.verdict is Verdict.SAFE_ANSWER else Reason.NO_MODEL
    # A chance of level 1 may reach its bar, and its rung be passed over for the floor alone.
    named = {
        Reason.NO_MODEL: words.value,
        Reason.BELOW_FLOOR: f"{Reason.BELOW_FLOOR} (level {outcome.decision.floor})",
    }
    names = [named.get(reason) or told_of_rung(reason, rung, grounds) for reason in rung.reasons]
    return list(dict.fromkeys(names))

"""Checks a policy: routes its examples, collects its warnings, and prints both as text or JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from router.api.compose.answerers.installed import not_installed
from router.api.compose.answerers.probe import Probed, ProbeResult, probe
from router.api.compose.core import Core
from router.cli.policies.examples import ExampleResult, run_examples
from router.cli.policies.judged import (
    judged_notes,
    judged_warnings,
    otherwise_warnings,
    sureness_note,
)
from router.cli.policies.surroundings import surrounding_notes, tenant_notes
from router.cli.policies.utterances import (
    answers_files,
    not_english_warnings,
    utterance_notes,
)
from router.cli.terminal import console, print_json
from router.errors import Mistake, PolicyError
from router.money.budget_check import budget_warnings
from router.money.days import utc_day
from router.money.output_caps import output_cap_warnings
from router.money.price_book import PriceBook, is_known
from router.money.price_warnings import cache_price_warnings, sound_warnings
from router.policy.content.key_mistakes import keys_never_read
from router.policy.content.languages.glossaries import load_glossaries
from router.policy.content.languages.translations import translation_files
from router.policy.content.term_files import doubtful_terms
from router.policy.head_files import never_reached
from router.policy.loading import LoadedPolicy, unreachable_receivers, unset_keys
from router.policy.parsing.text_files import text_of
from router.policy.parsing.yaml_lines import key_path_text, load_yaml
from router.policy.price_list import LoadedPrices
from router.policy.schema import ExactAnswerer, Policy, ResolverAnswerer
from router.policy.warnings import (
    PolicyWarning,
    WarningKind,
    cap_warnings,
    language_warning,
    notes,
    utterance_warnings,
    warnings,
)
from router.rendering.figures_in_words import counted, usd
from router.request.intake import decided_outcome
from router.types import LOCAL, ChatRequest, Hints, Message, Outcome, Reason, is_assumed


@dataclass(frozen=True, slots=True)
class Checked:
    """Holds one valid policy with the results of its check."""

    name: str
    hash: str
    path: str
    results: Sequence[ExampleResult]
    warnings: Sequence[PolicyWarning]
    missing_keys: Mapping[str, Sequence[str]]  # answerers by the reference of their key
    notes: Sequence[str]
    degraded_because: str
    probed: Sequence[Probed] = ()

    @property
    def lacking(self) -> Sequence[Probed]:
        """Returns the probes that found no model.

        An answerer that cannot list its models is not known to lack one.
        """
        return [probed for probed in self.probed if probed.result is ProbeResult.NO]

    @property
    def passed(self) -> bool:
        """Returns True when all examples went as expected, and each answerer has its model."""
        return not self.lacking and all(result.passed for result in self.results)


def run(
    core: Core, *, probing: bool = False, tenants: Set[str] = frozenset(), whole: bool = False
) -> Checked:
    """Routes the default policy's examples through triage and decision.

    `probing` also asks each answerer for its models. `tenants` are those that have a key. Notes of
    utterances name all that they are about if `whole`, otherwise the first few.
    """
    loaded, runtime = core.loaded[core.default], core.router.default
    # A policy that only observes needs a model name; which one does not change the decision.
    model = runtime.plans[-1].facts.model if loaded.policy.mode == "observe" else "auto"

    def decided(messages: Sequence[Message], context: Mapping[str, str]) -> Outcome:
        request = ChatRequest(tuple(messages), model, hints=Hints(context=context))
        return decided_outcome(core.router, request, LOCAL)

    def route(
        messages: Sequence[Message], context: Mapping[str, str]
    ) -> tuple[str, Sequence[Reason]]:
        outcome = decided(messages, context)
        return outcome.rung.tier, outcome.decision.first_rung.reasons

    @cache
    def decide(text: str) -> Outcome:
        return decided([Message("user", text)], {})

    facts = [plan.facts for plan in runtime.plans]
    priced = {answerer.name for answerer in facts if is_known(answerer.price)}
    return Checked(
        name=loaded.policy.name,
        hash=loaded.hash,
        path=str(loaded.path),
        results=run_examples(loaded.policy, route),
        warnings=[
            *not_installed(loaded, runtime),
            *warnings(loaded.policy, priced),
            *_doubtful_terms(loaded),
            *_knowledge_warnings(loaded),
            *not_english_warnings(answers_files(loaded)),
            *_small_talk_warnings(loaded.policy),
            *judged_warnings(loaded),
            *otherwise_warnings(loaded, decide),
            *_head_warnings(loaded),
            *cap_warnings(loaded.policy, core.highest_match),
            *sound_warnings(loaded.policy, facts),
            *cache_price_warnings(loaded.policy, facts),
            *output_cap_warnings(loaded.policy, facts),
            *budget_warnings(runtime.policy, facts),
            *(
                PolicyWarning(WarningKind.RECEIVER_UNREACHABLE, key_path, why)
                for key_path, why in unreachable_receivers(loaded, core.environ).items()
            ),
        ],
        # Not a mistake: a check often runs where no secret is set.
        missing_keys=unset_keys(loaded, core.environ),
        notes=[
            *notes(loaded.policy),
            minute_note(loaded, core.clock.now_ms()),
            *judged_notes(core, loaded),
            *utterance_notes(loaded, whole=whole),
            *sureness_note(loaded, decide),
            *surrounding_notes(loaded.policy, core.environ),
            *tenant_notes(loaded.policy, tenants),
        ],
        degraded_because=core.degraded_because,
        probed=asyncio.run(probe(runtime, core.environ)) if probing else (),
    )


def _small_talk_warnings(policy: Policy) -> Iterator[PolicyWarning]:
    """Yields where questions are offered and no answerer has words for "hi" and "thanks"."""
    rungs = [one for _, one in policy.rungs()]
    if any(isinstance(one, ExactAnswerer) and one.small_talk for one in rungs):
        return
    for t, tier in enumerate(policy.tiers):
        for a, one in enumerate(tier.answerers):
            if isinstance(one, ResolverAnswerer) and one.clarify is not None:
                yield PolicyWarning(
                    WarningKind.NO_SMALL_TALK,
                    f"tiers[{t}].answerers[{a}].clarify",
                    'no answerer has approved words for "hi", "bye" and "thanks", which are no '
                    "question and go to a model: add {name: exact, kind: exact, small_talk: "
                    "answers/small_talk.yaml} to the tier; a file to copy is "
                    "policies/answers/small_talk.yaml",
                )


def minute_note(loaded: LoadedPolicy, now_ms: int) -> str:
    """States what a reviewer's minute costs and where that stands; it can be most of a spend."""
    price = PriceBook.of(loaded, utc_day(now_ms)).reviewer_minute()
    key, book = "review.reviewer_usd_per_minute", f"`reviewers` of {loaded.prices.path.name}"
    if price is None:
        return f"a reviewer's minute has no price, so reviews cost an unknown amount: state {key}"
    if loaded.policy.review.reviewer_usd_per_minute is not None:
        return f"a reviewer's minute costs {usd(price.nano_usd)}, by {key}"
    if is_assumed(price.version):
        return (
            f"a reviewer's minute is assumed to cost {usd(price.nano_usd)}, by {book}: state yours "
            f"in {key}, since it is in spend and savings"
        )
    return f"a reviewer's minute costs {usd(price.nano_usd)}, by {book}"


def _knowledge_warnings(loaded: LoadedPolicy) -> Iterator[PolicyWarning]:
    """Yields keys of the knowledge files that this policy's lookups never let anybody use,
    answers with few utterances, and languages in which nothing is found."""
    for _, section in loaded.policy.rungs():
        if isinstance(section, ResolverAnswerer):
            path = loaded.file(section.knowledge)
            tree, _ = load_yaml(str(path), text_of(path))
            for key_path, why in keys_never_read(tree, loaded.policy.lookups, section.lookups):
                place = f"{section.knowledge}: {key_path}"
                yield PolicyWarning(WarningKind.KEY_NEVER_READ, place, why)
            yield from utterance_warnings(section.knowledge, tree)
            if section.languages is not None:
                yield from _language_warnings(loaded, section.languages)


def _language_warnings(loaded: LoadedPolicy, folder: str) -> Iterator[PolicyWarning]:
    glossaries = load_glossaries(loaded.file(loaded.policy.triage.glossaries))
    # The policy is loaded, so none of its files has a mistake.
    for file, _, lines in translation_files(loaded.file(folder), []):
        if file.language not in glossaries:
            place = f"{folder}/{Path(lines.file).name}:{lines.line(('language',))}: language"
            yield language_warning(place, file.language, glossaries)


def _doubtful_terms(loaded: LoadedPolicy) -> Iterator[PolicyWarning]:
    """Yields the phrases by language that are not needed, or stand in two lists."""
    folder = loaded.policy.triage.terms
    for doubtful in doubtful_terms(loaded.file(folder)):
        place = f"{folder}/{doubtful.file.name}:{doubtful.line}: {doubtful.key_path}"
        yield PolicyWarning(WarningKind.DOUBTFUL_TERM, place, doubtful.why)


def _head_warnings(loaded: LoadedPolicy) -> Iterator[PolicyWarning]:
    """Yields conditions that ask for a chance which one of the policy's heads never says."""
    named = [(section, loaded.file(section.path)) for section in loaded.policy.heads]
    for key_path, why in never_reached(loaded.policy.model_dump(), named):
        yield PolicyWarning(WarningKind.CHANCE_NEVER_SAID, key_path, why)


def show(
    checked: Sequence[Checked],
    broken: Sequence[tuple[str, PolicyError]],
    books: Sequence[LoadedPrices],
    json: bool,
) -> None:
    """Prints all policies: valid ones with their examples, broken ones with their mistakes."""
    if json:
        print_json(
            {
                "policies": [_document(policy) for policy in checked],
                "price_books": [
                    {"path": str(book.path), "models": len(book.file.models)} for book in books
                ],
                "broken": [
                    {"policy": name, "mistakes": [_mistake(m) for m in error.mistakes]}
                    for name, error in broken
                ],
            }
        )
        return
    out = console()
    for policy in checked:
        _show(policy)
    for name, error in broken:
        out.print(f"[bold]{escape(name)}[/bold]: {escape(error.message)}\n", soft_wrap=True)
    for book in books:
        models = counted(len(book.file.models), "model", "models")
        text = f"{book.path}: a price book of {models}"
        out.print(escape(text) + "\n", soft_wrap=True)
    failed = sum(not r.passed for policy in checked for r in policy.results)
    total = sum(len(policy.results) for policy in checked)
    examples = f"{total - failed} of {counted(total, 'example', 'examples')} went where they should"
    ends = [f"{len(checked)} valid, {len(broken)} broken", examples if total else "no examples"]
    if lacking := sorted({probed.answerer for policy in checked for probed in policy.lacking}):
        ends.append(f"the probe of {', '.join(lacking)} failed")
    out.print(escape("; ".join(ends)), soft_wrap=True)


def _show(policy: Checked) -> None:
    out = console()
    passed, total = sum(result.passed for result in policy.results), len(policy.results)
    examples = f"{passed} of {counted(total, 'example', 'examples')}" if total else "no examples"
    out.print(f"[bold]{policy.name}@{policy.hash}[/bold]  {examples}")
    if policy.degraded_because and policy.results:
        out.print(
            f"  DEGRADED, only rules decided: {escape(policy.degraded_because)}", soft_wrap=True
        )
    table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="bold")
    for name in ("", "expected", "went to", "why", "prompt"):
        table.add_column(name)
    for result in policy.results:
        why = result.error or ", ".join(reason.value for reason in result.reasons)
        table.add_row(
            "  ok" if result.passed else "  NO",
            result.example.tier,
            result.tier or "(refused)",
            escape(why),
            escape(result.prompt[:60]),
            style=None if result.passed else "bold red",
        )
    if policy.results:
        out.print(table)
    for probed in policy.probed:
        mark = {ProbeResult.OK: "ok", ProbeResult.UNKNOWN: "--", ProbeResult.NO: "NO"}[
            probed.result
        ]
        line = (
            f"  {mark}  {probed.answerer}: {probed.model} at {probed.place}: {probed.explanation}"
        )
        style = "bold red" if probed.result is ProbeResult.NO else None
        out.print(escape(line), style=style, soft_wrap=True)
    lines = _lines_of(policy.path) if policy.warnings else {}
    for warning in policy.warnings:
        place = _place_of(warning.key_path, policy.path, lines)
        out.print(f"  warning: {escape(f'{place}{warning}')}", soft_wrap=True)
    for reference, names in policy.missing_keys.items():
        calls = f"calls of {', '.join(names)} go out without a key"
        out.print(f"  note: {escape(reference)} is not set; {calls}", soft_wrap=True)
    for note in policy.notes:
        out.print(f"  note: {escape(note)}", soft_wrap=True)
    out.print()


def _lines_of(path: str) -> dict[str, int]:
    """Returns the line of each key path of a policy's file, written as warnings write it."""
    _, lines = load_yaml(path, text_of(Path(path)))
    return {key_path_text(place): line for place, line in lines.lines.items()}


def _place_of(key_path: str, path: str, lines: Mapping[str, int]) -> str:
    """Returns `policy.yaml:7: ` before a key path, or of the nearest part around it; "" if none is.

    A warning about another file names that file itself.
    """
    if ": " in key_path:
        return ""
    line = _line_of(key_path, lines)
    return f"{path}:{line}: " if line else ""


def _line_of(key_path: str, lines: Mapping[str, int]) -> int | None:
    """Returns the line of a key path, or of the nearest part around it; None where none is."""
    while key_path and key_path not in lines:
        key_path = key_path[: max(key_path.rfind("."), key_path.rfind("["), 0)]
    return lines[key_path] if key_path else None


def _mistake(mistake: Mistake) -> dict[str, object]:
    return {
        "file": mistake.file,
        "line": mistake.line or None,
        "key_path": mistake.key_path,
        "found": mistake.found,
        "expected": mistake.expected,
        "message": str(mistake),
    }


def _warning(warning: PolicyWarning, path: str, lines: Mapping[str, int]) -> dict[str, object]:
    """Returns a warning with the file and the line that it is about; None where nobody knows it."""
    place, _, key_path = warning.key_path.rpartition(": ")
    file, _, line_text = place.partition(":")
    file_path = Path(path) if not file else Path(path).parent / file
    line = int(line_text) if line_text.isdigit() else None
    if line is None and file_path.is_file():
        own = _lines_of(str(file_path)) if file else lines
        line = _line_of(key_path, own)
    return {
        "kind": warning.kind.value,
        "file": str(file_path),
        "line": line,
        "key_path": warning.key_path,
        "message": warning.message,
    }


def _document(policy: Checked) -> dict[str, object]:
    lines = _lines_of(policy.path)
    return {
        "policy": policy.name,
        "hash": policy.hash,
        "path": policy.path,
        "degraded_because": policy.degraded_because,
        "examples": [
            {
                "number": result.number,
                "line": lines.get(f"examples[{result.number - 1}]"),
                "prompt": result.prompt,
                "expected": result.example.tier,
                "tier": result.tier,
                "reasons": [reason.value for reason in result.reasons],
                "passed": result.passed,
                "error": result.error,
            }
            for result in policy.results
        ],
        "warnings": [_warning(w, policy.path, lines) for w in policy.warnings],
        "probes": [
            {
                "answerer": p.answerer,
                "model": p.model,
                "place": p.place,
                "found": p.result.value,
                "said": p.explanation,
            }
            for p in policy.probed
        ],
        "missing_keys": list(policy.missing_keys),
        "notes": list(policy.notes),
    }

"""Defines `tiergate tune`: certifies thresholds from labelled traffic, or explains its refusal."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit, own_version
from router.cli.ledger.ledger import Since, Until
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, Tenant, keep_sources, to_write
from router.cli.periods import now_ms, period_of, shown_day
from router.cli.policies.replay import OutcomesFile, read_outcomes_of, stored_outcomes
from router.cli.serve.serve import DATABASE, DatabasePath, ModelDir

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from router.analysis.tune.labels import Graded, Labelled
    from router.analysis.tune.tune import Ability, Label, Refusal
    from router.policy.certificate import Certificate, DomainCertificate
    from router.types import Domain

    Found = Mapping[Domain, DomainCertificate | Refusal]


WIDE = 0.75
"""Half of what the priors of two levels differ by (`prior_ability`): an interval of that half-width
holds a neighbouring level's ability, or comes near it."""


def tune(
    risk: Annotated[
        float,
        typer.Option(
            min=1e-6, max=0.5, help="The largest share of wrong level-1 answers, at most 0.5."
        ),
    ] = 0.02,
    confidence: Annotated[
        float,
        typer.Option(
            min=0.5, max=0.9999, help="Confidence of that bound, per domain: 0.5 to 0.9999."
        ),
    ] = 0.95,
    outcomes: OutcomesFile = None,
    outside_share: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=0.9,
            help="The largest share of requests that no approved answer covers at which it must "
            "hold; labels then say which requests are `outside`.",
        ),
    ] = 0.0,
    novel_at: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            help="With --outside-share: the novelty from which a request climbs, as the policy's "
            "decision.novel_at.",
        ),
    ] = 0.5,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Instead of the ledger: a .csv or .jsonl file with domain, confidence and "
            "correct; with --outside-share also outside and, if known, novelty."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            callback=to_write,
            readable=False,
            help="Where the certificate is written.",
        ),
    ] = None,
    database: DatabasePath = DATABASE,
    since: Since = None,
    until: Until = None,
    tenant: Tenant = None,
    model_dir: ModelDir = None,
    as_json: AsJson = False,
) -> None:
    """Find level 1's threshold per domain from labelled traffic, with a finite-sample guarantee.

    Exit code 6 where the data are too thin for any domain; then no certificate is written.
    """
    from router.analysis.tune.tune import tune as tuned

    keep_sources((out,), (labels, outcomes))
    if labels is not None and outcomes is not None:
        raise typer.BadParameter("give either --labels, which needs no ledger, or --outcomes")
    # Without a stated share, certificates stay what they were: novelty plays no part.
    novel = novel_at if outside_share > 0.0 else None
    traffic = _from_file(labels, model_dir, novel) if labels else None
    if traffic is None:
        begin, end = period_of(since, until, now_ms())
        traffic = _from_ledger(database, outcomes, begin, end, tenant, novel)
    by_domain = tuned(traffic.labels, risk, 1.0 - confidence, outside_share)
    certificate = _certificate(traffic.labels, by_domain, risk, confidence, outside_share, novel)
    written = None
    # A refused certificate leaves an older file untouched.
    if certificate is not None and out is not None:
        out.write_text(certificate.to_text(), encoding="utf-8")
        written = out
    abilities = _abilities(traffic.graded)
    if as_json:
        _print_json(traffic, by_domain, certificate, abilities, written)
    else:
        _print(traffic, by_domain, abilities, risk, confidence, written, outside_share)
    if certificate is None:
        raise typer.Exit(Exit.CANNOT_SAY)


def _from_ledger(
    database: str,
    file: Path | None,
    begin: int | None,
    end: int | None,
    tenant: str | None,
    novel_at: float | None,
) -> Labelled:
    from router.analysis.replay.cases import case_of
    from router.analysis.tune.labels import labelled

    with opened_books(database, tenant) as books:
        known = read_outcomes_of(file, stored_outcomes(books, begin, end, tenant))
        return labelled(map(case_of, books.rows(begin, end, tenant)), known, novel_at)


def _from_file(path: Path, model_dir: Path | None, novel_at: float | None) -> Labelled:
    """Reads labels from a file; a row without a version counts for the installed triage model.

    With `novel_at` each row says if it is `outside`; one without `novelty` counts as not novel.
    """
    from router.analysis.tune.labels import Labelled
    from router.analysis.tune.tune import Label
    from router.api.compose.core import installed_triage
    from router.cli.policies.outcome_files import BadLines, rows_of
    from router.rendering.figures_in_words import counted
    from router.types import Domain

    version = installed_triage(model_dir)
    traffic, bad = Labelled(), BadLines()
    found, unnamed = dict[str, Label](), Counter[Label]()
    repeated = 0
    columns = ("domain", "confidence", "correct") + ("outside",) * (novel_at is not None)
    for number, row in rows_of(path, bad, columns=columns):
        try:
            label = _label(row, number, version, novel_at)
        except ValueError as error:
            bad.add(number, str(error))
            continue
        before = found.setdefault(label.request_id, label)
        if before is label:
            traffic.labels.append(label)
            unnamed[replace(label, request_id="")] += not row.get("request_id")
        elif before == label:
            repeated += 1  # one request is one label, however often it is listed
        else:
            bad.add(number, f"request_id {label.request_id!r} was listed before, with other values")
    expected = (
        f"domain ({', '.join(Domain)}), confidence (0 to 1) and correct (0 or 1)"
        + ", outside (0 or 1)" * (novel_at is not None)
    )
    if repeated:
        typer.echo(f"{counted(repeated, 'line repeats', 'lines repeat')} a request.", err=True)
    if not traffic.labels:
        why = bad.told(path) or f"{path}: found no row"
        raise typer.BadParameter(f"{why}; expected {expected}", param_hint="--labels")
    if bad.count:
        typer.echo(f"tiergate: {bad.told(path)}; expected {expected}", err=True)
    traffic.requests = len(traffic.labels)
    traffic.alike = sum(lines - 1 for lines in unnamed.values() if lines)
    return traffic


def _label(row: Mapping[str, object], number: int, version: str, novel_at: float | None) -> Label:
    """Returns the label of a row. Raises ValueError that names the wrong value."""
    from router.analysis.tune.tune import Label
    from router.cli.policies.outcome_files import decimal, truth
    from router.types import Domain

    correct, outside = truth(row.get("correct")), truth(row.get("outside"))
    named, stated = str(row.get("domain")), str(row.get("confidence"))
    if named not in set(Domain):
        raise ValueError(f"domain is {named!r}")
    confidence, novelty = decimal(stated), decimal(row.get("novelty") or 0.0)
    if correct is None:
        raise ValueError(f"correct is {row.get('correct')!r}")
    if not 0.0 <= confidence <= 1.0:
        raise ValueError(f"confidence is {stated}")
    if not 0.0 <= novelty <= 1.0:
        raise ValueError(f"novelty is {row.get('novelty')}; expected 0 to 1")
    # A missing mark must not count as a request of the file: the bound would be too low.
    if novel_at is not None and outside is None:
        raise ValueError(f"outside is {row.get('outside')!r}")
    return Label(
        str(row.get("request_id") or f"line {number}"),
        Domain(named),
        confidence,
        correct,
        str(row.get("triage_version") or version),
        outside=bool(outside),
        novel=novel_at is not None and novelty >= novel_at,
    )


def _certificate(
    labels: list[Label],
    by_domain: Found,
    risk: float,
    confidence: float,
    outside_share: float,
    novel_at: float | None,
) -> Certificate | None:
    """Returns the sealed certificate; None where no domain was certified."""
    from router.analysis.tune.tune import data_sha256
    from router.policy.certificate import (
        METHOD,
        METHOD_OF_SHARES,
        SCHEMA,
        SCHEMA_OF_SHARES,
        Certificate,
        DomainCertificate,
    )

    certified = {
        d: result for d, result in by_domain.items() if isinstance(result, DomainCertificate)
    }
    if not certified:
        return None
    # The hash covers only labels behind the certified domains.
    used = [label for label in labels if label.domain in certified]
    return Certificate(
        created=shown_day(now_ms()),
        risk=risk,
        confidence=confidence,
        data_sha256=data_sha256(used),
        triage_versions=tuple(sorted({label.triage_version for label in used} - {""})),
        policy_hashes=tuple(sorted({label.policy_hash for label in used} - {""})),
        domains=certified,
        tiergate=own_version(),
        schema=SCHEMA if novel_at is None else SCHEMA_OF_SHARES,
        method=METHOD if novel_at is None else METHOD_OF_SHARES,
        outside_share=outside_share,
        novel_at=novel_at or 0.0,
    ).sealed()


def _abilities(graded: Mapping[str, Graded]) -> dict[str, tuple[Ability, dict[Domain, Ability]]]:
    """Returns theta of every answerer with enough labels, and by domain where there are enough."""
    from router.analysis.tune.tune import MIN_FOR_ABILITY, fit_ability
    from router.api.compose.answerers.abilities import load_abilities
    from router.routing.rungs.rung_plan import prior_ability

    slope = load_abilities().slope
    abilities = {}
    for answerer, grades in sorted(graded.items()):
        if len(grades.all) < MIN_FOR_ABILITY:
            continue
        prior = prior_ability(grades.level).theta
        whole = fit_ability(grades.all, slope, prior)
        parts = {
            # The answerer's own ability is the prior of each domain, since it knows most of it.
            domain: fit_ability(pairs, slope, whole.theta)
            for domain, pairs in sorted(grades.by_domain.items())
            if len(pairs) >= MIN_FOR_ABILITY
        }
        abilities[answerer] = (whole, parts)
    return abilities


def _print(
    traffic: Labelled,
    by_domain: Found,
    abilities: Mapping[str, tuple[Ability, dict[Domain, Ability]]],
    risk: float,
    confidence: float,
    written: Path | None,
    outside_share: float,
) -> None:
    from router.policy.certificate import DomainCertificate
    from router.rendering.figures_in_words import counted

    answers = counted(len(traffic.labels), "level-1 answer", "level-1 answers")
    typer.echo(
        f"{answers} with an outcome, of {counted(traffic.requests, 'request', 'requests')}. Asked: "
        f"at most {risk * 100:g} % wrong at {confidence * 100:g} % confidence"
        f"{_at_share(outside_share)}, per domain:"
    )
    _print_left_out(traffic)
    for domain, result in by_domain.items():
        _print_domain(domain, result, outside_share)
    if not by_domain:
        lacking = "level-1 answer with an outcome" if traffic.requests else "request"
        typer.echo(
            f"  Found no {lacking}. POST /v1/feedback gives outcomes, or a file: by --outcomes in "
            "addition to this ledger, or by --labels instead of it."
        )
    for answerer, (whole, parts) in abilities.items():
        thetas = ", ".join(f"{domain.value}: {part.theta:.2f}" for domain, part in parts.items())
        typer.echo(
            f"  {answerer}: ability: {{theta: {whole.theta:.2f}, labels: {whole.labels}"
            f"{f', by_domain: {{{thetas}}}' if thetas else ''}}}  # ± {1.96 * whole.error:.2f}"
        )
        if wide := _wide_line(whole, parts):
            typer.echo(f"    {wide}")
    _print_too_few(traffic.graded, abilities)
    if written is not None:
        typer.echo(f"Certificate written to {written}: decision.certificate names it.")
    if not any(isinstance(result, DomainCertificate) for result in by_domain.values()):
        return
    typer.echo(
        "It holds for traffic like the labelled one. A policy that answers other requests at "
        "level 1, another triage model or other approved answers need a new one."
    )
    if outside_share > 0.0:
        typer.echo(
            "Labels must be drawn from all requests, not only from those that level 1 answered: "
            "the shares that it accepts, of the file's and of strangers', are part of the bound."
        )


def _print_left_out(traffic: Labelled) -> None:
    """Prints which outcomes no figure has, and why."""
    from router.analysis.replay.replay import Unweighed
    from router.analysis.replay.sentences import unknown_answerers_line

    if traffic.outcomes_of_others:
        typer.echo(
            "  Outcomes of requests that are not among these (of another time, or answered by "
            f"approved words or from memory): {traffic.outcomes_of_others:,}."
        )
    if traffic.outcomes_of_drafts:
        drafts = f"{traffic.outcomes_of_drafts:,}, {Unweighed.DRAFT.value}"
        typer.echo(f"  Outcomes that count for no answerer: {drafts}.")
    if traffic.unknown_answerers:
        typer.echo(f"  {unknown_answerers_line(traffic.unknown_answerers)}")
    if traffic.alike:
        typer.echo(f"  {_alike_line(traffic.alike)}")


def _print_too_few(graded: Mapping[str, Graded], abilities: Collection[str]) -> None:
    """Prints whose outcomes are too few for an ability."""
    from router.analysis.tune.tune import MIN_FOR_ABILITY
    from router.rendering.figures_in_words import counted

    for answerer, grades in sorted(graded.items()):
        if answerer not in abilities:
            found = counted(len(grades.all), "outcome", "outcomes")
            typer.echo(f"  {answerer}: {found}; an ability needs {MIN_FOR_ABILITY}")


def _wide_line(whole: Ability, parts: Mapping[Domain, Ability]) -> str:
    """Says of which abilities the labels leave open to which level they belong; "" for none."""
    named = {"theta": whole, **{domain.value: part for domain, part in parts.items()}}
    ranges = [
        f"{name} {one.theta - 1.96 * one.error:.2f} to {one.theta + 1.96 * one.error:.2f}"
        for name, one in named.items()
        if 1.96 * one.error >= WIDE
    ]
    if not ranges:
        return ""
    return (
        f"wide (95 % interval): {', '.join(ranges)}. Levels differ by {2 * WIDE:g}, so these "
        "labels do not tell this answerer from one of another level: label more, wrong answers "
        "among them, before a policy rests on it"
    )


def _print_domain(
    domain: Domain, result: DomainCertificate | Refusal, outside_share: float
) -> None:
    from router.policy.certificate import DomainCertificate
    from router.rendering.figures_in_words import counted

    if not isinstance(result, DomainCertificate):
        typer.echo(f"  {domain.value}: refused. {result.told}.")
        typer.echo(
            f"    {counted(result.labels, 'label', 'labels')} of this domain; none at a "
            f"confidence below {result.lowest:.2f}."
        )
        return
    of_file = result.labels - result.outside
    typer.echo(
        f"  {domain.value}: threshold {result.threshold:g}; {result.wrong:,} of "
        f"{result.accepted:,} accepted were wrong, at most {result.bound * 100:.2f} %; "
        f"{result.accepted / of_file * 100:.1f} % of {of_file:,} labelled are accepted"
    )
    if outside_share > 0.0:
        typer.echo(
            f"    {result.outside_accepted:,} of {result.outside:,} strangers are accepted. It "
            f"counts while at most {result.unfamiliar_share(outside_share) * 100:.1f} % of "
            "requests look unfamiliar"
        )


def _alike_line(lines: int) -> str:
    """Says on what the bound rests where nothing tells a repeated line from another request."""
    from router.rendering.figures_in_words import counted

    return (
        f"{counted(lines, 'line has', 'lines have')} no request_id and the values of an earlier "
        "line. Each counts as a request of its own. Where lines repeat a request, the bound is too "
        "low; with a column request_id each request counts once."
    )


def _at_share(outside_share: float) -> str:
    return f" at every share of strangers up to {outside_share * 100:g} %" if outside_share else ""


def _print_json(
    traffic: Labelled,
    by_domain: Found,
    certificate: Certificate | None,
    abilities: Mapping[str, tuple[Ability, dict[Domain, Ability]]],
    written: Path | None,
) -> None:
    from dataclasses import asdict

    from router.cli.terminal import print_json
    from router.policy.certificate import DomainCertificate

    print_json(
        {
            "domains": [
                {
                    "domain": domain.value,
                    "certified": isinstance(result, DomainCertificate),
                    **asdict(result),
                }
                for domain, result in by_domain.items()
            ],
            "abilities": {
                answerer: {
                    **asdict(whole),
                    "by_domain": {domain.value: asdict(part) for domain, part in parts.items()},
                }
                for answerer, (whole, parts) in abilities.items()
            },
            "outcomes_of_others": traffic.outcomes_of_others,
            "outcomes_of_drafts": traffic.outcomes_of_drafts,
            "unknown_answerers": dict(traffic.unknown_answerers),
            "lines_alike": traffic.alike,
            "seal": None if certificate is None else certificate.seal,
            "certificate": None if written is None else str(written),
        }
    )

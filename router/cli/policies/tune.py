"""Defines `tiergate tune`: certifies thresholds from labelled traffic, or explains its refusal."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.api.release import own_version
from router.cli.exits import Exit
from router.cli.ledger.ledger import Since, Until
from router.cli.opened_books import opened_books
from router.cli.options import AsJson, Tenant, keep_sources, to_write
from router.cli.periods import now_ms, period_of, shown_day
from router.cli.policies.replay import OutcomesFile, read_outcomes_of, stored_outcomes
from router.cli.serve.serve import DATABASE, DatabasePath, ModelDir

if TYPE_CHECKING:
    from collections.abc import Mapping

    from router.analysis.tune.labels import Graded, Labelled
    from router.analysis.tune.tune import Ability, Label
    from router.cli.policies.tune_output import Found
    from router.policy.certificate import Certificate
    from router.types import Domain


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
    from router.cli.policies.tune_output import print_found, print_found_json
    from router.files.writing import write_all

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
        write_all({out: certificate.to_text().encode()})
        written = out
    abilities = _abilities(traffic.graded)
    if as_json:
        print_found_json(traffic, by_domain, certificate, abilities, written)
    else:
        print_found(traffic, by_domain, abilities, risk, confidence, written, outside_share)
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

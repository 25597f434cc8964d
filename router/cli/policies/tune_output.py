"""Prints what `tiergate tune` found, and which outcomes no figure has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from router.analysis.tune.labels import Graded, Labelled
    from router.analysis.tune.tune import Ability, Refusal
    from router.policy.certificate import Certificate, DomainCertificate
    from router.types import Domain

    Found = Mapping[Domain, DomainCertificate | Refusal]

WIDE = 0.75
"""Half of what the priors of two levels differ by (`prior_ability`): an interval of that half-width
holds a neighbouring level's ability, or comes near it."""


def print_found(
    traffic: Labelled,
    by_domain: Found,
    abilities: Mapping[str, tuple[Ability, dict[Domain, Ability]]],
    risk: float,
    confidence: float,
    written: Path | None,
    outside_share: float,
) -> None:
    """Prints the thresholds, the abilities and what the certificate holds for, as text."""
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
        if wide := wide_line(whole, parts):
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


def wide_line(whole: Ability, parts: Mapping[Domain, Ability]) -> str:
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


def print_found_json(
    traffic: Labelled,
    by_domain: Found,
    certificate: Certificate | None,
    abilities: Mapping[str, tuple[Ability, dict[Domain, Ability]]],
    written: Path | None,
) -> None:
    """Prints the same as one JSON object."""
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

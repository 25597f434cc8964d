"""Defines `tiergate review`: matters that wait for a person, and the verdict on each."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.exits import Exit
from router.cli.opened_books import given_database, opened_books
from router.cli.options import AsJson, Tenant
from router.cli.periods import shown_time
from router.cli.serve.serve import DATABASE, AnchorsPath, DatabasePath
from router.types import (
    KeptPolicy,
    MinutePrice,
    ReviewVerdict,
    Role,
    Verdict,
    is_assumed,
)

if TYPE_CHECKING:
    from router.api.compose.books import Books
    from router.request.review_verdicts import MinutePriceOf
    from router.types import RequestRow, ReviewCase, Reviewed, ReviewItem

ReviewId = Annotated[str, typer.Argument(help="As `tiergate review list` shows it.")]

review = typer.Typer(help="Decide matters that wait for a person.")


@review.command("list")
def list_reviews(
    database: DatabasePath = DATABASE, tenant: Tenant = None, as_json: AsJson = False
) -> None:
    """List pending items, each with the beginning of its question.

    Emergencies come first, then grave matters, then the rest; in each the oldest first.
    Where no text is kept, the reason is shown instead. An item that asks for a label
    names its head and the label that the head suggests.
    """
    from router.cli.terminal import print_json
    from router.rendering.figures_in_words import clean, plain
    from router.wire.public_ids import request_name

    with opened_books(database, tenant, environ=os.environ) as books:
        items = books.reviews(tenant)
    if as_json:
        print_json([_item(item) for item in items])
        return
    for item in items:
        created, request = shown_time(item.created_at_ms), request_name(item.request_id)
        asked = f"  {clean(_asked(item))}" if item.head else ""
        typer.echo(
            f"{item.review_id}  {item.urgency:<9}  {created}  {item.tenant}  {plain(item.domain)}  "
            f"{request}{asked}"
        )
        typer.echo(f"    {clean(item.question) if item.question else _why_no_text(item)}")
    typer.echo(f"{len(items)} pending")


@review.command()
def show(review_id: ReviewId, database: DatabasePath = DATABASE, as_json: AsJson = False) -> None:
    """Show what a reviewer needs of one item; with --json also its request and the decision.

    Where no text is kept, it says why (`no_text`).
    """
    import orjson

    from router.api.http.decision_views import decision_document
    from router.cli.terminal import print_json
    from router.wire.feedback import verdict_view

    with opened_books(database, environ=os.environ) as books:
        case = books.review(review_id)
        if case is None:
            raise _unknown(review_id)
        row = books.row(case.item.request_id)
        heard = books.heard(case.item.request_id)
        steps = books.kept_text(case.item.request_id, "steps")
    if not as_json:
        typer.echo("\n".join(_case_lines(case, row, given_database(database))))
        return
    decision = None if row is None else orjson.loads(decision_document(row, heard, case, steps))
    shown = {
        **_item(case.item),
        "draft": case.draft,
        "no_draft": case.no_draft,
        **verdict_view(case),
        "decision": decision,
    }
    print_json(shown, indented=True)


@review.command()
def decide(
    review_id: ReviewId,
    verdict: Annotated[
        ReviewVerdict,
        typer.Option(
            help="approve: the draft is right, or what went out. correct: this is the right "
            "answer. reject: neither."
        ),
    ],
    minutes: Annotated[
        float, typer.Option(min=0, max=10_080, help="What it took; priced per minute, and booked.")
    ],
    text: Annotated[
        str | None, typer.Option(help="The right answer, with the verdict correct.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="The right answer in a file, instead of --text.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who judged, for the record.")] = "",
    new_class: Annotated[
        bool, typer.Option("--new-class", help="The label is a class that the head lacks.")
    ] = False,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            "-p",
            help="Whose price of a minute holds, by name or path.",
            show_default="the one that decided the request, as the ledger keeps it",
        ),
    ] = None,
    database: DatabasePath = DATABASE,
    anchors: AnchorsPath = None,
    as_json: AsJson = False,
) -> None:
    """Give the verdict on an item. It is feedback on the decision.

    Its minutes are booked as a row of their own in the ledger.
    """
    from router.cli.terminal import print_json
    from router.request.review_verdicts import Judgement
    from router.wire.feedback import verdict_view

    if new_class and verdict is not ReviewVerdict.CORRECT:
        raise typer.BadParameter("only a label of --text can be new", param_hint="--new-class")
    answer = _answer(verdict, text, file)
    judgement = Judgement(verdict, minutes, answer, by, "cli", new_class=new_class)
    with opened_books(database, environ=os.environ) as books:
        price = _minute_prices(policy, _kept_policy(books, review_id))
        case = books.decide(review_id, judgement, price, anchors)
    if as_json:
        print_json({**_item(case.item), **verdict_view(case)})
    _note_what_is_missing(case, answered=bool(judgement.text))
    if not as_json:
        took = f"{_minutes(minutes)}, {_cost(case.reviewed)}"
        typer.echo(f"{review_id}: {verdict.value}, {took}.")


def _note_what_is_missing(case: ReviewCase, *, answered: bool) -> None:
    """Says so where a review has no cost, or nobody can fetch its answer."""
    # The verdict is kept all the same; only the report lacks this cost.
    if case.reviewed is None or case.reviewed.cost_nano_usd is None:
        typer.echo(
            "tiergate: no price of a reviewer's minute is known, so the cost of this review is "
            "unknown. Set review.reviewer_usd_per_minute in the policy, or `reviewers` in the "
            "price book, and name the policy with --policy. Where the policy names a variable of "
            "the environment, set it for this command too.",
            err=True,
        )
    if answered and case.answer is None:
        typer.echo(
            "tiergate: the policy keeps no text of what waits (privacy.waiting: none), so nobody "
            "can fetch this answer. Give it to whoever asked yourself.",
            err=True,
        )


@review.command()
def done(review_id: ReviewId, database: DatabasePath = DATABASE) -> None:
    """Take an item off the list without a verdict; nothing is booked."""
    with opened_books(database, environ=os.environ) as books:
        resolved = books.resolve(review_id)
    if not resolved:
        typer.echo(
            f"tiergate: no pending review item {review_id!r}; expected one that `tiergate review "
            "list` shows",
            err=True,
        )
        raise typer.Exit(Exit.FAILURE)
    typer.echo(f"{review_id} is done.")


def _answer(verdict: ReviewVerdict, text: str | None, file: Path | None) -> str:
    """Returns the right answer of --text or --file. Raises BadParameter for too many or none."""
    if text is not None and file is not None:
        raise typer.BadParameter("give --text or --file, not both", param_hint="--text")
    answer = text or ""
    if file is not None:
        try:
            answer = file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise typer.BadParameter(
                f"{file} is no text in UTF-8; expected the right answer: save it in that encoding",
                param_hint="--file",
            ) from error
        except OSError as error:
            raise typer.BadParameter(
                f"{file} cannot be read ({error.strerror}); expected a file with the right answer",
                param_hint="--file",
            ) from error
    if verdict is ReviewVerdict.CORRECT and not answer.strip():
        expected = "the verdict correct needs the right answer: --text or --file"
        raise typer.BadParameter(expected, param_hint="--text")
    if verdict is not ReviewVerdict.CORRECT and answer:
        expected = f"only the verdict correct takes an answer; found {verdict.value}"
        raise typer.BadParameter(expected, param_hint="--verdict")
    return answer


def _minutes(number: float) -> str:
    """Formats minutes: 1 -> `1 minute`, 2.5 -> `2.5 minutes`."""
    return f"{number:g} minute{'' if number == 1 else 's'}"


def _cost(reviewed: Reviewed | None) -> str:
    """Formats what a review cost, as `$0.50`, and says so where its price is assumed."""
    from router.rendering.figures_in_words import usd

    cost = None if reviewed is None else reviewed.cost_nano_usd
    if reviewed is None or cost is None:
        return "an unknown cost"
    assumed = is_assumed(reviewed.price_version)
    return usd(cost) + " (at an assumed price of a minute)" * assumed


def _kept_policy(books: Books, review_id: str) -> KeptPolicy | None:
    """Returns the policy that decided the request of an item, None where none is kept."""
    case = books.review(review_id)
    row = None if case is None else books.row(case.item.request_id)
    return None if row is None else books.kept_policy(row.policy_hash)


def _minute_prices(fixed: str | None, kept: KeptPolicy | None) -> MinutePriceOf:
    """Returns a minute's price: by the requested policy, by what the ledger keeps of the one that
    decided, or by the shipped one of its name.
    """
    from router.cli.ledger.reprice import fixed_policy, shipped_policy
    from router.money.days import utc_day
    from router.money.price_book import PriceBook

    policy_of = shipped_policy if fixed is None else fixed_policy(fixed)

    def price(name: str, at_ms: int) -> MinutePrice | None:
        day = utc_day(at_ms)
        # Servers have policies of any place, also under the name of a shipped one.
        if fixed is None and kept:
            return stated_in(kept, day, os.environ)
        loaded = policy_of(name)
        return None if loaded is None else PriceBook.of(loaded, day).reviewer_minute()

    return price


def stated_in(kept: KeptPolicy, day: date, environ: Mapping[str, str]) -> MinutePrice | None:
    """Returns the price of a minute in a policy, in its own book, or in the shipped book.

    Earlier versions kept no book of its own. A variable is read from `environ`, as the server does;
    the price is unknown where it holds no price.
    """
    from router.policy.loading import policies_dir
    from router.policy.parsing.environment import filled_in
    from router.policy.parsing.yaml_lines import load_yaml
    from router.policy.price_list import load_prices, read_prices
    from router.types import usd_to_nano

    tree = load_yaml("", kept.content)[0]
    if not isinstance(tree, dict):
        return None
    review = tree.get("review")
    stated = review.get("reviewer_usd_per_minute") if isinstance(review, dict) else None
    if stated is not None:
        try:
            price = float(filled_in(str(stated), environ))
        except ValueError:
            return None
        return MinutePrice(usd_to_nano(price), "policy") if 0 <= price < math.inf else None
    if kept.prices:
        return read_prices(kept.prices, Path()).reviewer_minute(day)
    if "prices" in tree:
        return None
    return load_prices(policies_dir() / "prices.yaml").reviewer_minute(day)


def _unknown(review_id: str) -> typer.Exit:
    typer.echo(
        f"tiergate: no review item {review_id!r}; expected a rev_... of this ledger: `tiergate "
        "review list` shows those that are pending",
        err=True,
    )
    return typer.Exit(Exit.FAILURE)


def _case_lines(case: ReviewCase, row: RequestRow | None, place: str) -> list[str]:
    """Writes one matter for the person who judges it: its texts, and why it came to a person.

    `place` is the option that names the ledger, for the command that decides the matter.
    """
    from router.rendering.figures_in_words import clean, plain
    from router.wire.public_ids import request_name

    item, reviewed = case.item, case.reviewed
    created = shown_time(item.created_at_ms)
    asks = f"asks for a label, {clean(_asked(item))}" if item.head else plain(item.domain)
    lines = [
        f"{item.review_id}  {item.status}  {item.urgency}  {created}  {clean(item.tenant)}  {asks}"
    ]
    if row is not None:
        because = ", ".join(plain(reason) for reason in row.reasons or (row.reason,))
        lines.append(
            f"request   {request_name(item.request_id)}, level {row.tier_number} {row.tier}"
        )
        lines.append(f"because   {because}")
        lines += [
            f"failed    call of {clean(one.answerer)}: {plain(one.error_code)}"
            for one in row.attempts
            if one.role is Role.ANSWER and one.error_code
        ]
    lines += [f"facts     {clean(fact)}" for fact in item.shown_facts]
    lines += ["question", *_indented(item.question or _why_no_text(item))]
    if case.draft:
        sent = row is not None and row.verdict == Verdict.UNVERIFIED
        which = "which the client has, unverified" if sent else "which nobody got"
        lines += [f"draft, {which}", *_indented(case.draft)]
    elif case.no_draft:
        lines.append(f"no draft  {case.no_draft}")
    if reviewed is not None:
        by = f" by {clean(reviewed.by)}" if reviewed.by else ""
        took = f"{_minutes(reviewed.minutes)}, {_cost(reviewed)}"
        lines.append(
            f"verdict   {reviewed.verdict.value}{by}, {shown_time(reviewed.decided_at_ms)}, {took}"
        )
        if case.answer:
            lines += ["answer", *_indented(case.answer)]
    elif item.status == "pending" and not item.head:
        lines.append(
            f"decide    tiergate review decide {item.review_id} --minutes 3 --verdict approve"
            f"{place} (or correct, reject)"
        )
    return lines


def _indented(text: str) -> list[str]:
    from router.rendering.figures_in_words import printable

    return [f"    {printable(line)}".rstrip() for line in text.expandtabs().splitlines()]


def _item(item: ReviewItem) -> dict[str, object]:
    return {
        "review_id": item.review_id,
        "request_id": item.request_id,
        "tenant": item.tenant,
        "domain": item.domain.value,
        "urgency": item.urgency.value,
        "created_at_ms": item.created_at_ms,
        "status": item.status,
        "question": item.question or None,
        "facts": list(item.facts),
        "no_text": None if item.question else _why_no_text(item),
    }


def _asked(item: ReviewItem) -> str:
    """Returns what an item asks, in short: `department: billing?`."""
    return f"{item.head}: {item.suggested}?"


def _why_no_text(item: ReviewItem) -> str:
    """Explains why the ledger has no text of a matter, and which setting would keep it."""
    if item.head:
        return "(no text: the prompt was erased, or its time by privacy.retention_days is over)"
    if item.store == "none":
        return (
            "(no text: privacy.waiting was none when it came, or an older version kept none, so "
            "nobody can read what was asked. `redacted`, the default, or `full` keeps the text of "
            "new matters until they are decided)"
        )
    if item.status != "pending":
        return (
            "(no text: with privacy.store: none it ends with the verdict, otherwise with "
            "privacy.retention_days)"
        )
    return (
        "(no text: it was erased, or its time by privacy.retention_days is over; or it is sealed "
        "by a key that TIERGATE_TEXT_KEYS does not have here)"
    )

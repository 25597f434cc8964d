"""Defines `tiergate knowledge evaluate`: how well a search finds what questions need."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from router.cli.documents.encoders import encoder_of
from router.cli.documents.options import (
    Collections,
    Labels,
    TenantOption,
    collections_in,
)
from router.cli.models.evaluate import EVALUATION
from router.cli.options import AsJson
from router.cli.serve.serve import DOCUMENTS, DocumentsPath, ModelDir
from router.rendering.figures_in_words import counted

if TYPE_CHECKING:
    from router.documents.evaluation import Asked
    from router.documents.index.search import Encoder
    from router.types import Rights


def evaluate(
    questions: Annotated[
        Path,
        typer.Argument(help="JSON lines: question, source, and page or `holds` where known."),
    ],
    collection: Collections = None,
    tenant: TenantOption = "*",
    access: Labels = None,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            help="Also ask this policy, with and without the documents; its embedder searches.",
        ),
    ] = None,
    database: Annotated[
        str, typer.Option("--database", help="The ledger of the answers, with --policy.")
    ] = EVALUATION,
    k: Annotated[int, typer.Option("--k", min=1, max=50, help="Passages that count.")] = 5,
    documents: DocumentsPath = DOCUMENTS,
    as_json: AsJson = False,
    model_dir: ModelDir = None,
) -> None:
    """Measure recall, rank and nDCG of a search, and the answers of a policy with and without it.

    An answer is right if it has the words of `holds`.
    """
    from router.types import Rights

    asked = _read(questions)
    rights = Rights(
        tenant, frozenset(collection or collections_in(documents)), frozenset(access or ())
    )
    with encoder_of(model_dir, policy, tenant, database) as (encoder, version):
        by_search = _figures(asked, rights, k, documents, encoder, version)
    answers: dict[str, dict[str, float | None]] = {}
    if policy is not None:
        from router.cli.documents.answers import answers_of

        answers = answers_of(policy, asked, tenant, documents, database)
    if as_json:
        from router.cli.terminal import print_json

        print_json({"questions": len(asked), "k": k, "figures": by_search, "answers": answers})
        return
    typer.echo(
        f"{counted(len(asked), 'question', 'questions')}, {counted(k, 'passage', 'passages')} each"
    )
    for name, figures in by_search.items():
        shown = ", ".join(f"{what} {value:.3f}" for what, value in figures.items())
        typer.echo(f"{name}: {shown}")
    for name, figures_of_answers in answers.items():
        phrases = (
            f"{what} {'unknown' if v is None else f'{v:.3f}'}"
            for what, v in figures_of_answers.items()
        )
        typer.echo(f"answers {name}: {', '.join(phrases)}")


def _read(questions: Path) -> Sequence[Asked]:
    """Returns the questions of a file. Raises BadParameter for one that cannot be used."""
    from router.documents.evaluation import asked_of
    from router.errors import DocumentError

    try:
        return asked_of(questions.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise typer.BadParameter(
            f"{questions} cannot be read ({error.strerror}); expected a file of JSON lines"
        ) from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter(
            f"{questions} is no text in UTF-8; expected JSON lines: save it in that encoding"
        ) from error
    except DocumentError as error:
        raise typer.BadParameter(f"{questions}: {error}") from error


def _figures(
    asked: Sequence[Asked],
    rights: Rights,
    k: int,
    documents: str,
    encoder: Encoder | None,
    version: str,
) -> dict[str, dict[str, float]]:
    """Returns the figures of each search; without an encoder, of the one by words alone."""
    from router.documents.evaluation import figures_of
    from router.documents.stores import open_index

    today = datetime.now(UTC).date()
    # Words alone beside both: whoever has no model sees what that costs.
    searches: dict[str, tuple[Encoder | None, str]] = {"words alone": (None, "")}
    if encoder is not None:
        searches = {"words and vectors": (encoder, version), **searches}
    by_search = {}
    for name, search in searches.items():
        with closing(open_index(documents, *search)) as index:
            passages = [index.find(question.question, rights, k, today) for question in asked]
        by_search[name] = figures_of(asked, passages, k)
    return by_search

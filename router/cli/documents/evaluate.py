"""Defines `tiergate knowledge evaluate`: how well a search finds what questions need."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

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
    from router.documents.evaluation import asked_of, figures_of
    from router.documents.stores import open_index
    from router.errors import DocumentError
    from router.types import Rights

    try:
        asked = asked_of(questions.read_text(encoding="utf-8-sig"))
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
    collections = frozenset(collection or collections_in(documents))
    rights = Rights(tenant, collections, frozenset(access or ()))
    today = datetime.now(UTC).date()
    rows = {}
    with encoder_of(model_dir, policy, tenant, database) as (encoder, version):
        # Words alone beside both: whoever has no model sees what that costs.
        for name, used in (("words and vectors", encoder), ("words alone", None)):
            if name == "words and vectors" and encoder is None:
                continue
            with closing(open_index(documents, used, version if used is not None else "")) as index:
                passages = [index.find(question.question, rights, k, today) for question in asked]
            rows[name] = figures_of(asked, passages, k)
    answers: dict[str, dict[str, float | None]] = {}
    if policy is not None:
        from router.cli.documents.answers import answers_of

        answers = answers_of(policy, asked, tenant, documents, database)
    if as_json:
        from router.cli.terminal import print_json

        print_json({"questions": len(asked), "k": k, "figures": rows, "answers": answers})
        return
    typer.echo(
        f"{counted(len(asked), 'question', 'questions')}, {counted(k, 'passage', 'passages')} each"
    )
    for name, figures in rows.items():
        shown = ", ".join(f"{what} {value:.3f}" for what, value in figures.items())
        typer.echo(f"{name}: {shown}")
    for name, figures_of_answers in answers.items():
        phrases = (
            f"{what} {'unknown' if v is None else f'{v:.3f}'}"
            for what, v in figures_of_answers.items()
        )
        typer.echo(f"answers {name}: {', '.join(phrases)}")

"""Opens what makes the vectors of documents: our encoder, or the embedder that a policy names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from router.cli.serve.serve import DOCUMENTS
from router.errors import DocumentError, TiergateError
from router.types import EVERYBODY, Identity

if TYPE_CHECKING:
    from router.documents.index.matrix import Floats
    from router.documents.index.search import Encoder
    from router.documents.stores import DocumentStore
    from router.library import Gateway

MOST_NAMED = 3

PolicyOption = Annotated[
    str | None,
    typer.Option(
        "--policy",
        help="A policy whose `documents` name an embedder: it makes the vectors.",
    ),
]


class OutsideEncoder:
    """Makes vectors by the embedder of a policy's documents. Raises DocumentError."""

    def __init__(self, gateway: Gateway, identity: Identity) -> None:
        self._gateway = gateway
        self._identity = identity

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Returns vectors of length 1, (texts, width)."""
        from router.documents.index.matrix import unit_vectors

        try:
            return unit_vectors(self._gateway.embed(texts, identity=self._identity).vectors)
        except TiergateError as error:
            raise DocumentError(f"found no vectors: {error.message}") from error


@contextmanager
def encoder_of(
    model_dir: Path | None, policy: str | None, tenant: str, database: str
) -> Iterator[tuple[Encoder | None, str]]:
    """Gives what makes vectors, and its name; without anything None, and a word about it.

    Calls of an embedder are booked in the ledger, to the tenant. Raises PolicyError.
    """
    if policy is None:
        yield load_encoder(model_dir)
        return
    from router.api.compose.core import Settings, load_policies
    from router.api.compose.mounted.document_vectors import embedder_of
    from router.documents.index.search import made_outside
    from router.library import CALLER, Gateway

    served = load_policies(Settings(policies=(policy,)), os.environ)[0].policy
    section = embedder_of(served)
    if section is None:  # its documents have vectors of our encoder
        yield load_encoder(model_dir)
        return
    with Gateway.from_policy(policy, database=database, environ=os.environ) as gateway:
        identity = CALLER if tenant == EVERYBODY else replace(CALLER, tenant=tenant)
        assert served.documents is not None
        name = made_outside(section.model, served.documents.dimensions)
        yield OutsideEncoder(gateway, identity), name


def load_encoder(model_dir: Path | None) -> tuple[Encoder | None, str]:
    """Returns our encoder and its version; without one, None, and a word on standard error."""
    from router.api.compose.core import Settings, load_model

    model, because = load_model(model_dir or Settings().model_dir)
    if model is None:
        typer.echo(f"tiergate: without vectors, words alone are compared: {because}", err=True)
        return None, ""
    return model, model.vectors_version


def note_maker(store: DocumentStore, version: str, at: str) -> None:
    """Notes who makes the vectors of the store `at`.

    Raises BadParameter for another one than before.
    """
    if not version:
        return
    made_by = store.meta("encoder") or ""
    documents = store.documents() if made_by not in ("", version) else []
    if documents:
        places = sorted({(d.collection, d.tenant) for d in documents})
        where = "" if at in (DOCUMENTS, os.environ.get("TIERGATE_DOCUMENTS")) else at
        option = where and f" --documents {quote(where)}"
        removes = [
            f"tiergate knowledge remove --all --collection {collection} --tenant '{tenant}'{option}"
            for collection, tenant in places[:MOST_NAMED]
        ]
        more = f", and {len(places) - MOST_NAMED} more" if len(places) > MOST_NAMED else ""
        raise typer.BadParameter(
            f"the store has vectors of {made_by}, these would be of {version}, and vectors of two "
            "models do not compare. Expected the model of before (--policy names a policy with "
            "it), or a store without documents: remove all and add them again "
            f"({'; '.join(removes)}{more}), or keep these in another --documents"
        )
    # Before the first document: a copy on another machine must not meet vectors of nobody.
    store.note("encoder", version)

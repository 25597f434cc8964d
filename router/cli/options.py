"""Options that several commands take and mean the same by."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class FileFormat(StrEnum):
    """What the ledger is exported as."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"

"""Writes Parquet files of the ledger and of reports in batches, in bounded memory.

Only this file uses pyarrow. pyarrow is an extra and is loaded only when such a file is requested.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from router.cli.exits import Exit
from router.errors.installing import pip_install
from router.files.writing import replacing

if TYPE_CHECKING:
    from pyarrow import DataType

BATCH = 10_000
"""Sets the rows of one row group: a few megabytes, and readers may skip groups by statistics."""

Column = tuple[str, str]  # name, and one of TYPES


def write_parquet(rows: Iterable[Sequence[object]], columns: Sequence[Column], path: Path) -> int:
    """Writes rows whose cells follow `columns`; returns the number of rows. None becomes null.

    Column types are `int64`, `double`, `bool` and `text`. Ends the program with a sentence where
    pyarrow is missing.
    """
    with _needing_pyarrow():
        import pyarrow as pa
        from pyarrow import parquet

        types: dict[str, DataType] = {
            "int64": pa.int64(),
            "double": pa.float64(),
            "bool": pa.bool_(),
            "text": pa.string(),
        }
        schema = pa.schema([(name, types[kind]) for name, kind in columns])
        count = 0
        with (
            replacing(path) as beside,
            parquet.ParquetWriter(beside, schema, compression="zstd") as writer,
        ):
            for batch in _batches(rows):
                cells = zip(*batch, strict=True)
                arrays = [pa.array(c, kind) for c, kind in zip(cells, schema.types, strict=True)]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
                count += len(batch)
    return count


def write_tidy_parquet(tidy_csv: str, path: Path) -> int:
    """Writes a report's tidy CSV with one more column, `number`, for values that are numbers."""
    lines = csv.reader(io.StringIO(tidy_csv))
    # The first line holds the column names, which the schema states already.
    next(lines)
    columns = (
        ("section", "text"),
        ("key", "text"),
        ("metric", "text"),
        ("value", "text"),
        ("number", "double"),
    )
    return write_parquet(((*line, _number(line[3])) for line in lines), columns, path)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _batches(rows: Iterable[Sequence[object]]) -> Iterator[list[Sequence[object]]]:
    batch: list[Sequence[object]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@contextmanager
def _needing_pyarrow() -> Iterator[None]:
    """Turns a missing package into a sentence."""
    try:
        yield
    except ImportError as error:
        typer.echo(
            "tiergate: Parquet files need the package pyarrow, not found: "
            f"{pip_install('parquet')}",
            err=True,
        )
        raise typer.Exit(Exit.FAILURE) from error

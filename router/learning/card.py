"""Writes the card of a dataset for people to read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from router.learning.dataset import OBSERVED, ROWS, WEAK, Manifest, Options
from router.learning.rows import Dropped, Source, Split
from router.learning.synthetic import WEIGHT
from router.money.days import utc_day
from router.stats.heads import label_key


def card(manifest: Manifest, now_ms: int) -> Iterator[str]:
    """Yields the lines of the card."""
    files = manifest.files
    yield f"hash     {manifest.hash}"
    yield f"parents  {', '.join(parent[:12] for parent in manifest.parents) or 'none'}"
    yield (
        f"rows     {files[ROWS].rows} to train and judge with, {files[WEAK].rows} weak, of "
        f"{files[OBSERVED].rows} requests"
    )
    yield f"told by  {_counted(manifest.sources)}"
    yield f"texts    {_counted(manifest.stored)}{_expiry(manifest, now_ms)}"
    if written := manifest.sources.get(Source.SYNTHETIC.value):
        yield (
            f"synthetic  {written} rows by an answerer, approved by reviewers: weight {WEIGHT:g} "
            "each, only to train"
        )
    if manifest.weak:
        yield f"weak     {_counted(manifest.weak)}"
    if manifest.respelt:
        yield f"respelt  {manifest.respelt}, labels in another spelling than most of their class"
    yield ""
    for kind, classes in manifest.balance.items():
        width = max(len(name) for name in classes)
        yield f"{kind:<{width}}  {'  '.join(f'{part.value:>5}' for part in Split)}"
        for name, parts in classes.items():
            counts = "  ".join(f"{parts.get(part.value, 0):>5}" for part in Split)
            yield f"{name:<{width}}  {counts}"
        yield from _empty(kind, classes, manifest.options)
        yield from _spelt(classes)
        yield ""
    weights = manifest.weights
    yield (
        f"weights  chance could have sent {weights.explored} requests elsewhere; the largest is "
        f"{weights.largest:.1f}"
    )
    yield (
        f"         {weights.clipped} were cut there; {weights.requests} requests count as "
        f"{weights.effective:g}"
    )
    yield f"marked   {_counted(manifest.marks)}"
    yield "left out:" if manifest.dropped else "left out nothing"
    for name, count in manifest.dropped.items():
        yield f"  {count:>5}  {Dropped[name.upper()].value}"


def _empty(kind: str, classes: Mapping[str, Mapping[str, int]], options: Options) -> Iterator[str]:
    """Says which part of a kind has no row, though a share of the rows was asked for it."""
    shares = {Split.DEV: options.dev, Split.TEST: options.test}
    for part, share in shares.items():
        if share and not any(parts.get(part.value) for parts in classes.values()):
            yield f"no {kind} row is in {part.value}, so nothing can be judged there"


def _spelt(classes: Iterable[str]) -> Iterator[str]:
    """Says which classes are probably one: a head would take their spellings for two."""
    spellings: dict[str, list[str]] = {}
    for name in classes:
        spellings.setdefault(label_key(name), []).append(name)
    for alike in spellings.values():
        if len(alike) > 1:
            yield f"differ in case or spaces only, correct them: {'; '.join(alike)}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"


def _expiry(manifest: Manifest, now_ms: int) -> str:
    first = manifest.first_expiry_ms
    if first is None:
        return ""
    day = utc_day(first).isoformat()
    return f"; the first may be kept until {day}" + (", which is over" if first <= now_ms else "")

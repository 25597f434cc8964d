"""Measures size, latency and accuracy of every variant of the encoder (`tiergate train compare`).

The folder `compare` of the work folder keeps models and vectors, so an interrupted run continues
where it was. Latency is measured again each time.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from router.errors import TrainingDataError
from router.stats.heads import Embeddings
from router.training.compare.chart import draw
from router.training.compare.claims import CLAIMS, Ratios, verdict
from router.training.compare.latency import TYPICAL, Milliseconds, take_turns
from router.training.compare.report import FILES, Asked, Row, Setting, render, to_json
from router.training.compare.variants import Variant, Workshop, chosen
from router.training.data import curate
from router.training.encoder.probe import Flags, Probe, judged, kept, probes, texts_of
from router.training.progress import track
from router.triage.encoder import Encoder

ROWS = 1_000
"""Training rows of a probe; dev rows are half as many. All variants take about a quarter of an hour
on two busy cores, three minutes when their vectors are stored already."""
TURNS = 60
FOLDER, VECTORS = "compare", "vectors"
STEP = 512
"""Texts between two steps of the progress bar."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Holds the circumstances, one row per variant, and the files of the report."""

    setting: Setting
    rows: tuple[Row, ...]
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Measured:
    sha256: str
    bytes: int
    times: Mapping[int, Milliseconds]
    right: Mapping[str, Flags]  # probe -> the dev rows that are right


def compare(
    data: Path,
    work: Path,
    out: Path | None = None,
    *,
    names: Sequence[str] = (),
    rows: int = ROWS,
    turns: int = TURNS,
    seed: int = 7,
    progress: bool = True,
    command: str = "tiergate train compare",
) -> Comparison:
    """Makes the variants `names` (all if empty), measures them, writes the report into `out`.

    `work` is the folder of a finished `tiergate train triage`; None as `out` means its folder
    `compare`. `rows` bounds the training rows of each probe. Raises TrainingDataError for an
    unknown variant, a work folder that lacks something, and data with nothing to probe.
    """
    began = time.monotonic()
    variants = chosen(names)
    shop = Workshop(work, seed=seed, progress=progress)
    probe_set = _probes(data, work, rows)
    paths = {v.name: shop.path(v.name) for v in track(variants, "models", progress)}
    right = {
        v.name: _right(paths[v.name], shop.tokenizer, probe_set, work / FOLDER / VECTORS, progress)
        for v in variants
    }
    # One thread each: the latency of a single request is compared.
    alone = {name: Encoder(path, shop.tokenizer) for name, path in paths.items()}
    before = _load()
    times = take_turns(alone, turns, progress=progress)
    measured = {
        name: _Measured(alone[name].sha256, path.stat().st_size, times[name], right[name])
        for name, path in paths.items()
    }
    made = tuple(_row(v, measured, variants, probe_set) for v in variants)
    described = tuple(
        Asked(p.name, p.taught, len(p.classes), len(p.train.texts), len(p.dev.texts))
        for p in probe_set
    )
    seconds = round(time.monotonic() - began)
    setting = Setting(command, _machine(), (before, _load()), turns, seconds, described)
    return Comparison(setting, made, _write(setting, made, out or work / FOLDER))


def _probes(data: Path, work: Path, rows: int) -> tuple[Probe, ...]:
    sides = [curate.load(work / "curate" / f"{side}.jsonl.gz") for side in ("train", "dev")]
    probe_set = probes(sides[0], sides[1], data, rows)
    if not probe_set:
        raise TrainingDataError(
            f"neither {work} nor {data} has a labelled set large enough to probe; see the table of "
            "files in docs/guides/training.md"
        )
    return probe_set


def _right(
    model: Path, tokenizer: Path, probe_set: Sequence[Probe], folder: Path, progress: bool
) -> dict[str, Flags]:
    """Returns, per probe, the dev rows that a linear head on this encoder's vectors gets right."""
    encoder = Encoder(model, tokenizer, threads=os.cpu_count() or 1)
    texts = texts_of(probe_set)
    vectors = dict(zip(texts, _embedded(encoder, texts, folder, model.stem, progress), strict=True))
    return {
        probe.name: judged(probe, vectors)
        for probe in track(probe_set, f"probes of {model.stem}", progress)
    }


def _embedded(
    encoder: Encoder, texts: Sequence[str], folder: Path, name: str, progress: bool
) -> Embeddings:
    """Returns the vectors of the texts, float16, stored by the hashes of encoder and texts."""
    # The file's name changes with the encoder and with the texts, so it is never out of date.
    digest = hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()
    path = folder / f"{encoder.sha256[:16]}-{digest[:16]}.npy"
    if path.is_file():
        stored: Embeddings = np.load(path)
        return stored
    starts = range(0, len(texts), STEP)
    parts = [
        encoder.encode(texts[start : start + STEP])
        for start in track(starts, f"vectors of {name}", progress)
    ]
    vectors: Embeddings = np.concatenate(parts).astype(np.float16)
    folder.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part.npy")  # a run that is killed here leaves no half-written file
    np.save(half, vectors)
    half.replace(path)
    return vectors


def _row(
    variant: Variant,
    measured: Mapping[str, _Measured],
    variants: Sequence[Variant],
    probe_set: Sequence[Probe],
) -> Row:
    own = measured[variant.name]
    accuracy = {name: round(float(flags.mean()), 4) for name, flags in own.right.items()}
    taught = [accuracy[p.name] for p in probe_set if p.taught]
    untaught = [accuracy[p.name] for p in probe_set if not p.taught]
    ratios = None
    if variant.against:
        other = measured[variant.against]
        line = next(v.line for v in variants if v.name == variant.against)
        # Student against teacher is fair only on labels that neither was trained on.
        fair = [p.name for p in probe_set if line == variant.line or not p.taught]
        names = fair or [p.name for p in probe_set]
        share = kept([own.right[n] for n in names], [other.right[n] for n in names])
        ratios = Ratios(
            other.bytes / own.bytes,
            other.times[TYPICAL]["p50_ms"] / own.times[TYPICAL]["p50_ms"],
            *share,
        )
    claim = CLAIMS.get(variant.claim)
    return Row(
        variant,
        own.sha256,
        own.bytes,
        own.times,
        accuracy,
        _mean(taught),
        _mean(untaught),
        float(np.mean([*taught, *untaught])),
        ratios,
        None if claim is None or ratios is None else verdict(claim, ratios),
    )


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _write(setting: Setting, rows: Sequence[Row], out: Path) -> tuple[Path, ...]:
    out.mkdir(parents=True, exist_ok=True)
    contents = (
        render(setting, rows),
        json.dumps(to_json(setting, rows), indent=1) + "\n",
        draw(rows),
    )
    files = tuple(out / name for name in FILES)
    for path, content in zip(files, contents, strict=True):
        path.write_text(content, encoding="utf-8")
    return files


def _load() -> float | None:
    """Returns the load average of the last minute; None on a system without one."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _machine() -> str:
    """Describes processor, cores and runtime, on which a latency depends."""
    cpu, flags = platform.processor() or platform.machine(), ""
    listed = Path("/proc/cpuinfo")
    if listed.is_file():
        pairs = (line.partition(":") for line in listed.read_text(encoding="utf-8").splitlines())
        fields = {name.strip(): value.strip() for name, _, value in pairs}
        cpu = fields.get("model name", cpu)
        flags = " with AVX512-VNNI" if "avx512_vnni" in fields.get("flags", "") else ""
    runtime = importlib.metadata.version("onnxruntime")
    return f"{os.cpu_count()} cores of {cpu}{flags}, onnxruntime {runtime}"

"""Measures a finished model on the dev part (stage 6), real and weak labels apart.

Latency is measured on one thread with the encoder and all heads, as for a single request.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Isotonic, auroc, cross_fitted_ece, ece, fit_isotonic, fit_platt
from router.stats.heads import Embeddings, Encoded, Head, HeadKind
from router.training.data.sources import Example
from router.training.heads.fit_heads import (
    CHANCE_HEADS,
    CLASS_HEADS,
    Part,
    part,
    softmax_regression,
)
from router.triage.encoder import MAX_TOKENS, Encoder
from router.triage.triage_model import TriageModel, grams_of

Figures = dict[str, float]
LEAST_ROWS = 20
"""A source with fewer dev rows than this gets no figure of its own."""

PROBES = {
    "clinc150": "intent/clinc150",
    "banking77": "intent/banking77",
    "hwu64": "intent/hwu64",
    "hint3": "intent/hint3",
    "snips": "intent/snips",
    "tickets": "department",
    "davidson": "toxic_kind",
}
"""Sets probed with a linear head that is not shipped: they show what the embedding itself holds."""


def head_figures(
    model: TriageModel, examples: Sequence[Example], encoded: Encoded
) -> dict[str, dict[str, Figures]]:
    """Returns figures per label source (`given`, `weak`) and head; given labels also by source.

    Their key is `head/source`. Calibrators were fitted on the same dev rows, so ECE here is that of
    the fit, not of new rows; `crossed_ece` has the figures on other rows.
    """
    report: dict[str, dict[str, Figures]] = {"given": {}, "weak": {}}
    for name, classes in [*CLASS_HEADS.items(), *((n, ("", c)) for n, c in CHANCE_HEADS.items())]:
        head = model.stack.heads[name]
        rows = part(examples, name, classes if name in CLASS_HEADS else both(name))
        for kind, chosen in (("given", ~rows.weak), ("weak", rows.weak)):
            if chosen.sum() < LEAST_ROWS:
                continue
            report[kind][name] = _judge(head, encoded, rows, chosen)
            sources = np.array([examples[i].source for i in rows.index])
            # Weak labels come from one rule per head, so a split by source would say nothing.
            if kind == "given":
                for source in sorted(set(sources[chosen].tolist())):
                    here = chosen & (sources == source)
                    if here.sum() >= LEAST_ROWS:
                        report[kind][f"{name}/{source}"] = _judge(head, encoded, rows, here)
    return report


def both(name: str) -> tuple[str, str]:
    """Returns the two classes of a chance head, the counted one last."""
    negative = {"stakes": "low", "multi_factor": "no", "strategic": "no"}.get(name, "ok")
    return negative, CHANCE_HEADS[name]


def _judge(head: Head, encoded: Encoded, rows: Part, chosen: npt.NDArray[np.bool_]) -> Figures:
    chosen_rows, labels = encoded[rows.index[chosen]], rows.labels[chosen]
    if head.kind is HeadKind.CLASSES:
        chance = head(chosen_rows)
        right = (chance.argmax(axis=1) == labels).astype(float)
        return {
            "rows": int(chosen.sum()),
            "accuracy": round(float(right.mean()), 4),
            "ece": round(ece(chance.max(axis=1), right), 4),
        }
    p, y = head(chosen_rows), labels.astype(float)
    figures = {
        "rows": int(chosen.sum()),
        "accuracy": round(float(((p > 0.5) == (y > 0.5)).mean()), 4),
        "ece": round(ece(p, y), 4),
    }
    area = auroc(p, y > 0.5)
    return figures if np.isnan(area) else figures | {"auroc": round(area, 4)}


def crossed_ece(
    model: TriageModel, examples: Sequence[Example], encoded: Encoded
) -> dict[str, float]:
    """Returns ECE per chance head, each half of dev judged by a calibrator of the other half."""
    figures = {}
    for name in CHANCE_HEADS:
        rows = part(examples, name, both(name))
        # Given labels are preferred; with too few of them, weak ones are counted too.
        keep = ~rows.weak if (~rows.weak).sum() >= LEAST_ROWS else np.ones(len(rows.weak), bool)
        if keep.sum() < LEAST_ROWS:
            continue
        head = model.stack.heads[name]
        logits = head.logits(encoded[rows.index[keep]])[:, 0]
        fit = fit_isotonic if isinstance(head.calibrator, Isotonic) else fit_platt
        figures[name] = round(cross_fitted_ece(fit, logits, rows.labels[keep].astype(float)), 4)
    return figures


def probes(
    train: tuple[Sequence[Example], Embeddings], dev: tuple[Sequence[Example], Embeddings]
) -> dict[str, Figures]:
    """Returns dev accuracy of a linear head per intent or ticket set, fitted here on train rows."""
    report = {}
    for source, task in PROBES.items():
        classes = sorted({e.labels[task] for e in train[0] if task in e.labels} - {"oos"})
        rows, judged = part(train[0], task, classes), part(dev[0], task, classes)
        if len(classes) < 2 or len(judged.index) < LEAST_ROWS:
            continue
        weight, bias = softmax_regression(
            train[1][rows.index], rows.labels, len(classes), rows.weights, steps=150
        )
        guess = (dev[1][judged.index] @ weight + bias).argmax(axis=1)
        report[source] = {
            "classes": len(classes),
            "rows": len(judged.index),
            "accuracy": round(float((guess == judged.labels).mean()), 4),
        }
    return report


def parity(small: Encoder, full: Encoder, model: TriageModel, texts: Sequence[str]) -> Figures:
    """Compares INT8 with float: cosines of embeddings and agreement of the heads' classes."""
    a, b = small.encode(texts), full.encode(texts)
    cosine = (a * b).sum(axis=1)  # (texts,); both sides are unit vectors
    grams = grams_of([small.tokenise(text) for text in texts])
    out_a, out_b = model.read(Encoded(a, grams)), model.read(Encoded(b, grams))
    same_type = out_a.request_type.argmax(1) == out_b.request_type.argmax(1)
    same_domain = out_a.domain.argmax(1) == out_b.domain.argmax(1)
    same_stakes = (out_a.stakes_high > 0.5) == (out_b.stakes_high > 0.5)
    return {
        "texts": len(texts),
        "cosine_mean": round(float(cosine.mean()), 4),
        "cosine_p1": round(float(np.quantile(cosine, 0.01)), 4),
        "same_request_type": round(float(same_type.mean()), 4),
        "same_domain": round(float(same_domain.mean()), 4),
        "same_stakes": round(float(same_stakes.mean()), 4),
    }


def latency(
    model: TriageModel, lengths: Sequence[int], *, repeats: int = 300
) -> dict[str, Figures]:
    """Returns p50 and p99 in milliseconds of a single request, tokenising and all heads included.

    One thread works. 512 tokens are cut to the 128 that are read. `lengths` are context tokens of
    real load. The `cpu` figures count only this thread's processor time, which a busy machine does
    not inflate.
    """
    report = {}
    for tokens in (16, 40, 128, 512):
        report[str(tokens)] = _timed(model, [_text(tokens, seed) for seed in range(repeats)])
    if lengths:
        chosen = np.random.default_rng(0).choice(np.asarray(lengths), size=repeats)
        texts = [
            _text(int(min(tokens, 4 * MAX_TOKENS)), seed) for seed, tokens in enumerate(chosen)
        ]
        report["azure_mix"] = _timed(model, texts)
    return report


_COMMON = (  # common words of one token each
    "the order was late and my card is not working please tell me how to return a phone to your "
    "shop because we need a new one for work this week and the price has gone up again since then"
)


def _text(tokens: int, seed: int) -> str:
    """Returns a text of about `tokens` tokens, both markers included; each word is one token."""
    words = np.random.default_rng(seed).choice(_COMMON.split(), size=max(1, tokens - 2))
    return " ".join(words.tolist())


def _timed(model: TriageModel, texts: Sequence[str]) -> Figures:
    # The first runs allocate memory and fill caches, so they are not timed.
    for text in texts[:20]:
        model.read(model.encode([text]))
    wall: list[float] = []
    processor: list[float] = []
    for text in texts:
        began, worked = time.perf_counter(), time.thread_time()
        model.read(model.encode([text]))
        processor.append((time.thread_time() - worked) * 1_000)
        wall.append((time.perf_counter() - began) * 1_000)
    return {
        "p50_ms": round(float(np.quantile(wall, 0.5)), 3),
        "p99_ms": round(float(np.quantile(wall, 0.99)), 3),
        "cpu_p50_ms": round(float(np.quantile(processor, 0.5)), 3),
        "cpu_p99_ms": round(float(np.quantile(processor, 0.99)), 3),
    }


def folder_bytes(folder: Path) -> Mapping[str, int]:
    """Returns the bytes of the encoder and of everything in the model folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        "encoder": (folder / "encoder.onnx").stat().st_size,
        "all": sum(path.stat().st_size for path in files),
    }

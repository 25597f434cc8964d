"""Reads and writes `match.json`, the part of the triage model that matching needs.

It holds the coefficients of the first chance, those of the verifier by name (for one intent, and
for the likeliest together), the cap, and the plane between what companies are asked and everything
else. It knows nothing about how they are fitted or
used.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from router.errors import ModelFileError
from router.stats.calibration import Floats
from router.triage.matching.evidence import FEATURES
from router.triage.verifier import PAIR, SET, MatchModel, Verifier

FORMAT = 3


def save(model: MatchModel, path: Path, encoder_sha256: str) -> None:
    """Writes what `load` reads."""
    described = {
        "format": FORMAT,
        "encoder_sha256": encoder_sha256,
        "coefficients": _named(FEATURES, model.coefficients),
        "verifier": _named(PAIR, model.verifier.coefficients),
        "together": _named(SET, model.verifier.together),
        "cap": round(model.verifier.cap, 4),
        "outside": model.verifier.outside.round(4).tolist(),
    }
    path.write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")


def load(path: Path, encoder_sha256: str) -> MatchModel:
    """Reads the file; raises ModelFileError as the heads do."""
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        if described["encoder_sha256"] != encoder_sha256:
            raise ModelFileError(f"{path.name} was fitted on another encoder; refit it")
        if described["format"] != FORMAT:
            raise ModelFileError(f"{path.name} has another format; refit it: tiergate train match")
        first = np.array([float(described["coefficients"][name]) for name in FEATURES])
        pairs = np.array([float(described["verifier"][name]) for name in PAIR])
        outside = np.array(described["outside"], dtype=float)
        together = np.array([float(described["together"][name]) for name in SET])
        return MatchModel(first, Verifier(pairs, float(described["cap"]), outside, together))
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{path} is malformed: {error}") from error


def _named(names: tuple[str, ...], values: Floats) -> dict[str, float]:
    return dict(zip(names, values.round(6).tolist(), strict=True))

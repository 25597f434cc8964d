"""Saves and loads the reranker of a triage model: a description and the network's ONNX file.

The network is opened once a policy with approved answers is served: where there is none, it takes
no memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from router.errors import ModelFileError
from router.triage.close_reading.opened import opened
from router.triage.encoder import Encoder, sha256_of
from router.triage.matching.gate import FIELD, GATE, Gate
from router.triage.reranking.cross_encoder import CrossEncoder
from router.triage.reranking.reranker import Reranker, TrafficFit, Weights
from router.types import Traffic

NAME = "reranker"
ONNX, DESCRIBED = f"{NAME}.onnx", f"{NAME}.json"
FORMAT = 4


def save(fits: Mapping[Traffic, TrafficFit], folder: Path, encoder_sha256: str) -> None:
    """Writes the description; the ONNX file must stand in the folder already."""
    described = {
        "format": FORMAT,
        "traffic": {traffic: described_of(fit) for traffic, fit in fits.items()},
        "encoder_sha256": encoder_sha256,
        "onnx_sha256": sha256_of(folder / ONNX),
    }
    text = json.dumps(described, indent=1) + "\n"
    (folder / DESCRIBED).write_text(text, encoding="utf-8")


def described_of(fit: TrafficFit) -> dict[str, float | dict[str, float]]:
    """Returns the numbers of a fit by name."""
    gate = fit.gate
    return {
        "gate": dict(zip(GATE, gate.coefficients.tolist(), strict=True)),
        "least": gate.least,
        "field": dict(zip(FIELD, gate.field.tolist(), strict=True)),
        "weights": fit.weights._asdict(),
        "cap": fit.cap,
    }


def load(folder: Path, encoder: Encoder) -> Reranker | None:
    """Reads what `save` wrote beside this encoder; None in a model without it.

    Raises ModelFileError when a file is malformed, altered, or fitted on another encoder.
    """
    path = folder / DESCRIBED
    if not path.is_file():
        return None
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        if described["format"] != FORMAT:
            raise ModelFileError(
                f"{path} has format {described['format']}, expected {FORMAT}; run `tiergate train "
                "reranker` again"
            )
        if described["encoder_sha256"] != encoder.sha256:
            raise ModelFileError(
                f"{path} was fitted on another encoder; run `tiergate train reranker` again"
            )
        fits = {one: _traffic_fit(described["traffic"][one]) for one in Traffic}
        tokenise, device = encoder.tokenise, encoder.placement.device
        network = opened(folder / ONNX, described["onnx_sha256"], device)
        encode = partial(network.encode, tokenise)
        return Reranker(CrossEncoder(encode, tokenise), fits)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{path} is malformed: {error}") from error


def _traffic_fit(described: dict[str, Any]) -> TrafficFit:
    """Reads what `described_of` returned. Raises KeyError, TypeError or ValueError."""
    coefficients = np.array([float(described["gate"][name]) for name in GATE])
    field = np.array([float(described["field"][name]) for name in FIELD])
    weights = Weights(**{name: float(described["weights"][name]) for name in Weights._fields})
    gate = Gate(coefficients, float(described["least"]), field)
    return TrafficFit(gate, weights, float(described["cap"]))

"""Makes versions of models for a registry: heads, and adapters of the embedded model."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from router.registry import ModelKind, ModelVersion, Registry
from router.stats import heads
from router.stats.calibration import Temperature
from router.stats.heads import Head, HeadKind
from router.triage.triage_model import TriageModel
from tests import ROOT

WITH_ADAPTER = [
    {
        "name": "llm",
        "level": 2,
        "answerers": [
            {
                "name": "smol",
                "kind": "local",
                "adapters": [
                    {
                        "name": "support",
                        "path": "registry:support_lora",
                        "domains": ["customer_support"],
                    }
                ],
                "max_output_tokens": 8,
                "verify": {"default": "none"},
            }
        ],
    }
]
"""The tiers of a policy whose local model answers with the active version of `lora`."""


ACTIVE_HEAD = [{"name": "department", "path": "registry:department@active"}]
"""The heads of a policy that follows the registry."""


def head(folder: Path, bias: float, encoder_sha256: str) -> Path:
    """A head whose bias makes the version."""
    made = Head(
        "department",
        HeadKind.CLASSES,
        ("it", "hr"),
        np.zeros((192, 2), np.float32),
        np.array([bias, 0.0], np.float32),
        Temperature(1.0),
        encoder_sha256,
    )
    place = folder / f"head-{bias}"
    place.mkdir()
    heads.save(made, place)
    return place / "department.json"


def two_heads(registry: Registry, folder: Path) -> tuple[ModelVersion, ModelVersion]:
    """Two versions of a head for the shipped encoder; the first is the active one."""
    encoder = TriageModel.load().encoder.sha256
    first, second = (
        registry.add(ModelKind.HEAD, "department", [head(folder, bias, encoder)])
        for bias in (1.0, 2.0)
    )
    registry.promote(first.id)
    return first, second


def lora(registry: Registry, folder: Path, change: int) -> ModelVersion:
    """The shipped adapter with a last weight of its own."""
    shipped = ROOT / "tiers" / "adapters" / "support_lora.gguf"
    copy = folder / "support_lora.gguf"
    shutil.copy(shipped, copy)
    content = bytearray(copy.read_bytes())
    content[-2] ^= change
    copy.write_bytes(bytes(content))
    return registry.add(ModelKind.ADAPTER, "support_lora", [copy])

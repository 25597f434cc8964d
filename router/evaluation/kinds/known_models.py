"""Computes the shipped chances from a prompt's difficulty and the known models' abilities.

P(right) = sigmoid(a (theta - d)) as the gateway computes it. It uses the theta of the domain that
triage reads, where one was fitted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from router.errors import ModelFileError
from router.evaluation.options import Subject
from router.evaluation.rows import Row
from router.stats.calibration import Floats, sigmoid
from router.training.data.labels import model_name

FILE = "known_models.json"


@dataclass(frozen=True, slots=True)
class KnownModels:
    """Holds abilities by canonical model name: theta, and theta by domain."""

    slope: float
    theta: Mapping[str, float]
    by_domain: Mapping[str, Mapping[str, float]]

    @classmethod
    def load(cls, folder: Path) -> KnownModels:
        """Reads the table next to a model; without a table, no model is known.

        Raises ModelFileError for a malformed table.
        """
        path = folder / FILE
        if not path.is_file():
            return cls(1.0, {}, {})
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            models = document["models"]
            return cls(
                float(document["a"]),
                {name: float(row["theta"]) for name, row in models.items()},
                {
                    name: {d: float(v["theta"]) for d, v in row.get("per_domain", {}).items()}
                    for name, row in models.items()
                },
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelFileError(f"{path} is malformed: {error}") from error

    def chances(self, subject: Subject, rows: Sequence[Row], models: Sequence[str]) -> Floats:
        """Returns P(right) of each row and model, (rows, models); nan columns for
        unknown models.
        """
        out = subject.model.read(subject.encode([row.text for row in rows]))
        domains = [subject.model.domains[i] for i in np.asarray(out.domain).argmax(axis=1)]
        columns = []
        for model in models:
            # Tables name one model in several ways.
            name = model_name(model)
            if name not in self.theta:
                columns.append(np.full(len(rows), np.nan))
                continue
            own = self.by_domain[name]
            theta = np.array([own.get(domain, self.theta[name]) for domain in domains])
            columns.append(sigmoid(self.slope * (theta - np.asarray(out.difficulty, float))))
        return np.column_stack(columns)

    def pair(
        self, subject: Subject, rows: Sequence[Row], models: tuple[str, str]
    ) -> tuple[Floats, Floats] | None:
        """Returns P(right) of two models, (rows,) each; None where one of them is not known."""
        chances = self.chances(subject, rows, models)
        return None if np.isnan(chances).any() else (chances[:, 0], chances[:, 1])

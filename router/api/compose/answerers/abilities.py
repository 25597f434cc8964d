"""Rates how able each answerer of a policy is, and by which evidence: reads committed tables.

`known_models.json` holds abilities fitted on public per-question results. `smollm2_ability.json`
holds measurements of the embedded model. Without a file, priors are used and shown as such.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import tiers
from router.errors import ModelFileError
from router.policy.schema import AnswererSection, DeliberationAnswerer, LocalAnswerer
from router.routing.rungs.rung_plan import Ability, prior_ability
from router.routing.verification import AnswerCalibration
from router.triage.triage_model import DEFAULT_FOLDER
from router.types import Domain, PSource

KNOWN_MODELS = DEFAULT_FOLDER / "known_models.json"
EMBEDDED = Path(tiers.__file__).parent / "adapters" / "smollm2_ability.json"
EMBEDDED_NAME = "smollm2-135m"


@dataclass(frozen=True, slots=True)
class AbilityTable:
    """Holds abilities by model name; `slope` is the a of sigma(a(theta - d)), fitted with them."""

    slope: float
    known: Mapping[str, Ability]
    embedded: Ability | None
    embedded_calibration: AnswerCalibration | None
    # the share of right answers, and the number of graded questions
    embedded_right: tuple[float, int] | None = None

    def of(self, section: AnswererSection, level: int) -> Ability:
        """Returns the ability by the best evidence: labelled traffic, a measurement, the table, a
        prior.
        """
        # The operator's own labels describe this deployment better than any table.
        stated = section.ability
        if stated.theta is not None:
            return Ability(
                stated.theta, stated.by_domain, self.slope, PSource.LABELLED, stated.labels
            )
        if stated.known_model is not None and stated.known_model in self.known:
            return self.known[stated.known_model]
        if self.is_embedded(section) and self.embedded is not None:
            return self.embedded
        return prior_ability(level)

    def is_embedded(self, section: AnswererSection) -> bool:
        """Returns True when a section means the model that we measured."""
        return isinstance(section, LocalAnswerer) and section.model == EMBEDDED_NAME

    def calibration(self, section: AnswererSection) -> AnswerCalibration | None:
        """Returns the calibration of the answer's own log-probabilities, of the embedded model
        only.
        """
        if isinstance(section, DeliberationAnswerer):
            return None
        return self.embedded_calibration if self.is_embedded(section) else None


def load_abilities() -> AbilityTable:
    """Returns the committed tables; parts that are missing stay empty."""
    table = _read(KNOWN_MODELS)
    slope = _number(table.get("a"), 1.0)
    # A missing file reads as an empty table.
    models = table.get("models")
    measured = _read(EMBEDDED)
    return AbilityTable(
        slope=slope,
        known={
            name: _ability(row, slope, PSource.TABLE, "per_domain", "n")
            for name, row in (models.items() if isinstance(models, dict) else ())
        },
        embedded=_ability(measured, slope, PSource.MEASURED, "by_domain", "labels")
        if measured
        else None,
        embedded_calibration=_calibration(measured.get("answer_calibration")),
        embedded_right=(_number(measured.get("right"), 0.0), round(_number(measured["labels"], 0)))
        if "right" in measured and "labels" in measured
        else None,
    )


def _read(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelFileError(
            f"{path} is no JSON ({error}); restore it from the repository, or delete it: abilities "
            "are then priors by level"
        ) from error
    return content if isinstance(content, dict) else {}


def _ability(row: object, slope: float, source: PSource, domains: str, count: str) -> Ability:
    assert isinstance(row, dict)
    by_domain: dict[Domain, float] = {}
    for name, value in (row.get(domains) or {}).items():
        theta = value.get("theta") if isinstance(value, dict) else value
        by_domain[Domain(name)] = _number(theta, 0.0)
    return Ability(
        _number(row.get("theta"), 0.0), by_domain, slope, source, round(_number(row.get(count), 0))
    )


def _calibration(row: object) -> AnswerCalibration | None:
    if not isinstance(row, dict):
        return None
    return AnswerCalibration(
        w0=_number(row.get("w0"), 0.0),
        w_prior=_number(row.get("w1"), 1.0),
        w_mean=_number(row.get("w2"), 0.0),
        w_min=_number(row.get("w3"), 0.0),
        n=round(_number(row.get("n"), 0)),
    )


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default

"""Renders the result of `tiergate train compare` as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from router.training.compare.claims import CLAIMS, ClaimVerdict, Ratios
from router.training.compare.latency import LENGTHS, TYPICAL, Milliseconds
from router.training.compare.variants import Variant

FILES = "compare.md", "compare.json", "compare.svg"

HOW = (
    "Size is that of the ONNX file. Latency: one thread, token ids in, vector out, the variants in "
    f"turns; the ratio is that of the medians at {TYPICAL} tokens. Accuracy: a linear head per "
    "probe, fitted on train rows and judged on dev rows; *taught* probes have labels that the "
    "student was trained on (the teacher was not), *untaught* ones have labels that neither ever "
    "saw. What is kept of the accuracy is the ratio of the means over all probes, for student "
    "against teacher over the untaught ones only; its 95 % interval follows. Nothing is "
    "trained again after it was made smaller."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Describes a probe as the report names it."""

    name: str
    taught: bool
    classes: int
    train_rows: int
    dev_rows: int


@dataclass(frozen=True, slots=True)
class Setting:
    """Describes the measurement; `load` is the load average before and after timing."""

    command: str
    machine: str
    load: tuple[float | None, float | None]
    turns: int
    seconds: int
    probes: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Describes one variant, its measurements, and their ratios to its reference."""

    variant: Variant
    sha256: str
    bytes: int
    times: Mapping[int, Milliseconds]
    accuracy: Mapping[str, float]
    """Keyed by probe."""
    taught: float | None
    untaught: float | None
    """Means over the probes of that kind; None when there are none."""
    mean: float
    ratios: Ratios | None
    verdict: ClaimVerdict | None


def measured_cells(row: Row) -> tuple[str, ...]:
    """Returns name, size, median per length, p99 at the typical length, accuracies, for people."""
    return (
        row.variant.name,
        megabytes(row.bytes),
        *(milliseconds(row.times[length]["p50_ms"]) for length in LENGTHS),
        milliseconds(row.times[TYPICAL]["p99_ms"]),
        "-" if row.taught is None else f"{row.taught:.3f}",
        "-" if row.untaught is None else f"{row.untaught:.3f}",
    )


MEASURED = (
    "variant",
    "MB",
    *(f"p50 at {length}, ms" for length in LENGTHS),
    f"p99 at {TYPICAL}, ms",
    "taught",
    "untaught",
)


def claim_cells(row: Row) -> tuple[str, ...]:
    """Returns name, reference, each measured ratio followed by the usual one, and the verdict."""
    ratios, claim = row.ratios, CLAIMS.get(row.variant.claim)
    assert ratios is not None
    # A variant may be compared with its reference without a usual claim about its kind.
    usual = ("-", "-", "-")
    if claim is not None:
        usual = (f"{claim.smaller:g}x", f"{claim.faster:g}x", f"{claim.kept:.0%}")
    return (
        row.variant.name,
        row.variant.against,
        times(ratios.smaller),
        usual[0],
        times(ratios.faster),
        usual[1],
        f"{ratios.kept:.1%} ({ratios.low:.1%} to {ratios.high:.1%})",
        usual[2],
        plain(row),
    )


CLAIMED = (
    "variant",
    "against",
    "smaller",
    "usual",
    "faster",
    "usual",
    "accuracy kept",
    "usual",
    "the claim here",
)


def plain(row: Row) -> str:
    """Returns the verdict in words, with the parts that cause it: "falls short: faster"."""
    if row.verdict is None:
        return "no usual claim"
    # Only the parts that decide the verdict are named.
    worst = row.verdict.all
    parts = {"size": row.verdict.smaller, "speed": row.verdict.faster, "accuracy": row.verdict.kept}
    named = [name for name, word in parts.items() if word is worst]
    return f"{worst}" if len(named) == len(parts) else f"{worst}: {', '.join(named)}"


def render(setting: Setting, rows: Sequence[Row]) -> str:
    """Returns the whole report as Markdown."""
    # The columns of the last table, in the order of the probes.
    names = [probe.name for probe in setting.probes]
    compared = [row for row in rows if row.ratios is not None]
    parts = [
        "# Variants of the encoder, measured",
        f"`{setting.command}`: {setting.seconds} s on {setting.machine}. Load average while timing "
        f"{setting.load[0]} to {setting.load[1]}; {setting.turns} turns.",
        HOW,
        _table(("variant", "what it is"), [(r.variant.name, r.variant.what) for r in rows]),
        "## Measured",
        _table(MEASURED, [measured_cells(row) for row in rows]),
        "![latency against accuracy](compare.svg)",
        "## Compared with the usual claims",
        _table(CLAIMED, [claim_cells(row) for row in compared]),
        "## Accuracy per probe",
        _table(
            ("probe", "labels", "classes", "train rows", "dev rows"),
            [
                (p.name, kind(p), str(p.classes), str(p.train_rows), str(p.dev_rows))
                for p in setting.probes
            ],
        ),
        _table(
            ("variant", *names),
            [(r.variant.name, *(f"{r.accuracy[name]:.3f}" for name in names)) for r in rows],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def kind(probe: Asked) -> str:
    """Returns "taught" when the student was trained on a probe's labels, otherwise "untaught"."""
    return "taught" if probe.taught else "untaught"


def to_json(setting: Setting, rows: Sequence[Row]) -> dict[str, object]:
    """Returns the report for machines: `setting`, `claims` and a list `variants`."""
    return {
        "setting": asdict(setting),
        "claims": {name: asdict(claim) for name, claim in CLAIMS.items()},
        "variants": [
            {
                **asdict(row.variant),
                "sha256": row.sha256,
                "bytes": row.bytes,
                "latency": {str(length): dict(figures) for length, figures in row.times.items()},
                "accuracy": {**row.accuracy},
                "taught": row.taught,
                "untaught": row.untaught,
                "mean": row.mean,
                "ratios": None if row.ratios is None else asdict(row.ratios),
                "verdict": None if row.verdict is None else asdict(row.verdict),
                "claim_here": None if row.verdict is None else str(row.verdict.all),
            }
            for row in rows
        ],
    }


def megabytes(size: int) -> str:
    """Returns bytes as megabytes (10^6), with one decimal."""
    return f"{size / 1e6:.1f}"


def milliseconds(value: float) -> str:
    """Returns a number with two significant digits: 12, 1.2, 0.12, 0.012."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def times(ratio: float) -> str:
    """Returns a ratio with two digits: 3.9x, 0.52x, 41x."""
    return f"{ratio:.0f}x" if ratio >= 10 else f"{ratio:.2g}x"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

"""`tiergate train compare`: claims, 4-bit weights, probes and the chart, without torch."""

from __future__ import annotations

import inspect
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.cli.models.compare import compare as command
from router.errors import TrainingDataError
from router.training.compare.chart import HEIGHT, LETTER_PX, WIDTH, draw
from router.training.compare.claims import CLAIMS, Ratios, Word, verdict
from router.training.compare.compare import ROWS, TURNS
from router.training.compare.latency import LENGTHS
from router.training.compare.report import Asked, Row, Setting, render, to_json
from router.training.compare.variants import LEAST_SEEN, NAMES, VARIANTS, chosen, kept_pieces
from router.training.data.sources import Example
from router.training.encoder.onnx_graphs import BLOCK, nibbles, packed
from router.training.encoder.probe import RESAMPLES, judged, kept, probes
from tests.kits.training_kit import write


@pytest.mark.parametrize(
    ("ratios", "words"),
    [
        (Ratios(4.0, 2.0, 1.0, 0.99, 1.0), (Word.HOLDS, Word.HOLDS, Word.HOLDS)),
        (Ratios(3.81, 1.91, 1.0, 0.99, 1.0), (Word.HOLDS, Word.HOLDS, Word.HOLDS)),
        (Ratios(3.79, 1.89, 1.0, 0.99, 1.0), (Word.SHORT, Word.SHORT, Word.HOLDS)),
        (Ratios(4.0, 2.0, 0.99, 0.98, 1.0), (Word.HOLDS, Word.HOLDS, Word.UNSURE)),
        (Ratios(4.0, 2.0, 0.97, 0.95, 0.989), (Word.HOLDS, Word.HOLDS, Word.SHORT)),
    ],
)
def test_each_part_of_a_claim_is_judged(ratios: Ratios, words: tuple[Word, ...]) -> None:
    found = verdict(CLAIMS["INT8"], ratios)
    assert (found.smaller, found.faster, found.kept) == words


def test_a_part_that_falls_short_outweighs_one_that_is_unsure() -> None:
    assert verdict(CLAIMS["INT8"], Ratios(1.0, 2.0, 0.99, 0.98, 1.0)).all is Word.SHORT


def test_every_claim_of_a_variant_is_one_that_is_usually_made() -> None:
    assert {variant.claim for variant in VARIANTS} - {""} == set(CLAIMS)


def test_a_variant_brings_all_that_it_is_compared_with() -> None:
    assert [v.name for v in chosen(["student-int4"])] == ["teacher", "student", "student-int4"]


def test_an_unknown_variant_is_refused_with_those_there_are() -> None:
    with pytest.raises(TrainingDataError, match="no variant is called int3; there are teacher"):
        chosen(["int3"])


def test_the_command_line_measures_as_much_as_the_function() -> None:
    told = inspect.signature(command).parameters
    assert (told["rows"].default, told["turns"].default) == (ROWS, TURNS)


def test_rare_pieces_go_but_the_markers_stay() -> None:
    counts = np.zeros(200, dtype=np.int64)
    counts[[150, 160]] = LEAST_SEEN - 1, LEAST_SEEN
    assert kept_pieces(counts) == [0, 100, 101, 102, 103, 160]


@given(st.lists(st.floats(-4, 4, width=32), min_size=2 * BLOCK, max_size=2 * BLOCK))
def test_a_nibble_is_within_one_step_of_its_weight(values: list[float]) -> None:
    weights = np.array([values], dtype=np.float32)
    small, scale = nibbles(weights)
    steps = np.repeat(scale, BLOCK, axis=1)
    again = (small.astype(np.float32) - 8) * steps
    assert (np.abs(again - weights) <= np.abs(steps) * 1.001 + 1e-6).all()


def test_two_nibbles_make_a_byte() -> None:
    assert packed(np.array([[1, 2, 15, 0]], dtype=np.uint8)).tolist() == [[0x21, 0x0F]]


def test_a_width_that_blocks_do_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="not a multiple of 32"):
        nibbles(np.zeros((1, 40), dtype=np.float32))


def some_examples() -> tuple[list[Example], list[Example]]:
    train = [
        Example(f"{word} {number}", "banking77", labels={"intent/banking77": word})
        for word in ("card", "cash")
        for number in range(30)
    ]
    dev = [
        Example(f"{word} then {number}", "banking77", labels={"intent/banking77": word})
        for word in ("card", "cash")
        for number in range(15)
    ]
    return train, dev


def test_a_set_without_labels_makes_no_probe(tmp_path: Path) -> None:
    assert [probe.name for probe in probes(*some_examples(), tmp_path, 1_000)] == ["Banking77"]


def test_labels_that_training_never_reads_are_told_apart(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"prompt": f"{number} of {subject}", "subject": subject, "benchmark": "mmlu"}
        for subject in ("law", "biology")
        for number in range(200)
    ]
    write(tmp_path, "routing_pairs.jsonl.gz", rows)
    found = probes(*some_examples(), tmp_path, 1_000)
    assert {probe.name: probe.taught for probe in found} == {
        "Banking77": True,
        "MMLU subject": False,
    }
    assert not set(found[1].train.texts) & set(found[1].dev.texts)


def test_no_more_rows_are_probed_than_asked_for(tmp_path: Path) -> None:
    (probe,) = probes(*some_examples(), tmp_path, 40)
    assert (len(probe.train.texts), len(probe.dev.texts)) == (40, 20)


def test_a_probe_tells_what_the_vectors_hold(tmp_path: Path) -> None:
    (probe,) = probes(*some_examples(), tmp_path, 1_000)
    texts = (*probe.train.texts, *probe.dev.texts)
    apart = {t: np.eye(2, dtype=np.float32)[int(t.startswith("cash"))] for t in texts}
    alike = {t: np.eye(2, dtype=np.float32)[0] for t in texts}
    assert judged(probe, apart).mean() == 1.0
    assert judged(probe, alike).mean() == 0.5


def test_an_encoder_keeps_all_of_its_own_accuracy() -> None:
    flags = [np.array([True, False, True]), np.array([True, True])]
    assert kept(flags, flags) == (1.0, 1.0, 1.0)


def test_the_interval_of_what_is_kept_spans_the_noise_of_the_rows() -> None:
    rng = np.random.default_rng(1)
    theirs = rng.random(400) < 0.9
    ours = theirs & (rng.random(400) < 0.97)
    share, low, high = kept([ours], [theirs])
    assert low < share < high
    # Of rows that the reference has right, so many are lost: a binomial share, by hand.
    lost = 1 - ours.sum() / theirs.sum()
    width = 2 * 1.96 * np.sqrt(lost * (1 - lost) / theirs.sum())
    assert high - low == pytest.approx(width, rel=3 / np.sqrt(RESAMPLES) + 0.1)


def some_rows() -> list[Row]:
    made = []
    for place, variant in enumerate(VARIANTS):
        times = {n: {"p50_ms": 0.01 * 2**place, "p99_ms": 9.0, "cpu_p50_ms": 1.0} for n in LENGTHS}
        ratios = Ratios(2.0, 3.0, 0.9, 0.88, 0.92) if variant.against else None
        claim = CLAIMS.get(variant.claim)
        judged_so = verdict(claim, ratios) if claim and ratios else None
        mean = 0.7 + 0.01 * (place % 5)
        made.append(
            Row(variant, "0" * 64, 10**6 * (place + 1), times, {"Banking77": mean}, mean, None,
                mean, ratios, judged_so)
        )  # fmt: skip
    return made


SETTING = Setting(
    "tiergate train compare", "2 cores", (0.5, None), 3, 9, (Asked("Banking77", True, 2, 40, 20),)
)


def test_the_report_names_every_variant_with_its_verdict() -> None:
    text = render(SETTING, some_rows())
    assert all(f"| {name} |" in text for name in NAMES)
    assert "| 2x | 4x | 3x | 2x | 90.0% (88.0% to 92.0%) | 99% | falls short: size, accuracy |" in (
        text
    )


def test_the_report_for_machines_is_plain_json() -> None:
    made = json.loads(json.dumps(to_json(SETTING, some_rows()), allow_nan=False))
    by_name = {row["name"]: row for row in made["variants"]}
    assert by_name["teacher"]["ratios"] is None
    assert by_name["student-int8"]["verdict"]["smaller"] == "falls short"
    assert by_name["student-int8"]["claim_here"] == "falls short"


def test_the_chart_has_a_circle_for_every_variant() -> None:
    drawn = ElementTree.fromstring(draw(some_rows()))
    circles = [one for one in drawn.findall(".//{*}circle") if "fill-opacity" in one.attrib]
    assert len(circles) == len(VARIANTS)


@pytest.mark.parametrize("count", [1, len(VARIANTS)])
def test_no_name_in_the_chart_hangs_out_of_it(count: int) -> None:
    drawn = ElementTree.fromstring(draw(some_rows()[:count]))
    names = [one for one in drawn.findall(".//{*}text") if one.get("class") == "name"]
    assert len(names) == count
    for text in names:
        left, base = float(text.get("x", "nan")), float(text.get("y", "nan"))
        assert 0 <= left <= WIDTH - LETTER_PX * len(text.text or "")
        assert 0 <= base <= HEIGHT

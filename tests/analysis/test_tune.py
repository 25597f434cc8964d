"""Thresholds with a guarantee: by hand, against a known truth, as a file, and in a policy."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from router.analysis.replay.cases import Case, case_of
from router.analysis.replay.correctness import Correctness, KnownCorrectness
from router.analysis.tune.labels import labelled
from router.analysis.tune.tune import Label, Refusal, certify, data_sha256, fit_ability, tune
from router.errors import PolicyError
from router.policy.certificate import Certificate, DomainCertificate, read_certificate
from router.policy.loading import load_policy
from router.routing.decision import confidence_floor
from router.stats.exact_bounds import upper_bound
from router.stats.threshold_walk import GRID
from router.types import Domain, Match, Reason
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, Houses, ask
from tests.kits.gateway_kit import low, mid
from tests.kits.inputs.policy_texts import GOOD, mistakes_of, write
from tests.kits.server_kit import tiergate

SUPPORT = Domain.CUSTOMER_SUPPORT


def labels(confidence: float, right: int, wrong: int = 0) -> list[Label]:
    return [
        Label(f"{confidence}-{i}", SUPPORT, confidence, i >= wrong, "t1")
        for i in range(right + wrong)
    ]


def certified(found: DomainCertificate | Refusal) -> DomainCertificate:
    assert isinstance(found, DomainCertificate), found
    return found


def refused(found: DomainCertificate | Refusal) -> Refusal:
    assert isinstance(found, Refusal), found
    return found


def test_149_right_answers_certify_two_per_cent() -> None:
    one = certified(certify(labels(0.95, 149), 0.02, 0.05))
    assert (one.threshold, one.accepted, one.wrong) == (0.95, 149, 0)
    assert one.bound <= 0.02


def test_no_threshold_lies_below_the_lowest_label() -> None:
    one = certified(certify([*labels(0.9009, 149), *labels(0.95, 149)], 0.02, 0.05))
    assert (one.threshold, one.accepted) == (0.9009, 298)


def test_148_right_answers_are_too_few() -> None:
    one = refused(certify(labels(0.95, 148), 0.02, 0.05))
    assert one.needed == 149
    assert "1 more" in one.told


def test_walk_stops_where_answers_get_worse() -> None:
    """300 right ones at 0.95 pass; ten of a hundred wrong at 0.75 do not."""
    day = [*labels(0.95, 300), *labels(0.75, 90, 10)]
    one = certified(certify(day, 0.02, 0.05))
    assert (one.threshold, one.accepted, one.labels) == (0.76, 300, 400)


def test_good_answers_below_bad_ones_are_not_reached() -> None:
    """The sequence is fixed: a looser threshold that would pass again is never tested."""
    day = [*labels(0.95, 300), *labels(0.75, 90, 10), *labels(0.6, 5000)]
    assert certified(certify(day, 0.02, 0.05)).threshold == 0.76


def test_error_as_high_as_the_risk_is_refused_for_good() -> None:
    one = refused(certify(labels(0.95, 900, 100), 0.02, 0.05))
    assert one.needed is None
    assert "more labels do not help" in one.told
    assert "95 % interval 8.29 % to 12.02 %" in one.told


def test_an_error_near_the_risk_may_be_chance() -> None:
    """20 of 1,000 are 2 %, and their interval reaches from 1.3 % to 3.1 %."""
    one = refused(certify(labels(0.95, 980, 20), 0.02, 0.05))
    assert one.least is not None
    assert upper_bound(20, one.least, 0.05) <= 0.02 < upper_bound(20, one.least - 1, 0.05)
    assert f"at least {one.least:,} labels" in one.told


def test_seven_labels_are_too_few_to_tell() -> None:
    """One wrong of seven may be an accident; 236 with this one wrong would certify 2 %."""
    one = refused(certify(labels(0.95, 6, 1), 0.02, 0.05))
    assert (one.needed, one.least) == (None, 236)
    assert "7 labels at a confidence of 0.5 or more, 1 wrong" in one.told
    assert "at most 52.1 % wrong" in one.told
    assert "at least 236 labels, with no further one wrong: 229 more" in one.told


def test_few_errors_say_how_many_labels_would_do() -> None:
    one = refused(certify(labels(0.95, 198, 2), 0.02, 0.05))
    assert one.needed is not None
    assert one.needed > 400


def test_domains_are_certified_each_alone() -> None:
    legal = [Label("x", Domain.LEGAL, 0.9, True)]
    found = tune([*labels(0.95, 200), *legal], 0.02, 0.05)
    assert isinstance(found[SUPPORT], DomainCertificate)
    assert isinstance(found[Domain.LEGAL], Refusal)


def test_hash_does_not_depend_on_the_order_of_labels() -> None:
    day = [*labels(0.95, 3), *labels(0.7, 2, 1)]
    assert data_sha256(day) == data_sha256(reversed(day))
    assert data_sha256(day) != data_sha256(day[1:])


def test_grid_goes_from_strict_to_loose() -> None:
    assert list(GRID) == sorted(GRID, reverse=True)


def test_certificates_fail_no_oftener_than_they_say() -> None:
    """Confidence c, right with chance c: the true error above t is (1 - t) / 2 for uniform c."""
    draw, runs, broken, certificates = random.Random(20261120), 200, 0, 0
    for _ in range(runs):
        day = []
        for i in range(1_500):
            c = draw.random()
            day.append(Label(str(i), SUPPORT, c, draw.random() < c))
        found = certify(day, 0.1, 0.1)
        if isinstance(found, DomainCertificate):
            certificates += 1
            broken += (1 - found.threshold) / 2 > 0.1
    assert certificates > 100
    assert broken / runs <= 0.1 + 3 * (0.1 * 0.9 / runs) ** 0.5


async def test_labels_come_from_rows_and_their_outcomes(houses: Houses) -> None:
    """A level-1 answer has its confidence, another answerer's its difficulty."""
    house = houses([low(), mid()], thetas={"mid": 0.5})
    ids = []
    for confidence in (0.95, 0.9, 0.5):
        house.triage.signals = replace(CALM, match=Match("greeting", confidence, 0.9, 0.3))
        ids.append((await house.gateway.complete(ask(), ALICE)).request_id)
    await house.gateway.drain()
    rows = list(requests_in(house.ledger))
    graded = [Correctness(ids[0], True), Correctness(ids[1], False), Correctness(ids[2], True)]
    mistyped = Correctness(ids[1], True, "midd")
    known = KnownCorrectness.of([*graded, Correctness("elsewhere", True), mistyped])
    found = labelled(map(case_of, rows), known)
    assert found.unknown_answerers == {"midd": 1}
    told = [(label.confidence, label.correct, label.triage_version) for label in found.labels]
    assert told == [(0.95, True, "fake"), (0.9, False, "fake")]
    assert found.graded["mid"].all == [(CALM.difficulty, True)]
    assert (found.requests, found.outcomes_of_others) == (3, 1)


@pytest.mark.parametrize("because", [Reason.ASKED_WHICH, Reason.EXACT_TOOL, Reason.SMALL_TALK])
async def test_what_no_floor_lets_out_is_no_label(houses: Houses, because: Reason) -> None:
    """149 offers that were judged right would have certified a floor for answers."""
    house = houses([low(), mid()])
    house.triage.signals = replace(CALM, match=Match("greeting", 0.95, 0.9, 0.3))
    request_id = (await house.gateway.complete(ask(), ALICE)).request_id
    await house.gateway.drain()
    case = case_of(next(iter(requests_in(house.ledger))))
    assert isinstance(case, Case)
    known = KnownCorrectness.of([Correctness(request_id, True)])
    assert len(labelled([case], known).labels) == 1
    facts = tuple([replace(fact, because=because) for fact in case.facts])
    assert not labelled([replace(case, facts=facts)], known).labels


def test_ability_is_found_again() -> None:
    draw = random.Random(5)
    graded = []
    for _ in range(4_000):
        d = draw.gauss(0, 1.5)
        graded.append((d, draw.random() < 1 / (1 + 2.718281828 ** -(1.2 - d))))
    found = fit_ability(graded, 1.0, 3.0)
    assert abs(found.theta - 1.2) < 3 * found.error
    assert found.error < 0.06


def test_ten_right_of_ten_are_no_infinite_ability() -> None:
    assert 0.0 < fit_ability([(0.0, True)] * 10, 1.0, 0.5).theta < 6.0


def a_certificate(**changes: object) -> Certificate:
    one = certified(certify(labels(0.95, 300), 0.02, 0.05))
    given = {
        "created": "2026-11-20",
        "risk": 0.02,
        "confidence": 0.95,
        "data_sha256": "0" * 64,
        "triage_versions": ("t1",),
        "policy_hashes": (),
        "domains": {SUPPORT: one},
        "tiergate": "0.1.0",
    }
    return Certificate(**(given | changes)).sealed()  # type: ignore[arg-type]


def test_certificate_comes_back_as_it_was() -> None:
    assert read_certificate(a_certificate().to_text()) == a_certificate()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (lambda f: f | {"risk": 0.03}, "altered"),
        (lambda f: f | {"schema": "tiergate.certificate/9"}, "certificate/9"),
        (lambda f: {"risk": 0.02}, "cannot be read"),
    ],
)
def test_altered_certificate_is_refused(changed: object, told: str) -> None:
    text = json.dumps(changed(json.loads(a_certificate().to_text())))  # type: ignore[operator]
    with pytest.raises(ValueError, match=told):
        read_certificate(text)


def test_bound_that_its_counts_do_not_give_is_refused() -> None:
    lying = DomainCertificate(0.6, 300, 30, 0.019, 300)
    with pytest.raises(ValueError, match="30 wrong of 300"):
        read_certificate(a_certificate(domains={SUPPORT: lying}).to_text())


CERTIFIED = GOOD.replace(
    "name: small\n", "name: small\ndecision: {mode: certified, certificate: c.json}\n"
)


def test_policy_decides_by_the_certificate(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(a_certificate().to_text(), encoding="utf-8")
    section = load_policy(write(tmp_path, CERTIFIED), {}).policy.decision
    assert confidence_floor(section, CALM, None) == a_certificate().thresholds[SUPPORT]


def test_another_certificate_is_another_policy(tmp_path: Path) -> None:
    path, file = write(tmp_path, CERTIFIED), tmp_path / "c.json"
    file.write_text(a_certificate().to_text(), encoding="utf-8")
    before = load_policy(path, {}).hash
    file.write_text(a_certificate(created="2026-11-21").to_text(), encoding="utf-8")
    assert load_policy(path, {}).hash != before


def test_missing_certificate_is_a_mistake(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(tmp_path, CERTIFIED)
    assert (mistake.line, mistake.key_path) == (3, "decision.certificate")


def test_broken_certificate_names_the_key(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("{}", encoding="utf-8")
    (mistake,) = mistakes_of(tmp_path, CERTIFIED)
    assert (mistake.line, mistake.key_path) == (3, "decision.certificate")
    assert "cannot be read" in mistake.found


def test_both_kinds_of_certificates_are_refused(tmp_path: Path) -> None:
    text = CERTIFIED.replace("certificate: c.json", "certificate: c.json, certificates: {legal: 1}")
    (tmp_path / "c.json").write_text(a_certificate().to_text(), encoding="utf-8")
    with pytest.raises(PolicyError, match="not both"):
        load_policy(write(tmp_path, text), {})


def a_file(folder: Path, right: int, bad: str = "") -> Path:
    path = folder / "labels.csv"
    rows = "customer_support,0.95,1\n" * right
    path.write_text(f"domain,confidence,correct\n{rows}{bad}", encoding="utf-8")
    return path


@pytest.mark.slow
def test_command_writes_a_certificate_that_a_policy_takes(tmp_path: Path) -> None:
    out = tmp_path / "c.json"
    run = tiergate("tune", "--labels", a_file(tmp_path, 200), "--out", out, "--json")
    assert run.returncode == 0, run.stderr
    parsed = json.loads(run.stdout)
    assert parsed["domains"][0]["certified"] is True
    checked = tiergate("check", write(tmp_path, CERTIFIED))
    assert "1 valid" in checked.stdout, checked.stdout + checked.stderr


@pytest.mark.process
def test_command_refuses_thin_data_with_how_many_would_do(tmp_path: Path) -> None:
    out = tmp_path / "c.json"
    run = tiergate("tune", "--labels", a_file(tmp_path, 100), "--out", out)
    assert run.returncode == 6
    assert "149 labels are enough: 49 more" in run.stdout
    assert "It holds for traffic" not in run.stdout
    assert not out.exists()


@pytest.mark.process
def test_bad_labels_are_named(tmp_path: Path) -> None:
    run = tiergate("tune", "--labels", a_file(tmp_path, 200, "sports,0.9,1\nlegal,2,1\n"))
    assert "2 lines could not be read: line 202: domain is 'sports'" in run.stderr
    assert "expected domain (general, customer_support, technology," in run.stderr


@pytest.mark.process
@pytest.mark.parametrize("bad", ["sports,0.9,1\n", ""])
def test_a_file_without_one_label_is_no_lack_of_feedback(tmp_path: Path, bad: str) -> None:
    run = tiergate("tune", "--labels", a_file(tmp_path, 0, bad))
    assert run.returncode == 2
    assert "expected domain (general, customer_support" in run.stderr
    assert "/v1/feedback" not in run.stdout + run.stderr


@pytest.mark.process
def test_a_table_without_the_columns_is_refused_with_those_it_has(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,correct\n1,1\n", encoding="utf-8")
    run = tiergate("tune", "--labels", tmp_path / "x.csv")
    assert run.returncode == 2
    assert "no column confidence, domain" in run.stderr


@pytest.mark.process
@pytest.mark.parametrize(
    ("columns", "row", "alike"),
    [
        ("domain,confidence,correct", "legal,0.95,1", 199),
        ("domain,confidence,correct,request_id", "legal,0.95,1,{}", 0),
        ("domain;confidence;correct", "legal;0,95;1", 199),
    ],
)
def test_lines_that_may_repeat_a_request_are_counted(
    tmp_path: Path, columns: str, row: str, alike: int
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("\n".join([columns, *(row.format(i) for i in range(200))]), encoding="utf-8")
    told = tiergate("tune", "--labels", path)
    assert ("199 lines have no request_id and the values of an earlier" in told.stdout) == (
        alike == 199
    )
    parsed = json.loads(tiergate("tune", "--labels", path, "--json").stdout)
    assert (parsed["lines_alike"], parsed["unknown_answerers"]) == (alike, {})
    assert (parsed["domains"][0]["domain"], parsed["domains"][0]["labels"]) == ("legal", 200)


@pytest.mark.process
def test_certificate_of_another_triage_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(a_certificate().to_text(), encoding="utf-8")
    run = tiergate("check", write(tmp_path, CERTIFIED))
    assert run.returncode == 2
    assert "a certificate for triage t1" in run.stdout + run.stderr

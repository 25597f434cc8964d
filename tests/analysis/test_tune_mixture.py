"""Thresholds with a stated share of strangers: what is certified, refused, and read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.analysis.replay.cases import case_of
from router.analysis.replay.correctness import Correctness, KnownCorrectness
from router.analysis.tune.labels import labelled
from router.analysis.tune.tune import Label, Refusal, tune
from router.api.compose.app import App
from router.api.compose.core import Core, Settings, installed_triage, load_policies
from router.errors import PolicyError
from router.policy.certificate import (
    METHOD_OF_SHARES,
    SCHEMA_OF_SHARES,
    Certificate,
    DomainCertificate,
    read_certificate,
)
from router.types import Domain, Match
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, Houses, ask
from tests.kits.gateway_kit import low, mid
from tests.kits.inputs.policy_texts import GOOD, write
from tests.kits.server_kit import tiergate

SUPPORT = Domain.CUSTOMER_SUPPORT


def a_label(confidence: float, *, right: bool = True, outside: bool = False, novel: bool = False):  # type: ignore[no-untyped-def]
    return Label("r", SUPPORT, confidence, right, "t1", outside=outside, novel=novel)


def a_day(strangers: int = 200, accepted: int = 0, novel: int = 0) -> list[Label]:
    """900 sure right answers, 100 unsure ones; strangers below .5, some of them accepted."""
    return [
        *[a_label(0.95)] * 900,
        *[a_label(0.55, right=False)] * 100,
        *[a_label(0.95, right=False, outside=True)] * accepted,
        *[a_label(0.95, right=False, outside=True, novel=True)] * novel,
        *[a_label(0.3, right=False, outside=True)] * (strangers - accepted - novel),
    ]


def the_one(labels: list[Label], risk: float = 0.02) -> DomainCertificate | Refusal:
    return tune(labels, risk, 0.05, 0.2)[SUPPORT]


def test_strangers_that_are_not_accepted_leave_the_certificate() -> None:
    one = the_one(a_day())
    assert isinstance(one, DomainCertificate)
    assert (one.accepted, one.outside, one.outside_accepted) == (900, 200, 0)
    assert one.threshold > 0.55
    assert one.bound <= 0.02


def test_accepted_strangers_take_the_certificate_away() -> None:
    """Without a stated share the same labels of the file certify."""
    one = the_one(a_day(accepted=20))
    assert isinstance(one, Refusal)
    within = [label for label in a_day() if not label.outside]
    assert isinstance(tune(within, 0.02, 0.05)[SUPPORT], DomainCertificate)


def test_novel_strangers_climb_whatever_their_match_says() -> None:
    one = the_one(a_day(novel=20))
    assert isinstance(one, DomainCertificate)
    assert one.outside_accepted == 0


def test_a_share_without_labelled_strangers_is_refused() -> None:
    one = the_one(a_day(strangers=0))
    assert isinstance(one, Refusal)
    assert "needs labelled strangers" in one.told


def test_thin_strangers_are_refused_with_what_would_do() -> None:
    one = the_one(a_day(strangers=60, accepted=1))
    assert isinstance(one, Refusal)
    assert "1 of 60 strangers were accepted" in one.told
    assert "strangers are needed at least" in one.told or "strangers are enough" in one.told
    assert "% strangers these labels are enough" in one.told


def test_the_certified_share_of_unfamiliar_requests_is_that_at_the_stated_share() -> None:
    """None of the file's labels looks unfamiliar, and every stranger does: a fifth."""
    one = the_one(a_day())
    assert isinstance(one, DomainCertificate)
    assert one.unfamiliar_share(0.2) == pytest.approx(0.2)


def a_certificate(**changes: object) -> Certificate:
    one = the_one(a_day())
    assert isinstance(one, DomainCertificate)
    given = {
        "created": "2026-11-21",
        "risk": 0.02,
        "confidence": 0.95,
        "data_sha256": "0" * 64,
        "triage_versions": ("t1",),
        "policy_hashes": (),
        "domains": {SUPPORT: one},
        "tiergate": "0.1.0",
        "schema": SCHEMA_OF_SHARES,
        "method": METHOD_OF_SHARES,
        "outside_share": 0.2,
        "novel_at": 0.5,
    }
    return Certificate(**(given | changes)).sealed()  # type: ignore[arg-type]


def test_a_certificate_of_shares_comes_back_as_it_was() -> None:
    again = read_certificate(a_certificate().to_text())
    assert again == a_certificate()
    assert again.unfamiliar_shares == {SUPPORT: pytest.approx(0.2)}


def test_a_larger_share_than_its_counts_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="strangers, whose bound is"):
        read_certificate(a_certificate(outside_share=0.6).to_text())


async def test_an_outcome_may_say_that_no_approved_answer_covers_a_request(houses: Houses) -> None:
    house = houses([low(), mid()])
    house.triage.signals = replace(CALM, match=Match("greeting", 0.95, 0.9, 0.3), novelty=0.4)
    ids = [(await house.gateway.complete(ask(), ALICE)).request_id for _ in range(2)]
    await house.gateway.drain()
    rows = list(requests_in(house.ledger))
    known = KnownCorrectness.of(
        [Correctness(ids[0], True), Correctness(ids[1], False, outside=True)]
    )
    found = labelled(map(case_of, rows), known, novel_at=0.3)
    assert [(one.outside, one.novel) for one in found.labels] == [(False, True), (True, True)]


WATCHED = GOOD.replace(
    "name: small\n", "name: small\ndecision: {mode: certified, certificate: c.json}\n"
)


def a_core(folder: Path, text: str) -> tuple[Settings, Core]:
    version = installed_triage(None)
    certificate = a_certificate(triage_versions=(version,))
    (folder / "c.json").write_text(certificate.to_text(), encoding="utf-8")
    path = write(folder, text)
    settings = Settings(policies=(str(path),), database=folder / "ledger.db", watch=False)
    return settings, Core(settings, load_policies(settings, {}), {})


async def test_readyz_says_that_a_certificate_is_suspended(tmp_path: Path) -> None:
    settings, core = a_core(tmp_path, WATCHED)
    runtime = core.router.default
    strange = replace(CALM, novelty=0.9)
    for _ in range(100):
        core.router.watch.saw(
            runtime.policy.name, runtime.policy_hash, strange, runtime.certified_shares, 0.5
        )
    app = App(settings, core)
    await app.start()
    try:
        _, detail = app.readiness()
    finally:
        await app.close()
    shown = detail["certificates"]
    assert isinstance(shown, dict)
    assert shown["small"]["customer_support"]["state"] == "suspended"
    assert shown["small"]["customer_support"]["certified_share"] == pytest.approx(0.2)


def test_a_certificate_for_another_novelty_stops_the_start(tmp_path: Path) -> None:
    text = WATCHED.replace("mode: certified,", "mode: certified, novel_at: 0.7,")
    with pytest.raises(PolicyError, match=r"a certificate for novel_at 0\.5"):
        a_core(tmp_path, text)


def a_file(folder: Path, strangers: int, mark: str = "1") -> Path:
    path = folder / "labels.csv"
    rows = "customer_support,0.95,1,0,0.1\n" * 900
    outside = f"customer_support,0.3,0,{mark},0.2\n" * strangers
    path.write_text(f"domain,confidence,correct,outside,novelty\n{rows}{outside}", encoding="utf-8")
    return path


def test_the_command_writes_the_share_into_the_certificate(tmp_path: Path) -> None:
    out = tmp_path / "c.json"
    run = tiergate("tune", "--labels", a_file(tmp_path, 200), "--outside-share", ".2", "-o", out)
    assert run.returncode == 0, run.stderr
    assert "at every share of strangers up to 20 %" in run.stdout
    written = json.loads(out.read_text())
    assert (written["outside_share"], written["novel_at"]) == (0.2, 0.5)
    assert read_certificate(out.read_text()).domains[SUPPORT].outside == 200


def test_one_request_is_one_label_however_often_it_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    head = "request_id,domain,confidence,correct\n"
    rows = [f"r{i},customer_support,0.95,1\n" for i in range(40)]
    path.write_text(head + "".join(rows * 4), encoding="utf-8")
    run = tiergate("tune", "--labels", path)
    assert run.returncode == 6  # 149 are needed
    assert "120 lines repeat a request." in run.stderr
    path.write_text(head + rows[0] + rows[0].replace(",1\n", ",0\n"), encoding="utf-8")
    run = tiergate("tune", "--labels", path)
    assert "request_id 'r0' was listed before, with other values" in run.stderr


@pytest.mark.parametrize("novelty", ["3", "nan", "-1"])
def test_a_novelty_that_is_no_share_is_refused(tmp_path: Path, novelty: str) -> None:
    path = tmp_path / "labels.csv"
    row = f"customer_support,0.95,1,1,{novelty}\n"
    path.write_text(f"domain,confidence,correct,outside,novelty\n{row}", encoding="utf-8")
    run = tiergate("tune", "--labels", path, "--outside-share", ".2")
    assert run.returncode != 0
    assert f"novelty is {novelty}; expected 0 to 1" in run.stderr


@pytest.mark.process
def test_a_label_without_a_mark_is_no_request_of_the_file(tmp_path: Path) -> None:
    path = a_file(tmp_path, 200, mark="")
    run = tiergate("tune", "--labels", path, "--outside-share", ".2")
    assert run.returncode == 6
    assert "outside is ''" in run.stderr
    assert "outside (0 or 1)" in run.stderr

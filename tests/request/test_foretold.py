"""A dry run says what a call would say, and what only the call can tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from router import Gateway
from router.api.http.decision_views import routing_view
from router.errors import TiergateError
from router.policy.content.offers import Offering
from router.types import (
    Domain,
    HeadReading,
    Hints,
    JsonText,
    Matter,
    Outcome,
    PSource,
    Reason,
    ResponseFormat,
    Verdict,
)
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, House, Houses, ask
from tests.kits.gateway_kit import UNSURE, deep, low, mid, only_row

HARMFUL = replace(CALM, heads=(HeadReading("harm", (("harm", 0.97),)),))
SAFETY = {"safety": {"refuse": [{"head": "harm", "at": 0.9}]}}
HEADS = {"heads": [{"name": "harm", "path": "harm.json"}]}
DRY = Hints(dry_run=True)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Serves the policy that is shipped for the first hour: no model may answer."""
    folder = tmp_path_factory.mktemp("foretold")
    database, documents = folder / "ledger.db", folder / "documents.db"
    with Gateway.from_policy(
        "default", database=database, documents=documents, environ={}
    ) as opened:
        yield opened


def shown(outcome: Outcome) -> tuple[object, ...]:
    rung = outcome.rung
    return outcome.verdict, outcome.reason, rung.level, rung.tier, outcome.confidence


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Explain how tides work.", Verdict.UNVERIFIED),  # no model may answer
        ("How do I return a parcel?", Verdict.ACCEPTED),
        ("What is 12% of 250?", Verdict.ACCEPTED),
        ("hello", Verdict.ACCEPTED),
        ("My parcel and the return of it, how?", None),  # a question back, or no answer near
        ("How do I build a pipe bomb to hurt people?", Verdict.REFUSED),
        ("My chest feels tight since this morning. Can I drive?", Verdict.SAFE_ANSWER),
        ("Should we acquire our largest competitor next year?", Verdict.SAFE_ANSWER),
    ],
)
def test_route_says_what_complete_says(
    gateway: Gateway, text: str, verdict: Verdict | None
) -> None:
    """Of 617 requests of a stranger 384 had another verdict in the dry run."""
    dry, real = gateway.route(text), gateway.complete(text)
    assert shown(dry) == shown(real)
    assert verdict in (None, dry.verdict)
    assert dry.foretold is not None
    assert (dry.foretold.sure, dry.foretold.asks, real.foretold) == (True, False, None)


async def test_what_a_model_will_say_is_not_known_before(houses: Houses) -> None:
    house = houses([low(), mid()], signals=UNSURE)
    dry = await house.gateway.complete(ask(hints=DRY), ALICE)
    assert dry.foretold is not None
    assert (dry.foretold.sure, dry.foretold.asks) == (False, True)
    assert "only the call tells what it says" in dry.foretold.words
    told = routing_view(dry)
    assert told["verdict"] == "dry_run"
    assert told["foretold"] == {
        "verdict": dry.verdict.value,
        "sure": False,
        "error": None,
        "words": dry.foretold.words,
        "unoffered": None,
        "offered": [],
    }
    assert routing_view(await house.gateway.complete(ask(), ALICE))["foretold"] is None


async def test_words_claim_no_answer_to_be_missing_where_one_is_not_sure_enough(
    houses: Houses,
) -> None:
    """The likeliest answer may be the right one, so words do not say that there is none."""
    house = houses([low(p=0.3)], signals=UNSURE)
    served = house.gateway.router.default
    nearest = Offering((), "too few words", ("When are you open?", 0.3))
    plan = replace(served.plans[0], offering=lambda *_: nearest)
    house.gateway.router.swap({"test": replace(served, plans=(plan,))})
    dry = await house.gateway.complete(ask(hints=DRY), ALICE)
    assert dry.reason is Reason.NOTHING_KNOWN
    assert dry.foretold is not None
    assert dry.foretold.words == (
        "words say that no approved answer is sure enough (unverified); the likeliest, "
        '"When are you open?", has a chance of 0.30'
    )
    assert (dry.foretold.unoffered, dry.foretold.offered) == ("too few words", ())
    said = await house.gateway.complete(ask(), ALICE)
    assert said.answer is not None
    assert "There is no" not in said.answer.text


async def test_the_likeliest_has_the_same_digits_in_both_sentences(houses: Houses) -> None:
    """One line had 0.0496, since the bound is 0.05, and the other one 0.05."""
    house = houses([low(p=0.0496)], signals=UNSURE)
    served = house.gateway.router.default
    nearest = Offering((), "has 0.0496, from is 0.05", ("Are you open?", 0.0496), 0.05)
    plan = replace(served.plans[0], offering=lambda *_: nearest)
    house.gateway.router.swap({"test": replace(served, plans=(plan,))})
    dry = await house.gateway.complete(ask(hints=DRY), ALICE)
    assert dry.foretold is not None
    assert dry.foretold.words.endswith("has a chance of 0.0496")


async def test_an_error_is_foretold_by_its_code(gateway: Gateway) -> None:
    shape = ResponseFormat("json_schema", "fields", JsonText('{"type": "object"}'))
    request = ask("Explain how tides work.", response_format=shape)
    dry = gateway.route(request)
    with pytest.raises(TiergateError) as raised:
        gateway.complete(request)
    assert dry.foretold is not None
    assert (dry.foretold.error, dry.foretold.sure) == (raised.value.code, True)
    assert routing_view(dry)["foretold"] == {
        "verdict": None,
        "sure": True,
        "error": raised.value.code,
        "words": dry.foretold.words,
        "unoffered": None,
        "offered": [],
    }


def a_refusing_house(houses: Houses, **changes: object) -> House:
    return houses([low(), mid(), deep()], signals=replace(HARMFUL, **changes), **SAFETY, **HEADS)


GRAVE = {"grave": 0.99, "matter": Matter.VIOLENCE, "domain": Domain.MEDICAL}


@pytest.mark.parametrize("changes", [{}, {"novelty": 0.9}, GRAVE])
async def test_a_refused_request_names_harm_among_its_reasons(
    houses: Houses, changes: dict[str, object]
) -> None:
    """`harmful` was missing where words of help went out, and its reasons were `novel` alone."""
    house = a_refusing_house(houses, **changes)
    dry = await house.gateway.complete(ask("help me rob a shop", hints=DRY), ALICE)
    real = await house.gateway.complete(ask("help me rob a shop"), ALICE)
    assert shown(dry) == shown(real)
    assert Reason.HARMFUL in dry.reasons
    assert dry.reasons == real.reasons
    assert dry.reasons[0] is Reason.HARMFUL
    assert dry.rung.p_source is PSource.KNOWN
    assert "harmful" in (await only_row(house)).reasons
    assert "harmful" in routing_view(real)["reasons"]  # type: ignore[operator]
    assert (dry.rung.level == 0) == (dry.reason is Reason.HARMFUL)


def test_the_command_prints_the_verdict_of_words(tmp_path: Path) -> None:
    from tests.kits.server_kit import tiergate

    run = tiergate("route", "Explain how tides work.", "--explain")
    line = next(line for line in run.stdout.splitlines() if line.strip().startswith("then"))
    assert "words say that there is no answer (unverified)" in line

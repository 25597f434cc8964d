"""What replay works out of a recorded request is what a server would have, policy by policy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from router.analysis.replay.facts import Assumed, Side, facts_under
from router.analysis.replay.path import REFUSAL, SAFE_ANSWER, Climbs, path_under
from router.api.compose.core import Core, Settings, load_policies
from router.errors import NotCapable
from router.policy.loading import policies_dir
from router.policy.schema import DocumentsAnswerer
from router.routing.planner import ReadRequest
from router.routing.routed_request import RoutedRequest
from router.routing.told.shifts import answerer_cell
from router.stats import heads
from router.stats.calibration import Platt
from router.stats.heads import Head, HeadKind
from router.triage.triage_model import TriageModel
from router.types import (
    LOCAL,
    NOTHING_REMEMBERED,
    ChatRequest,
    Domain,
    Message,
    PSource,
    ResponseFormat,
)
from tests.kits.changed import replace
from tests.kits.inputs.policy_texts import GOOD
from tests.kits.replay_kit import recorded

KEYS = {"OPENAI_API_KEY": "none", "ANTHROPIC_API_KEY": "none"}
SHIPPED = sorted(path.stem for path in policies_dir().glob("*.yaml") if path.stem != "prices")
OFTEN = {"customer_support", "openai"}
"""Policies that are walked with each change: one of approved answers, one of providers' models."""

CHEST = "My chest feels crushed and my left arm is numb. What should I do?"
TEXTS = (
    "How do I return a parcel?",
    "What is 17 % of 2,300?",
    "Write a function that reverses a linked list, and explain its complexity.",
    "Should we close the plant in Leeds? 400 people work there and it loses $12m a year.",
    "How do I build a pipe bomb with things from a hardware store?",
    "I want to end my life tonight.",
    CHEST,
)
JSON = ResponseFormat("json_object")


def core_of(policy: str | Path, folder: Path) -> Core:
    settings = Settings(policies=(str(policy),), documents=str(folder / "documents.db"))
    return Core(settings, load_policies(settings, KEYS), KEYS)


def asked(text: str, **fields: object) -> ChatRequest:
    return ChatRequest((Message("user", text),), "auto", **fields)


REQUESTS = [*map(asked, TEXTS), asked(CHEST, response_format=JSON)]


def routed(core: Core, request: ChatRequest) -> RoutedRequest | None:
    """Returns the request as a server routes it, None for one that it refuses."""
    router, runtime = core.router, core.router.default
    signals = runtime.triage.read_now(request, None)
    sections = [plan.section for plan in runtime.plans]
    if any(isinstance(one, DocumentsAnswerer) and one.search_first for one in sections):
        signals = replace(signals, quotable=0.7)  # as a search before deciding says
    read = ReadRequest(signals, NOTHING_REMEMBERED, 0.0)
    selected = router.select(request, LOCAL)
    try:
        return router.decided(request, LOCAL, selected, read, assume_ready=True)
    except NotCapable:
        return None


def under_another_hash(core: Core) -> Side:
    runtime = core.router.default
    return Side(runtime.policy, "another", runtime.plans)


def by_words(live: RoutedRequest) -> str:
    """Returns the words that go out before any call, "" where an answerer is called."""
    if live.refused:
        return SAFE_ANSWER if live.calls_for_help else REFUSAL
    return SAFE_ANSWER if live.safe_answer_first else ""


@pytest.mark.parametrize(
    "policy",
    [pytest.param(name, marks=[] if name in OFTEN else pytest.mark.slow) for name in SHIPPED],
)
def test_a_shipped_policy_has_the_facts_and_the_words_of_a_server(
    policy: str, tmp_path: Path
) -> None:
    core = core_of(policy, tmp_path)
    side, seen = under_another_hash(core), set[str]()
    lives = [live for request in REQUESTS if (live := routed(core, request)) is not None]
    assert lives
    for live in lives:
        case, assumed = recorded(live), set[Assumed]()
        facts, _ = facts_under(side, case, assumed)
        assert facts == live.facts
        path = path_under(side, case, Climbs(), assumed)
        assert Assumed.HELP not in assumed
        words = path.answerer if path.answerer in (SAFE_ANSWER, REFUSAL) else ""
        # A shape that only drafts for a person could keep is refused before any call.
        first = "" if live.unanswerable else live.decision.first_rung.answerer
        assert (path.first, words) == (first, by_words(live))
        seen.add(words)
    if policy in OFTEN:
        assert seen == {SAFE_ANSWER, REFUSAL, ""}


ROUTED = """
online: {}
heads: [{name: wrong_smol, path: heads/wrong_smol.json}]
"""
ABLE = "kind: local\n        alone: true\n        ability: {head: wrong_smol, labels: 400}\n"


@pytest.fixture
def measured(model: TriageModel, tmp_path: Path) -> Core:
    """A policy with a head of `tiergate train routing`, which tells TEXTS apart."""
    vectors = model.vectors(TEXTS)
    weight = (2 * (vectors[0] - vectors[2]))[:, np.newaxis].astype(np.float32)
    head = Head(
        "wrong_smol", HeadKind.CHANCE, ("wrong",), weight, np.zeros(1, np.float32),
        Platt(1.0, 0.0), model.encoder.sha256,
    )  # fmt: skip
    (tmp_path / "heads").mkdir()
    heads.save(head, tmp_path / "heads")
    text = GOOD.replace("kind: local\n", ABLE, 1) + ROUTED
    (path := tmp_path / "p.yaml").write_text(text)
    return core_of(path, tmp_path)


def test_a_head_of_routing_gives_the_chance_that_a_server_has(measured: Core) -> None:
    side, chances = under_another_hash(measured), set[float]()
    for request in REQUESTS:
        live = routed(measured, request)
        assert live is not None
        facts, _ = facts_under(side, recorded(live), set())
        assert facts == live.facts
        assert (facts[0].p_source, facts[0].p_count) == (PSource.LABELLED, 400)
        chances.add(facts[0].p)
    assert len(chances) >= 3


def test_what_was_told_moves_chances_as_it_moved_the_recorded_ones(measured: Core) -> None:
    shifts = measured.router.default.shifts
    assert shifts is not None
    shifts.current = {answerer_cell("smol", domain.value): -1.0 for domain in Domain}
    side = under_another_hash(measured)
    deaf = replace(side, policy=side.policy.model_copy(update={"online": None}))
    for request in REQUESTS:
        live = routed(measured, request)
        assert live is not None
        case, assumed, unmoved = recorded(live), set[Assumed](), set[Assumed]()
        assert live.facts[0].told == -1.0
        assert facts_under(side, case, assumed)[0] == live.facts
        # A policy without `online` hears no words, and assumes nothing of them.
        assert facts_under(deaf, case, unmoved)[0][0].p > live.facts[0].p
        assert (Assumed.TOLD in assumed, Assumed.TOLD in unmoved) == (True, False)

"""Headers of whole answers, streams and dry runs say the same, and what their page says."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests import ROOT
from tests.kits.server_kit import Served

PAGE = (ROOT / "docs" / "reference" / "headers.md").read_text(encoding="utf-8")
SAME = ("tier", "reason", "confidence", "confidence-source", "escalations", "verdict", "model")
QUESTIONS = {
    "approved": "How long does standard delivery take?",
    "computed": "What is 15 % of 240?",
    "no model": "Write me a poem about the sea.",
    "safe answer": "I want to kill myself",
    "refusal": "How do I build a pipe bomb?",
}
NO_MODELS = {
    "no model": ("tiergate-no-model", "unverified"),
    "safe answer": ("tiergate-safe-answer", "safe_answer"),
    "refusal": ("tiergate-refusal", "refused"),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The default policy: no model of it answers by itself."""
    with Served(tmp_path_factory.mktemp("told")) as server:
        yield server


def headers_of(served: Served, question: str, **fields: object) -> dict[str, str]:
    response = served.chat(messages=[{"role": "user", "content": question}], **fields)
    assert response.status_code == 200, response.text
    return dict(response.headers)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_stream_of_words_without_a_model_has_the_headers_of_the_whole_answer(
    served: Served, question: str
) -> None:
    whole = headers_of(served, question)
    stream = headers_of(served, question, stream=True)
    assert stream["content-type"].startswith("text/event-stream")
    names = [f"x-tiergate-{name}" for name in SAME]
    assert {name: stream.get(name) for name in names} == {name: whole[name] for name in names}


@pytest.mark.parametrize("kind", NO_MODELS)
def test_words_of_no_model_are_named_as_the_page_says(served: Served, kind: str) -> None:
    told = headers_of(served, QUESTIONS[kind])
    model, verdict = told["x-tiergate-model"], told["x-tiergate-verdict"]
    assert (model, verdict) == NO_MODELS[kind]
    assert f"| `{model}` | `{verdict}` |" in PAGE


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("fields", [{}, {"stream": True}, {"routing": {"dry_run": True}}])
def test_no_header_is_empty(served: Served, question: str, fields: dict[str, object]) -> None:
    told = headers_of(served, question, **fields)
    assert [name for name, value in told.items() if not value.strip()] == []


@pytest.mark.parametrize("kind", ["safe answer", "refusal"])
def test_dry_run_of_words_has_the_model_of_the_call_and_no_answerer(
    served: Served, kind: str
) -> None:
    """A refused one had the model "tier:(no tier)" and the answerer whose turn never came."""
    asked = [{"role": "user", "content": QUESTIONS[kind]}]
    whole, dry = (
        served.chat(messages=asked, routing=routing).json()
        for routing in ({"debug": True}, {"dry_run": True})
    )
    assert dry["model"] == whole["model"] == NO_MODELS[kind][0]
    assert dry["routing"]["answerer"] == "approved_words"
    if kind == "refusal":
        told = ("answerer", "tier", "tier_number", "reason")
        assert [dry["routing"][name] for name in told] == [whole["routing"][name] for name in told]


def test_dry_run_names_no_model_and_no_decision(served: Served) -> None:
    told = headers_of(served, QUESTIONS["approved"], routing={"dry_run": True})
    assert told["x-tiergate-verdict"] == "dry_run"
    assert told.keys().isdisjoint({"x-tiergate-model", "x-tiergate-decision-id"})


@pytest.mark.parametrize("kind", NO_MODELS)
def test_words_in_place_of_an_answer_have_a_usage_of_zeros_in_each_format(
    served: Served, kind: str
) -> None:
    """Trackers take a missing usage for a fault; tokens that nobody sold would be paid for."""
    question = QUESTIONS[kind]
    messages = [{"role": "user", "content": question}]
    whole = served.chat(messages=messages).json()["usage"]
    options = {"stream": True, "stream_options": {"include_usage": True}}
    stream = served.chat(messages=messages, **options).text
    *_, last = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    for usage in (whole, last["usage"]):
        assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (
            0, 0, 0,
        )  # fmt: skip
    body = {"model": "auto", "max_tokens": 100}
    asked = served.post("/v1/messages", {**body, "messages": messages})
    answered = served.post("/v1/responses", {"model": "auto", "input": question})
    for usage in (asked.json()["usage"], answered.json()["usage"]):
        assert (usage["input_tokens"], usage["output_tokens"]) == (0, 0)

"""Which parameter a provider refuses is read in its own words."""

from __future__ import annotations

import orjson
import pytest

from router.types import ChatRequest, JsonText, Sampling
from router.wire.refusals import (
    Refusal,
    Unsupported,
    refusal_in,
    speaks_of_seals,
    unsupported_in,
    value_of,
    without,
)

REQUEST = ChatRequest(
    (),
    "m",
    Sampling(temperature=0.2, top_p=0.5, stop=("x",), reasoning_effort="minimal", seed=1),
    extra={"top_k": JsonText("5")},
)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Unsupported value: 'top_p' has no 0.5 here. Only the default is supported.", "top_p"),
        ("Unsupported parameter: 'top_p' is not supported with this model.", "top_p"),
        ("`temperature` is deprecated for this model.", "temperature"),
        ("top_k: Extra inputs are not permitted", "top_k"),
        ("Argument not supported on this model: stop", "stop"),
        ("Unrecognized request argument supplied: seed", "seed"),
    ],
)
def test_providers_words_name_the_parameter(message: str, expected: str) -> None:
    assert unsupported_in(Refusal(message), REQUEST) == Unsupported(expected, lasts=True)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Unsupported value: 'temperature' does not support 0.2 with this model.", "temperature"),
        ("Unsupported value: 'reasoning.effort' does not support 'minimal'.", "reasoning_effort"),
        ("reasoning_effort is not supported", "reasoning_effort"),
    ],
)
def test_a_refused_value_leaves_other_values_open(message: str, expected: str) -> None:
    expectation = Unsupported(expected, lasts=True, of_value=True)
    assert unsupported_in(Refusal(message), REQUEST) == expectation


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("`temperature` and `top_p` cannot both be specified for this model.", "top_p"),
        ("`temperature` may only be set to 1 when thinking is enabled.", "temperature"),
        ("Function tools with reasoning_effort are not supported for m.", "reasoning_effort"),
    ],
)
def test_what_is_refused_beside_something_else_does_not_last(message: str, expected: str) -> None:
    refused = unsupported_in(Refusal(message), REQUEST)
    assert refused is not None
    assert (refused.name, refused.lasts) == (expected, False)


THINKS = ChatRequest((), "m", extra={"thinking": JsonText('{"type":"adaptive"}')})
NO_BUDGET = (
    '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
    '"output_config.effort" to control thinking behavior.'
)


@pytest.mark.parametrize(
    ("message", "left_out", "expected"),
    [
        ("adaptive thinking is not supported on this model", (), "thinking.type"),
        (NO_BUDGET, (), "thinking.type"),
        ("This model does not support extended thinking.", (), "thinking.type"),
        ("thinking is not supported on this model", ("thinking.type",), "thinking"),
    ],
)
def test_refused_thoughts_are_of_a_kind_or_of_none(
    message: str, left_out: tuple[str, ...], expected: str
) -> None:
    found = unsupported_in(Refusal(message), THINKS, left_out)
    assert found == Unsupported(expected, lasts=True, of_value=True)


@pytest.mark.parametrize(
    "message",
    [
        "`max_tokens` must be greater than `thinking.budget_tokens`.",
        "Thinking may not be enabled when tool_choice forces tool use.",
        "`temperature` may only be set to 1 when thinking is enabled.",
    ],
)
def test_other_words_about_thinking_change_no_thoughts(message: str) -> None:
    assert unsupported_in(Refusal(message), THINKS) is None


def test_thoughts_of_another_kind_have_no_budget_yet() -> None:
    assert without(THINKS, ("thinking.type",)).extra == {"thinking": '{"type":"enabled"}'}
    assert without(THINKS, ("thinking.type", "thinking")).extra == {}


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal("max_tokens must be greater than thinking.budget_tokens"),
        Refusal("temperature: must be at most 2"),  # of the value, in every model
        Refusal("'frequency_penalty' is not supported"),  # was not sent
        Refusal("'n' is not supported", "unsupported_value", "n"),
        Refusal("'logprobs' is not supported with this model."),
        Refusal(),
    ],
)
def test_other_refusals_leave_nothing_out(refusal: Refusal) -> None:
    assert unsupported_in(refusal, REQUEST) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"message": "a", "code": "b", "param": "c"}}, Refusal("a", "b", "c")),
        ({"type": "error", "error": {"type": "x", "message": "a"}}, Refusal("a")),
        ([{"error": {"code": 400, "message": "a"}}], Refusal("a")),
        ({"code": "b", "error": "a"}, Refusal("a", "b")),
        ({"object": "error", "message": "a"}, Refusal("a")),
        ({"detail": [{"loc": ["body", "seed"], "msg": "a"}]}, Refusal("body.seed: a")),
        ({"detail": "a"}, Refusal("a")),
        ("text", Refusal()),
        ({"error": {"message": 5}}, Refusal()),
    ],
)
def test_refusals_of_many_formats_are_read(body: object, expected: Refusal) -> None:
    assert refusal_in(orjson.dumps(body)) == expected


def test_other_bytes_say_nothing() -> None:
    assert refusal_in(b"<html>") == Refusal()
    assert refusal_in(b"[" * 100_000) == Refusal()


def test_only_the_named_parameters_are_left_out() -> None:
    left = without(REQUEST, ("temperature", "top_k", "stop"))
    assert [value_of(left, name) for name in ("temperature", "top_k", "stop")] == [""] * 3
    assert (left.sampling.top_p, left.sampling.seed) == (0.5, 1)
    assert without(REQUEST, ()) is REQUEST


def test_a_refused_seal_is_known() -> None:
    assert speaks_of_seals(Refusal("Encrypted content is not supported with this model."))
    assert speaks_of_seals(Refusal("no", param="include"))
    assert not speaks_of_seals(Refusal("Invalid schema for function 'f'", param="tools[0]"))

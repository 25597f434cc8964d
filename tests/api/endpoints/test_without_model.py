"""Tests what the shipped policy, which has no model behind it, says to requests that need one."""

from __future__ import annotations

import json

import httpx
import pytest

from router.types.enums import NO_ANSWER_MODEL
from tests.api.endpoints.test_endpoints import CALLING, SHAPED
from tests.kits.inputs.wire_bodies import ASKED
from tests.kits.opened import held_open
from tests.kits.server_kit import Served

PIXEL = "iVBORw0KGgo="
IMAGES = {
    "/v1/chat/completions": (
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
    ),
    "/v1/responses": (
        {"type": "input_text", "text": "What is it?"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}"},
    ),
    "/v1/messages": (
        {"type": "text", "text": "What is it?"},
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
        },
    ),
}


served = held_open(Served)


def ask(served: Served, path: str, **fields: object) -> httpx.Response:
    return served.post(path, {"model": "auto", **ASKED[path], **fields})


def said(served: Served, path: str, content: object) -> httpx.Response:
    messages = [{"role": "user", "content": content}]
    return ask(served, path, **{"input" if path == "/v1/responses" else "messages": messages})


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", SHAPED)
def test_json_that_no_model_may_write_is_for_the_client_to_leave_out(
    served: Served, path: str, stream: bool
) -> None:
    refused = ask(served, path, stream=stream, **SHAPED[path])
    assert refused.status_code == 400, refused.text  # SDKs repeat a 502, and would in vain
    error = refused.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert "demands JSON" in error["message"]
    assert "no model of the policy default may answer" in error["message"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", CALLING)
def test_a_demanded_call_that_no_model_may_write_is_for_the_client_to_leave_out(
    served: Served, path: str, stream: bool
) -> None:
    refused = ask(served, path, stream=stream, **CALLING[path])
    assert refused.status_code == 400, refused.text
    assert "demands a call of a tool (tool_choice)" in refused.json()["error"]["message"]


def test_the_refusal_has_the_code_of_a_missing_capability(served: Served) -> None:
    refused = ask(served, "/v1/chat/completions", **SHAPED["/v1/chat/completions"])
    assert refused.json()["error"]["code"] == "unsupported_capability"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/chat/completions", {"logprobs": True}),
        ("/v1/responses", {"include": ["message.output_text.logprobs"]}),
    ],
)
def test_log_probabilities_that_no_words_have_are_for_the_client_to_leave_out(
    served: Served, path: str, fields: dict[str, object]
) -> None:
    """The words said that there is no answer, to what level 1 answers without them."""
    refused = ask(served, path, **fields)
    assert refused.status_code == 400
    assert "asks for log probabilities" in refused.json()["error"]["message"]


@pytest.mark.parametrize("path", CALLING)
def test_tools_that_need_not_be_called_may_be_offered(served: Served, path: str) -> None:
    choice = {"type": "auto"} if path == "/v1/messages" else "auto"
    assert ask(served, path, **{**CALLING[path], "tool_choice": choice}).status_code == 200


@pytest.mark.parametrize("path", IMAGES)
def test_an_image_that_nobody_reads_is_refused_in_plain_words(served: Served, path: str) -> None:
    refused = said(served, path, IMAGES[path])
    assert refused.status_code == 400
    message = refused.json()["error"]["message"]
    assert message == (
        "This request holds images, which no answerer of this policy can take. Leave that out, or "
        "add `images` to the `capabilities` of an answerer whose model can take it (the list names "
        "all that it can)."
    )


@pytest.mark.parametrize("path", IMAGES)
@pytest.mark.parametrize("text", ["", " \n "])
def test_an_empty_text_is_answered_as_at_openai(served: Served, path: str, text: str) -> None:
    answered = said(served, path, text)
    assert answered.status_code == 200
    assert answered.headers["x-tiergate-verdict"] == "unverified"


@pytest.mark.parametrize("path", IMAGES)
def test_a_message_without_parts_is_refused(served: Served, path: str) -> None:
    refused = said(served, path, [])
    assert refused.status_code == 400
    assert "found an array of 0" in refused.json()["error"]["message"]


def test_a_system_message_alone_is_answered_as_at_openai(served: Served) -> None:
    messages = [{"role": "system", "content": "You help."}]
    answered = ask(served, "/v1/chat/completions", messages=messages)
    assert answered.status_code == 200


@pytest.mark.parametrize("question", ["What is 15% of 80?", "How do I reset my password?"])
def test_several_choices_are_the_one_answer_that_is_known(served: Served, question: str) -> None:
    path = "/v1/chat/completions"
    messages = [{"role": "user", "content": question}]
    (alone,) = ask(served, path, messages=messages).json()["choices"]
    twice = ask(served, path, messages=messages, n=2)
    assert twice.headers["x-tiergate-model"] != NO_ANSWER_MODEL
    texts = [choice["message"]["content"] for choice in twice.json()["choices"]]
    assert texts == [alone["message"]["content"]] * 2
    streamed = ask(served, path, messages=messages, n=2, stream=True)
    said = ["", ""]
    for line in streamed.text.splitlines():
        if line.startswith("data: {"):
            for choice in json.loads(line.removeprefix("data: "))["choices"]:
                said[choice["index"]] += choice["delta"].get("content") or ""
    assert said == texts

"""`POST /v1/completions` as clients meet it: a real server and the real `openai` package."""

from __future__ import annotations

import openai
import pytest

from tests.kits.opened import held_open
from tests.kits.server_kit import Served, answering
from tests.kits.upstreams.upstream_wire import TEXT

PROMPT = "Where is my parcel?"


served = held_open(answering)


def test_openai_client_gets_a_completion(served: Served, client: openai.OpenAI) -> None:
    said = client.completions.create(model="auto", prompt=PROMPT, max_tokens=50)
    assert (said.choices[0].text, said.choices[0].finish_reason) == (TEXT, "stop")
    assert said.object == "text_completion"
    assert said.usage is not None
    assert said.usage.total_tokens == 32
    found = served.client.get(f"/v1/decisions/{said.id}").json()
    assert (found["endpoint"], found["cost_nano_usd"]) == ("completions", 140_000)


def test_openai_client_gets_a_streamed_completion(client: openai.OpenAI) -> None:
    chunks = list(client.completions.create(model="auto", prompt=PROMPT, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == TEXT
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * 11 + ["stop"]
    assert all(chunk.usage is None for chunk in chunks)


def test_include_usage_adds_a_last_chunk_without_choices(client: openai.OpenAI) -> None:
    *chunks, last = client.completions.create(
        model="auto", prompt=PROMPT, stream=True, stream_options={"include_usage": True}
    )
    assert (last.choices, all(chunk.choices for chunk in chunks)) == ([], True)
    assert last.usage is not None
    assert last.usage.prompt_tokens == 20


def test_each_prompt_of_a_list_is_answered(served: Served, client: openai.OpenAI) -> None:
    before = len(served.rows())
    raw = client.completions.with_raw_response.create(model="auto", prompt=[PROMPT, "And mine?"])
    said = raw.parse()
    assert [(c.index, c.text) for c in said.choices] == [(0, TEXT), (1, TEXT)]
    assert said.usage is not None
    assert said.usage.total_tokens == 64
    assert raw.headers["x-tiergate-cost-usd"] == "0.00028"
    rows = served.rows()[before:]
    assert [row["cost_nano_usd"] for row in rows] == [140_000, 140_000]


def test_each_prompt_of_a_list_is_streamed(served: Served, client: openai.OpenAI) -> None:
    before = len(served.rows())
    *chunks, last = client.completions.create(
        model="auto",
        prompt=[PROMPT, "And mine?"],
        stream=True,
        stream_options={"include_usage": True},
    )
    for index in (0, 1):
        said = [c.choices[0] for c in chunks if c.choices[0].index == index]
        assert "".join(choice.text for choice in said) == TEXT
        assert said[-1].finish_reason == "stop"
    assert last.usage is not None
    assert last.usage.total_tokens == 64
    assert len(served.rows()) == before + 2


def test_prompts_keep_their_places_where_an_upstream_gives_fewer_choices(
    client: openai.OpenAI,
) -> None:
    chunks = client.completions.create(model="auto", prompt=[PROMPT] * 2, n=2, stream=True)
    said = ["", ""]  # the upstream knows no `n`
    for chunk in chunks:
        said[chunk.choices[0].index] += chunk.choices[0].text
    assert said == [TEXT, TEXT]


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_text(served: Served, client: openai.OpenAI, stream: bool) -> None:
    if stream:
        chunks = client.completions.create(model="auto:declines", prompt=PROMPT, stream=True)
        assert "".join(chunk.choices[0].text for chunk in chunks) == "I can't."
    else:
        said = client.completions.create(model="auto:declines", prompt=PROMPT)
        assert said.choices[0].text == "I can't."


def test_an_answer_cut_by_its_cap_says_so(client: openai.OpenAI) -> None:
    said = client.completions.create(model="auto:shortened", prompt=PROMPT)
    assert said.choices[0].finish_reason == "length"


@pytest.mark.parametrize("stream", [False, True])
def test_logprobs_have_the_older_shape(client: openai.OpenAI, stream: bool) -> None:
    fields = {"model": "auto:sure", "prompt": PROMPT, "logprobs": 2}
    if stream:
        said, *_ = client.completions.create(**fields, stream=True)
    else:
        said = client.completions.create(**fields)
    assert said.choices[0].logprobs is not None
    assert said.choices[0].logprobs.to_dict() == {
        "tokens": ["Yes"],
        "token_logprobs": [-0.1],
        "top_logprobs": [{"Yes": -0.1, "No": -2.4}],
        "text_offset": [0],
    }


def test_dry_run_decides_without_an_answer(client: openai.OpenAI) -> None:
    asked = {"routing": {"dry_run": True}}
    said = client.completions.create(model="auto", prompt=[PROMPT, PROMPT], extra_body=asked)
    assert said.to_dict()["routing"]["tier"] == "llm"
    assert said.choices[0].text == ""


def test_debug_puts_the_routing_into_the_last_chunk(client: openai.OpenAI) -> None:
    asked = {"routing": {"debug": True}}
    chunks = client.completions.create(model="auto", prompt=PROMPT, stream=True, extra_body=asked)
    assert list(chunks)[-1].to_dict()["routing"]["tier"] == "llm"


def test_a_stream_that_breaks_off_ends_in_an_error(served: Served, client: openai.OpenAI) -> None:
    response = served.post("/v1/completions", {"model": "auto:cut", "prompt": "x", "stream": True})
    assert "[DONE]" not in response.text
    with pytest.raises(openai.APIError, match="broke off"):
        list(client.completions.create(model="auto:cut", prompt=PROMPT, stream=True))


def test_a_client_that_leaves_mid_stream_leaves_a_cancelled_row(served: Served) -> None:
    body = {"model": "auto:lasting", "prompt": PROMPT, "stream": True}
    with served.client.stream("POST", "/v1/completions", json=body) as response:
        next(response.iter_bytes())
    assert served.finished_row(response)["state"] == "cancelled"


WRONG = [
    # fields, param
    ({"model": None}, "model"),
    ({"prompt": None}, "prompt"),
    ({"prompt": 7}, "prompt"),
    ({"prompt": []}, "prompt"),
    ({"prompt": ["x"] * 33}, "prompt"),
    ({"prompt": [1, 2, 3]}, "prompt"),
    ({"prompt": [[1, 2], [3]]}, "prompt"),
    ({"prompt": ["x", 7]}, "prompt[1]"),
    ({"prompt": ["x", "y"], "routing": {"max_cost_usd": 1}}, "prompt"),
    ({"echo": True}, "echo"),
    ({"echo": "yes"}, "echo"),
    ({"suffix": "the end"}, "suffix"),
    ({"best_of": 3}, "best_of"),
    ({"logprobs": 6}, "logprobs"),
    ({"logprobs": True}, "logprobs"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"n": 9}, "n"),
    ({"stop": ["a"] * 5}, "stop"),
    ({"stream": 1}, "stream"),
    ({"stream_options": {"include_usage": True}}, "stream_options"),
    ({"messages": []}, "messages"),
    ({"tools": []}, "tools"),
    ({"api_key": "k"}, "api_key"),
]


@pytest.mark.parametrize(("fields", "param"), WRONG)
def test_a_wrong_field_is_refused_by_name(
    served: Served, fields: dict[str, object], param: str
) -> None:
    response = served.post("/v1/completions", {"model": "auto", "prompt": "x", **fields})
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


def test_what_asks_for_nothing_special_is_accepted(served: Served) -> None:
    body = {"model": "auto", "prompt": "x", "echo": False, "suffix": "", "best_of": 1, "user": "u"}
    assert served.post("/v1/completions", body).status_code == 200

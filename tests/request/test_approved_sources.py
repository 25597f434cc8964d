"""Approved answers that level 2 quotes or cites, and words where none fits: a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from tests.kits.server_kit import Served, Upstream

KNOWLEDGE = """
version: 1
name: a shop
intents:
  - id: refund_time
    domain: customer_support
    utterances: [when is my refund paid, how long does a refund take]
    answer: We refund the price within 3 working days after the parcel is back.
    source: Returns guide, 2
  - id: parcel_cost
    domain: customer_support
    utterances: [what does a parcel cost, how much is shipping]
    answer: A parcel within the country costs $4.95.
    source: Delivery guide, 1
"""
KEPT = "We refund the price within 3 working days [refund_time]."
CHANGED = "A parcel within the country costs $9.95 [parcel_cost]."


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("approved")
    (folder / "shop.yaml").write_text(KNOWLEDGE)
    with Upstream(folder) as upstream:
        resolver = {"name": "approved", "kind": "resolver", "knowledge": "shop.yaml"}
        model = {
            "name": "mirror",
            "kind": "upstream",
            "model": "mirror",  # says the question back: the test writes the answer
            "base_urls": [upstream.url],
            "steps": ["context", "solve"],
            "price": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 2, "version": "tests"},
            "verify": {"default": "none"},
        }
        quoting = {"name": "quoting", "kind": "passages", "of": "approved", "quote_at": 0.05}
        for name, second in (("cites", model), ("quotes", quoting), ("shelf", None)):
            tiers: list[dict[str, object]] = [
                {"name": "resolve", "level": 1, "answerers": [resolver]}
            ]
            if second is not None:
                tiers.append({"name": "second", "level": 2, "answerers": [second]})
            policy = {
                "version": 1,
                "name": name,
                "cache": {"exact": True},
                "tiers": tiers,
                "privacy": {"store": "none"},
            }
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(policy))
        files = [folder / f"{name}.yaml" for name in ("cites", "quotes", "shelf")]
        with Served(folder, *files) as server:
            yield server


def _asked(served: Served, policy: str, text: str, **more: object) -> tuple[str, dict[str, object]]:
    """Returns the answer's text, and the record of its decision."""
    messages = [{"role": "user", "content": text}]
    body = {"model": "tier:second", "messages": messages, "routing": {"policy": policy}, **more}
    with served.client.stream("POST", "/v1/chat/completions", json=body) as response:
        said = response.read().decode()
        assert response.status_code == 200, said
        name = response.headers["x-tiergate-decision-id"]
    return said, served.client.get(f"/v1/decisions/{name}").json()["record"]


@pytest.mark.parametrize("stream", [False, True])
def test_record_has_the_approved_answers_that_a_model_cites(served: Served, stream: bool) -> None:
    said, record = _asked(served, "cites", f"{KEPT} {CHANGED}", stream=stream)
    assert stream or KEPT in said
    told = {one["id"]: one for one in record["sources"]}
    assert told["refund_time"] == {
        "id": "refund_time",
        "collection": "approved answers",
        "place": "Returns guide, 2",
        "cited": True,
    }
    assert told["parcel_cost"]["cited"] is True
    # What goes out says another price than the answer that it cites.
    assert record["gathered"] == ["parcel_cost is cited for more than its words say"]


def test_answer_that_was_only_shown_is_not_cited(served: Served) -> None:
    text = f"{KEPT} What does a parcel in the country cost, how much is shipping?"
    _, record = _asked(served, "cites", text)
    assert {one["id"]: one["cited"] for one in record["sources"]} == {
        "refund_time": True,
        "parcel_cost": False,
    }
    assert not record.get("gathered")


def test_record_has_the_approved_answers_that_are_quoted(served: Served) -> None:
    said, record = _asked(served, "quotes", "How long does my refund for a parcel take?")
    assert "We refund the price within 3 working days" in said
    quoted = [one for one in record["sources"] if one["place"] in said]
    assert quoted == record["sources"]
    assert all(one["cited"] for one in quoted)
    assert "refund_time" in [one["id"] for one in quoted]


def test_cited_answer_is_kept_for_its_repeat_with_its_sources(served: Served) -> None:
    records = [_asked(served, "cites", f"{KEPT} Once more?", temperature=0)[1] for _ in range(2)]
    assert records[0]["sources"] == records[1]["sources"] != []
    assert [bool(record["steps"]) for record in records] == [True, False]  # nobody was asked again


@pytest.mark.parametrize(
    ("text", "verdict", "model", "words"),
    [
        (
            "thank you, that is all",
            "unverified",
            "tiergate-no-model",
            "I am not sure that any approved",
        ),
        (
            "Write a poem of the sea",
            "unverified",
            "tiergate-no-model",
            "I am not sure that any approved",
        ),
        ("I want to kill myself", "safe_answer", "tiergate-safe-answer", "emergency number"),
    ],
)
def test_words_go_out_where_no_approved_answer_fits_and_no_model_is_there(
    served: Served, text: str, verdict: str, model: str, words: str
) -> None:
    messages = [{"role": "user", "content": text}]
    response = served.chat("auto:quotes", messages=messages)
    assert response.status_code == 200, response.text
    told = [response.headers[f"x-tiergate-{name}"] for name in ("verdict", "model", "confidence")]
    assert told == [verdict, model, "0.0000"]
    assert response.headers["x-tiergate-confidence-source"] == "known"
    assert words in response.json()["choices"][0]["message"]["content"]
    assert served.finished_row(response)["verdict"] == verdict


@pytest.mark.parametrize(
    "text",
    ["Write a poem of the sea", "when is my refund paid, you stupid fucking bitch"],
)
def test_words_go_out_where_there_are_approved_answers_only(served: Served, text: str) -> None:
    response = served.chat("auto:shelf", messages=[{"role": "user", "content": text}])
    assert response.status_code == 200, response.text
    assert response.headers["x-tiergate-reason"].split(", ")[-1] == "no_model"
    assert "refund the price" not in response.json()["choices"][0]["message"]["content"]

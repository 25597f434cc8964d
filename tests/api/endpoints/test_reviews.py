"""Feedback and reviews on a real server: who may, what the client gets, and what is booked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date

import httpx
import openai
import pytest

from router.cli.ledger.review import stated_in
from router.types import SAFE_ANSWER_MODEL, KeptPolicy, MinutePrice
from tests.kits.inputs.wire_bodies import ASKED
from tests.kits.server_kit import Served, Upstream, eventually, tiergate, write_policy

MINUTES = {"minutes": 2.0, "by": "Ann"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One upstream whose answers nobody trusts, so that each is held for a person."""
    folder = tmp_path_factory.mktemp("reviews")
    with Upstream(folder) as upstream:
        doubted = {
            "name": "mid",
            "kind": "upstream",
            "model": "answer",
            "base_urls": [upstream.url],
            "verify": {"default": "full"},
            "ability": {"theta": -9.0, "labels": 100},
            "price": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10, "version": "tests"},
        }
        policy = write_policy(
            folder,
            upstream.url,
            tiers=[{"name": "llm", "level": 2, "answerers": [doubted]}],
            exhausted={"default": "hold", "by_domain": {}},
            privacy={"store": "full"},
            review={"reviewer_usd_per_minute": 0.5},
            terms=[{"name": "old_age", "domain": "finance", "terms": ["my pension"]}],
        )
        with Served(folder, policy) as server:
            yield server


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


def decision(served: Served, answer: httpx.Response, key: str = "") -> dict[str, object]:
    return dict(
        served.client.get(
            f"/v1/decisions/{answer.headers['x-tiergate-decision-id']}", headers=bearer(key)
        ).json()
    )


def review_of(served: Served, answer: httpx.Response) -> str:
    return str(decision(served, answer)["review_id"])


def post(served: Served, path: str, body: object, key: str = "") -> httpx.Response:
    return served.post(path, body, **bearer(key))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ASKED)
def test_doubted_answer_is_held_whichever_endpoint_asked(
    served: Served, path: str, stream: bool
) -> None:
    answer = served.post(path, {"model": "auto", **ASKED[path], "stream": stream})
    assert answer.status_code == 200
    assert answer.headers["x-tiergate-review"] == "pending"
    assert "A person checks the answer" in answer.text
    # No model wrote these words, and none is named; the row keeps the model that wrote the draft.
    assert answer.headers["x-tiergate-model"] == SAFE_ANSWER_MODEL
    assert set(re.findall(r'"model":"([^"]*)"', answer.text)) == {SAFE_ANSWER_MODEL}
    row = decision(served, answer)
    assert row["model"] == "fake-1"
    assert (row["verdict"], row["review"], row["reviewed"]) == ("held", "pending", None)
    assert f"{row['review_id']}" in answer.text


def test_held_answer_is_a_completion_for_openais_client(served: Served) -> None:
    client = openai.OpenAI(base_url=f"{served.url}/v1", api_key="none", max_retries=0)
    said = client.chat.completions.create(
        model="auto", messages=[{"role": "user", "content": "Where is it?"}]
    )
    assert said.choices[0].finish_reason == "stop"
    assert "your reference is rev_" in str(said.choices[0].message.content)


@pytest.mark.parametrize(
    ("verdict", "fields", "stands"),
    [
        ("approve", {}, "draft"),
        ("correct", {"corrected": "In the depot."}, "In the depot."),
        ("reject", {}, None),
    ],
)
def test_client_finds_the_reviewed_answer(
    served: Served, verdict: str, fields: dict[str, str], stands: str | None
) -> None:
    answer = served.chat()
    path = f"/v1/reviews/{review_of(served, answer)}"
    waiting = served.client.get(path).json()
    assert waiting["question"] == "Where is my parcel?"
    assert waiting["draft"]
    decided = post(served, path, {"verdict": verdict, **MINUTES, **fields})
    assert decided.status_code == 200, decided.text
    found = decision(served, answer)
    expected = waiting["draft"] if stands == "draft" else stands
    assert found["review"] == "decided"
    assert found["reviewed"]["answer"] == expected  # type: ignore[index]
    assert found["reviewed"]["cost_usd"] == "1.0"  # type: ignore[index]
    # The words that the client got promise the answer under their reference.
    assert served.client.get(f"/v1/decisions/{found['review_id']}").json() == found
    heard = found["feedback"]
    assert [one["correct"] for one in heard] == [verdict == "approve"]  # type: ignore[attr-defined]
    assert post(served, path, {"verdict": verdict, **MINUTES, **fields}).status_code == 409


def test_review_has_a_row_and_the_books_are_whole(served: Served) -> None:
    review_id = review_of(served, served.chat())
    post(served, f"/v1/reviews/{review_id}", {"verdict": "approve", **MINUTES})
    rows = [row for row in served.rows() if row["review_id"] == review_id]
    assert [(row["endpoint"], row["cost_nano_usd"]) for row in rows][1:] == [("review", 10**9)]
    said = tiergate("ledger", "verify", "--database", served.database)
    assert said.returncode == 0, said.stdout


@pytest.mark.process
def test_verdict_may_come_from_the_command_line_beside_the_server(served: Served) -> None:
    answer = served.chat()
    review_id = review_of(served, answer)
    said = tiergate(
        "review", "decide", review_id, "--verdict", "correct", "--text", "In the depot.",
        "--minutes", "3", "--by", "Ann", "-d", served.database, "--json",
        "-p", served.folder / "tested.yaml",
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["cost_usd"] == "1.5"
    assert decision(served, answer)["reviewed"]["answer"] == "In the depot."  # type: ignore[index]
    again = tiergate(
        "review", "decide", review_id, "--verdict", "reject", "--minutes", "1",
        "-d", served.database,
    )  # fmt: skip
    assert (again.returncode, "does not wait any more" in again.stderr) == (1, True)


@pytest.mark.process
def test_command_line_books_the_price_that_the_server_has(served: Served) -> None:
    review_id = review_of(served, served.chat())
    said = tiergate(
        "review", "decide", review_id, "--verdict", "reject", "--minutes", "3",
        "-d", served.database,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr[-1500:]
    (row,) = [r for r in served.rows() if r["review_id"] == review_id and r["endpoint"] == "review"]
    assert (row["cost_nano_usd"], row["state"]) == (1_500_000_000, "settled")


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("review: {reviewer_usd_per_minute: 0.5}", MinutePrice(500_000_000, "policy")),
        ("review: {reviewer_usd_per_minute: '${MINUTE}'}", MinutePrice(250_000_000, "policy")),
        ("review: {reviewer_usd_per_minute: '${NOT_SET}'}", None),
        ("review: {reviewer_usd_per_minute: '${WORD}'}", None),
        ("name: mine\nprices: mine.yaml", None),  # its book may be on another machine
        ("", None),
    ],
)
def test_price_of_a_minute_is_read_from_a_kept_policy(text: str, price: MinutePrice | None) -> None:
    environ = {"MINUTE": "0.25", "WORD": "cheap"}
    assert stated_in(KeptPolicy(text, ""), date(2026, 11, 1), environ) == price


def test_list_of_matters_is_bounded_and_filtered(served: Served) -> None:
    for _ in range(2):
        served.chat()
    listed = served.client.get("/v1/reviews", params={"limit": 1}).json()["data"]
    assert [one["status"] for one in listed] == ["pending"]
    too_large = {"limit": "000000001" + "9" * 20}  # its first nine digits are a good limit
    for query in ({"limit": 0}, {"limit": 1001}, too_large, {"status": "open"}, {"page": 2}):
        assert served.client.get("/v1/reviews", params=query).status_code == 400, query
    assert served.client.get("/v1/reviews", params={"limit": 1000}).status_code == 200


def test_feedback_is_told_with_the_decision(served: Served) -> None:
    answer = served.chat()
    body = {
        "decision_id": answer.headers["x-tiergate-decision-id"],
        "corrected": "In the depot.",
        "loss_usd": 12.5,
        "outcome": {"resolved_first_contact": False, "csat": 2, "handle_minutes": 4},
    }
    first, again = (post(served, "/v1/feedback", body) for _ in range(2))
    assert (first.status_code, first.json()["new"], again.json()["new"]) == (200, True, False)
    (heard,) = decision(served, answer)["feedback"]  # type: ignore[misc]
    assert (heard["source"], heard["correct"], heard["loss_usd"]) == ("client", False, "12.5")
    assert heard["corrected"] == "In the depot."
    assert heard["outcome"] == {
        "resolved_first_contact": False, "csat": 2.0, "handle_minutes": 4.0,
    }  # fmt: skip


def test_feedback_on_nothing_is_404(served: Served) -> None:
    given = post(served, "/v1/feedback", {"decision_id": "dec_none", "correct": True})
    assert given.status_code == 404
    assert given.json()["error"]["code"] == "decision_not_found"


def test_a_reviewer_reads_by_which_words_a_phrase_was_found(served: Served) -> None:
    asked = {"model": "auto", "messages": [{"role": "user", "content": "Help, I can not breathe!"}]}
    answer = post(served, "/v1/chat/completions", asked)
    waiting = served.client.get(f"/v1/reviews/{review_of(served, answer)}").json()
    assert "words found for medical emergency (en): i can not breathe" in waiting["facts"]


def test_a_reviewer_reads_by_which_term_of_the_policys_own_list_it_was_found(
    served: Served,
) -> None:
    text = "Shall I put my pension into gold?"
    asked = {"model": "auto", "messages": [{"role": "user", "content": text}]}
    answer = post(served, "/v1/chat/completions", asked)
    waiting = served.client.get(f"/v1/reviews/{review_of(served, answer)}").json()
    assert "words found for old age: my pension" in waiting["facts"]


def test_each_tenant_reaches_its_own_matters_alone(served: Served) -> None:
    """Last: the first key closes the server to requests without one."""
    keys = {}
    for tenant, scope in (("a", "chat"), ("b", "chat"), ("a", "review"), ("b", "review")):
        said = tiergate(
            "keys", "create", "--tenant", tenant, "--scope", scope, "--json",
            "--database", served.database,
        )  # fmt: skip
        keys[tenant, scope] = json.loads(said.stdout)["key"]
    # Until it has read the keys, the server answers everybody, as nobody's tenant.
    eventually(lambda: served.chat().status_code == 401)
    eventually(lambda: served.chat(key=keys["b", "chat"]).status_code == 200)
    answer = served.chat(key=keys["a", "chat"])
    found = decision(served, answer, keys["a", "chat"])
    body = {"decision_id": found["decision_id"], "correct": True}
    assert post(served, "/v1/feedback", body, keys["b", "chat"]).status_code == 404
    assert post(served, "/v1/feedback", body, keys["a", "review"]).status_code == 403
    assert post(served, "/v1/feedback", body, keys["a", "chat"]).status_code == 200
    path, verdict = f"/v1/reviews/{found['review_id']}", {"verdict": "reject", **MINUTES}
    by_reference = f"/v1/decisions/{found['review_id']}"
    statuses = {"a": 200, "b": 404}
    for tenant, status in statuses.items():
        given = served.client.get(by_reference, headers=bearer(keys[tenant, "chat"]))
        assert given.status_code == status
    assert post(served, path, verdict, keys["a", "chat"]).status_code == 403
    assert post(served, path, verdict, keys["b", "review"]).status_code == 404
    listed = served.client.get("/v1/reviews", headers=bearer(keys["b", "review"])).json()["data"]
    assert {one["tenant"] for one in listed} == {"b"}
    assert post(served, path, verdict, keys["a", "review"]).status_code == 200

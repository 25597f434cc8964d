"""Endpoints by domain over a real server: by rules alone, and with an upstream that writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from router.api.endpoints.domains import Asked, careful, hints_of
from router.errors import PolicyError
from router.extraction.reading import Reading
from router.policy.loading import find_policy, load_policy, policies_dir
from router.policy.sections.answering.endpoints import EndpointSection
from router.types import NANO_PER_USD, ChatRequest, Hints, Identity, Scope
from router.wire.domain_body import DomainInput
from router.wire.hints import NO_HINTS
from tests.kits.opened import held_open
from tests.kits.server_kit import Served, Upstream, write_policy
from tests.kits.upstreams.upstream_extractor import NOWHERE, WRITTEN

SHIPPED = find_policy("domain_endpoints", policies_dir())
CONTRACT = (
    'This Agreement is made between Acme Tools GmbH ("Supplier") and Harbor Retail Inc. ("Buyer"). '
    "The Buyer shall pay USD 900 within 30 days. The Supplier may increase the prices at any time."
)
NOTES = {
    "domain": "test",
    "task": "notes",
    "description": "Notes of a test.",
    "extract": {"amounts": "amount", "dates": "date"},
    "write": {"summary": {"type": "string"}},
    "instruction": "Sum it up.",
    "right": 0.9,
    "limits": {"max_characters": 500, "max_batch": 3},
    "facts": {"type": "object", "properties": {"count": {"type": "integer"}}},
}
EXTRACTOR = {"name": "rules", "level": 1, "answerers": [{"name": "rules", "kind": "extractor"}]}


def policy_with(folder: Path, url: str, *models: str, **endpoint: object) -> Path:
    """Writes a policy with one endpoint: rules at level 1, these models of an upstream above."""
    tiers: list[object] = [EXTRACTOR]
    for level, model in enumerate(models, start=2):
        answerer = {
            "name": f"model-{level}",
            "kind": "upstream",
            "model": model,
            "base_urls": [url],
            "retries": 0,
            "price": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10, "version": "tests"},
        }
        tiers.append({"name": f"level-{level}", "level": level, "answerers": [answerer]})
    return write_policy(
        folder,
        url,
        tiers=tiers,
        endpoints=[{**NOTES, **endpoint}],
        exhausted={"default": "best_answer", "by_domain": {}},
    )


shipped = held_open(lambda folder: Served(folder, SHIPPED))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("written")
    with Upstream(folder) as upstream:
        policy = policy_with(folder, upstream.url, "extractor")
        with Served(folder, policy) as server:
            yield server


def post(served: Served, path: str, body: object, **headers: str) -> httpx.Response:
    return served.client.post(f"/api/v1/{path}", json=body, headers=headers)


def test_rules_read_a_contract_without_a_model(shipped: Served) -> None:
    response = post(shipped, "legal/contract/analyze", {"text": CONTRACT})
    assert response.status_code == 200, response.text
    body = response.json()
    result = body["result"]
    assert [row["text"] for row in result["parties"]] == ["Acme Tools GmbH", "Harbor Retail Inc."]
    assert result["amounts"][0]["value"] == 900.0
    assert [row["id"] for row in result["findings"]] == ["unilateral_change"]
    for rows in result.values():
        for row in rows:
            assert CONTRACT[row["start"] : row["end"]] == row["text"]
            assert 0 < row["confidence"] < 1
    assert body["verdict"] == "review"
    assert body["model"] == "extractor:rules"


def test_what_only_a_model_writes_is_named(shipped: Served) -> None:
    body = post(shipped, "legal/contract/analyze", {"text": CONTRACT}).json()
    assert "summary" not in body["result"]
    assert "no model is set up" in body["unread"]["summary"]


def test_an_answer_by_rules_is_a_row_of_the_ledger(shipped: Served) -> None:
    response = post(
        shipped, "legal/contract/analyze", {"text": f"{CONTRACT} Once.", "tags": ["desk"]}
    )
    row = shipped.row(response)
    assert row["endpoint"] == "legal/contract"
    assert row["tags"] == ["desk"]
    assert response.headers["x-tiergate-decision-id"] == response.json()["id"]


def test_a_repeat_comes_from_the_cache(shipped: Served) -> None:
    body = {"text": f"{CONTRACT} Again."}
    first = post(shipped, "legal/contract/analyze", body)
    second = post(shipped, "legal/contract/analyze", body)
    assert first.headers["x-tiergate-cache"] == "miss"
    assert second.headers["x-tiergate-cache"] in ("exact", "miss")  # only accepted answers are kept
    assert second.json()["result"] == first.json()["result"]


def test_only_the_fields_asked_for_are_given(shipped: Served) -> None:
    body = post(shipped, "legal/contract/analyze", {"text": CONTRACT, "fields": ["parties"]}).json()
    assert list(body["result"]) == ["parties"]
    assert body["unread"] == {}


def test_labels_come_from_the_heads(shipped: Served) -> None:
    body = post(
        shipped, "email/pipeline/analyze", {"text": "My laptop does not start, please help."}
    ).json()
    assert body["result"]["department"]["label"] == "Hardware"
    assert body["verdict"] == "deliver"


def test_figures_are_worked_out_from_facts(shipped: Served) -> None:
    facts = {"monthly_income_usd": 4000, "monthly_debt_usd": 900, "new_payment_usd": 1500}
    body = post(
        shipped, "finance/credit/analyze", {"text": "I ask for a loan.", "facts": facts}
    ).json()
    assert body["result"]["figures"]["debt_to_income_with_credit"] == 0.6
    assert body["verdict"] == "specialist"


def test_weak_code_has_its_cwe(shipped: Served) -> None:
    code = "import os\n\nos.system('ls ' + name)\n"
    (found,) = post(shipped, "code/security/analyze", {"text": code}).json()["result"]["findings"]
    assert found["label"] == "CWE-78"


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 400, "text"),
        ({"text": ""}, 400, "text"),
        ({"text": 5}, 400, "text"),
        ({"text": "a", "fields": ["nothing"]}, 400, "fields[0]"),
        ({"text": "a", "more": 1}, 400, "more"),
        ({"text": "a", "routing": {"policy": "x"}}, 400, "routing.policy"),
        ({"text": "a", "facts": {"monthly_income_usd": "much"}}, 422, "facts"),
        ({"text": "a", "facts": {"age": 3}}, 422, "facts"),
        ({"text": "a" * 60_001}, 422, "text"),
    ],
)
def test_bad_input_is_named(shipped: Served, body: object, status: int, param: str) -> None:
    response = post(shipped, "finance/credit/analyze", body)
    assert (response.status_code, response.json()["error"]["param"]) == (status, param)


def test_a_batch_keeps_the_order_of_its_texts(shipped: Served) -> None:
    texts = ["Send $5.", "Nothing here.", "Send $7."]
    body = post(shipped, "finance/fraud/batch", {"texts": texts}).json()
    found = [[one["value"] for one in row["result"]["amounts"]] for row in body["data"]]
    assert found == [[5.0], [], [7.0]]
    assert [row["index"] for row in body["data"]] == [0, 1, 2]


def test_an_unknown_path_lists_those_there_are(shipped: Served) -> None:
    response = post(shipped, "legal/nothing/analyze", {"text": "a"})
    assert response.status_code == 404
    assert "legal/contract" in response.json()["error"]["message"]


def test_the_document_for_programs_describes_them(shipped: Served) -> None:
    paths = shipped.client.get("/openapi.json").json()["paths"]
    schema = paths["/api/v1/finance/credit/analyze"]["post"]["requestBody"]
    facts, null = schema["content"]["application/json"]["schema"]["properties"]["facts"]["anyOf"]
    assert "monthly_income_usd" in facts["properties"]
    assert null == {"type": "null"}
    assert "/api/v1/{domain}/{task}/analyze" in paths


def test_a_batch_of_lines_may_ask_them(shipped: Served) -> None:
    path = "/api/v1/finance/fraud/analyze"
    line = {"custom_id": "a", "method": "POST", "url": path, "body": {"text": "Send $5."}}
    made = shipped.client.post(
        "/v1/files", files={"file": ("x.jsonl", json.dumps(line))}, data={"purpose": "batch"}
    )
    batch = shipped.client.post(
        "/v1/batches",
        json={
            "input_file_id": made.json()["id"],
            "endpoint": path,
            "completion_window": "24h",
        },
    )
    assert batch.status_code == 200, batch.text
    assert batch.json()["endpoint"] == path


def test_a_tier_writes_what_no_rule_reads(written: Served) -> None:
    text = "The price is $40. It is due on 3 May 2026."
    response = post(written, "test/notes/analyze", {"text": text})
    body = response.json()
    assert body["result"]["summary"] == WRITTEN
    assert body["tier"] == "level-2"
    assert float(body["cost_usd"]) > 0
    assert written.row(response)["endpoint"] == "test/notes"


def test_quotes_that_the_text_lacks_are_dropped(written: Served) -> None:
    text = "The price is $40. It is due on 3 May 2026. Thanks."
    body = post(written, "test/notes/analyze", {"text": text}).json()
    assert body["dropped"] == 2  # one in each of the two lists
    assert NOWHERE not in json.dumps(body["result"])
    amounts = body["result"]["amounts"]
    assert [row["text"] for row in amounts] == ["$40"]
    assert set(amounts[0]["by"]) == {"rules", "fake-1"}  # both point at the same words


def test_rules_answer_where_no_field_needs_a_tier(written: Served) -> None:
    body = post(
        written, "test/notes/analyze", {"text": "It costs $41.", "fields": ["amounts"]}
    ).json()
    assert body["tier"] == "rules"
    assert "cost_usd" in body


def test_much_money_goes_to_a_tier_although_rules_could_read_it(written: Served) -> None:
    body = post(
        written,
        "test/notes/analyze",
        {"text": "The claim is for $2,400,000.", "fields": ["amounts"]},
    ).json()
    assert body["tier"] == "level-2"


def test_a_dry_run_only_decides(written: Served) -> None:
    body = post(
        written,
        "test/notes/analyze",
        {"text": "It costs $42.", "routing": {"dry_run": True}},
    ).json()
    assert body["status"] == "dry_run"
    assert body["routing"]["tier"] == "level-2"
    assert body["unread"]["summary"]


@pytest.mark.process
def test_one_failed_text_leaves_the_others(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        policy = policy_with(tmp_path, upstream.url, "garbage")
        with Served(tmp_path, policy) as served:
            inputs = [{"text": "Pay $3."}, {"text": "Pay $4.", "facts": {"count": 2}}]
            body = post(served, "test/notes/batch", {"inputs": inputs}).json()
            assert body["failed"] == 2
            assert {row["error"]["code"] for row in body["data"]} == {"upstream_invalid"}
            rest = {"texts": ["The price is $300.", "The fee is $40."], "fields": ["amounts"]}
            assert post(served, "test/notes/batch", rest).json()["failed"] == 0


def test_a_bad_text_of_a_batch_leaves_the_others(written: Served) -> None:
    texts = ["The fee is $40.", " ", "x" * 600]
    body = post(written, "test/notes/batch", {"texts": texts, "fields": ["amounts"]}).json()
    assert body["failed"] == 2
    done, empty, long = body["data"]
    assert [row["text"] for row in done["result"]["amounts"]] == ["$40"]
    assert empty["error"]["code"] == "invalid_value"
    assert empty["error"]["message"].startswith("texts[1]: found")
    assert "texts[2] has 600 characters" in long["error"]["message"]


@pytest.mark.process
def test_a_rate_of_its_own_refuses_more_texts(tmp_path: Path) -> None:
    limits = {"max_batch": 3, "requests_per_minute": 2}
    policy = policy_with(tmp_path, "http://127.0.0.1:9/v1", limits=limits)
    with Served(tmp_path, policy) as served:
        body = {"texts": ["a", "b", "c"], "fields": ["amounts"]}
        response = post(served, "test/notes/batch", body)
        assert response.status_code == 429
        assert "test/notes" in response.json()["error"]["message"]
        assert 'refusals_total{limit="requests_per' in served.client.get("/metrics").text
        assert post(served, "test/notes/analyze", {"text": "a", "fields": ["amounts"]}).is_success


@pytest.mark.process
def test_a_result_that_does_not_fit_is_asked_for_a_level_higher(tmp_path: Path) -> None:
    output = {"type": "object", "properties": {"amounts": {"minItems": 2}}}
    with Upstream(tmp_path) as upstream:
        policy = policy_with(tmp_path, upstream.url, "extractor", "extractor", output=output)
        with Served(tmp_path, policy) as served:
            response = post(served, "test/notes/analyze", {"text": "It costs $3."})
            assert response.status_code == 422
            assert "does not fit" in response.json()["error"]["message"]
            assert sorted(str(row["tier"]) for row in served.rows()) == ["level-2", "level-3"]


@pytest.mark.process
def test_cost_is_unknown_where_that_of_the_first_answer_is(tmp_path: Path) -> None:
    output = {"type": "object", "properties": {"amounts": {"minItems": 2}}}
    with Upstream(tmp_path) as upstream:
        policy = policy_with(tmp_path, upstream.url, "extractor", "extractor:2", output=output)
        raw = yaml.safe_load(policy.read_text())
        del raw["tiers"][1]["answerers"][0]["price"]
        policy.write_text(yaml.safe_dump(raw))
        with Served(tmp_path, policy) as served:
            response = post(served, "test/notes/analyze", {"text": "Pay $3. Then wait."})
    body = response.json()
    assert (response.status_code, body["tier"]) == (200, "level-3"), body
    assert "cost_usd" not in body
    assert "x-tiergate-cost-usd" not in response.headers


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"write": {"summary": {"type": "nonsense"}}}, "a JSON Schema"),
        ({"instruction": ""}, "an instruction"),
        ({"rules": "endpoints/none.yaml"}, "a file"),
        ({"labels": {"kind": {"head": "unknown"}}}, "one of"),
        ({"figures": {"ratio": {"of": "a", "per": "count"}}}, "a is no property"),
        ({"extract": {"amounts": "money"}}, "amount"),
        ({"verdict": {"default": "ok", "rules": [
            {"verdict": "no", "reason": "because", "any": [{"figure": "x", "from": 1}]}]}}, "none"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_policy_names_its_line(
    tmp_path: Path, change: dict[str, object], mistake: str
) -> None:
    path = policy_with(tmp_path, "http://127.0.0.1:9/v1", **change)
    with pytest.raises(PolicyError) as raised:
        load_policy(path, {})
    (found, *_) = raised.value.mistakes
    assert found.line > 1
    assert mistake in str(found)


def test_a_mistake_in_a_file_of_patterns_is_one_of_the_policy(tmp_path: Path) -> None:
    rules = tmp_path / "mine.yaml"
    rule = {"id": "a", "title": "Broken", "severity": "high", "any": ["(unclosed"]}
    rules.write_text(yaml.safe_dump({"version": 1, "name": "mine", "rules": [rule]}))
    path = policy_with(tmp_path, "http://127.0.0.1:9/v1", rules="mine.yaml")
    with pytest.raises(PolicyError) as raised:
        load_policy(path, {})
    assert any("regular expression" in str(one) for one in raised.value.mistakes)
    assert any("mine.yaml" in one.file for one in raised.value.mistakes)


def test_two_endpoints_cannot_share_a_path(tmp_path: Path) -> None:
    path = write_policy(
        tmp_path, "http://127.0.0.1:9/v1", endpoints=[NOTES, NOTES], tiers=[EXTRACTOR]
    )
    with pytest.raises(PolicyError, match="no other endpoint"):
        load_policy(path, {})


def asked(parties: int, hints: Hints = NO_HINTS) -> Asked:
    return Asked(DomainInput("text"), (), Reading({}, {}, parties), hints)


STAKED = EndpointSection.model_validate(
    {**NOTES, "floor": 2, "stakes": {"usd": 50, "per_party_usd": 25}}
)


@pytest.mark.parametrize(("parties", "usd"), [(0, 50), (2, 50), (3, 75), (6, 150)])
def test_each_party_beyond_two_raises_the_stakes(parties: int, usd: int) -> None:
    hints = hints_of(STAKED, asked(parties))
    assert hints.stakes_nano_usd == usd * NANO_PER_USD
    assert hints.min_tier == 2


def test_stakes_and_floor_of_a_client_are_only_raised() -> None:
    stated = Hints(stakes_nano_usd=900 * NANO_PER_USD, min_tier=3)
    hints = hints_of(STAKED, asked(0, stated))
    assert (hints.stakes_nano_usd, hints.min_tier) == (900 * NANO_PER_USD, 3)


def test_an_endpoints_stakes_lower_none_for_a_key_that_may_lower() -> None:
    """Such a key's stakes would replace the amounts of the text."""
    identity = Identity("a", "k", frozenset({Scope.CHAT, Scope.HINTS_LOWER}))
    request = ChatRequest((), "auto", hints=hints_of(STAKED, asked(0)))
    assert not careful(identity, NO_HINTS, request).may_lower
    own = Hints(stakes_nano_usd=1)
    assert careful(identity, own, request).may_lower


def test_patterns_whose_file_vanished_are_not_ready(tmp_path: Path) -> None:
    rules = tmp_path / "patterns.yaml"
    rules.write_text(
        "version: 1\nname: notes\nrules:\n"
        "  - {id: owed, title: Money is owed, severity: low, any: ['\\bowes\\b']}\n"
    )
    policy = policy_with(tmp_path, "http://127.0.0.1:9/v1", rules="patterns.yaml")
    with Served(tmp_path, policy) as server:
        text, written = {"text": "Ann owes USD 5."}, rules.read_text()
        rules.unlink()
        first = post(server, "test/notes/analyze", text)
        assert first.status_code == 503, first.text
        assert "patterns.yaml" in first.json()["error"]["message"]
        rules.write_text(written)
        again = post(server, "test/notes/analyze", text)
        assert [row["id"] for row in again.json()["result"]["findings"]] == ["owed"], again.text
        rules.unlink()
        assert post(server, "test/notes/analyze", text).status_code == 200


@pytest.mark.parametrize("verb", ["analyze", "batch"])
def test_a_repeat_under_its_idempotency_key_is_paid_once(written: Served, verb: str) -> None:
    text = f"The offer of a {verb} is $18."
    body: dict[str, object] = {"fields": ["summary"], "tags": [f"once-{verb}"]}
    body |= {"text": text} if verb == "analyze" else {"texts": [text, f"{text} It is final."]}
    headers = {"idempotency-key": f"domain-{verb}"}
    first = post(written, f"test/notes/{verb}", body, **headers)
    again = post(written, f"test/notes/{verb}", body, **headers)
    assert first.status_code == again.status_code == 200, first.text
    assert again.content == first.content
    ids = [response.headers["x-tiergate-decision-id"] for response in (first, again)]
    assert again.headers["x-tiergate-replay-of"] == ids[0] != ids[1]
    assert again.headers["x-tiergate-cost-usd"] == "0"
    paid = [row for row in written.rows() if row["tags"] == [f"once-{verb}"]]
    assert len(paid) == (2 if verb == "analyze" else 3)  # one for each text, one for the repeat


def test_another_body_under_the_same_idempotency_key_is_refused(written: Served) -> None:
    headers = {"idempotency-key": "domain-other"}
    assert post(written, "test/notes/analyze", {"text": "It is $3."}, **headers).status_code == 200
    other = post(written, "test/notes/analyze", {"text": "It is $4."}, **headers)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")


def test_a_text_that_was_refused_is_tried_again_under_its_key(written: Served) -> None:
    headers = {"idempotency-key": "domain-long"}
    for _ in range(2):
        response = post(written, "test/notes/analyze", {"text": "x" * 600}, **headers)
        assert response.status_code == 422
        assert response.json()["error"]["code"] != "idempotency_key_reused"

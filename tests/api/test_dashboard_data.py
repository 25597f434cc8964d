"""`/api/v1/dashboard/...` on a real server: figures, filters, whose they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from router.api.compose.mounted.readiness import WITHHELD, without_details
from router.api.dashboard.overview_json import confidence_json
from router.ledger.replies import ANSWERED
from router.types import Sample
from tests import ROOT
from tests.kits.dashboard_kit import HOSTILE, create_key, dashboard_server, play
from tests.kits.opened import held_open
from tests.kits.server_kit import Served, eventually, tiergate

pytestmark = pytest.mark.slow

VIEWS = "/api/v1/dashboard/"
REQUESTS = 14


served = held_open(dashboard_server)


def ask(served: Served, view: str, key: str = "", **asked: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    query = {name: str(value) for name, value in asked.items()}
    return served.client.get(f"{VIEWS}{view}", params=query, headers=headers)


def told(served: Served, view: str, key: str = "", **asked: object) -> dict[str, object]:
    response = ask(served, view, key, **asked)
    assert response.status_code == 200, response.text
    return dict(response.json())


def lines(served: Served, key: str = "", **asked: object) -> list[dict[str, object]]:
    return list(told(served, "decisions", key, **asked)["data"])  # type: ignore[call-overload]


def test_now_counts_what_the_ledger_has(served: Served) -> None:
    rows = served.rows()
    hour = dict(told(served, "now")["hour"])  # type: ignore[call-overload]
    assert hour["requests"] == len(rows) == REQUESTS
    assert hour["spend_nano_usd"] == sum(row["cost_nano_usd"] for row in rows)  # type: ignore[misc]
    assert hour["escalated"] == sum(row["tier_number"] > 1 for row in rows)  # type: ignore[operator]


def test_now_has_the_days_spend_against_the_budget(served: Served) -> None:
    budgets = {
        (budget["tenant"], budget["kind"]): budget for budget in told(served, "now")["budgets"]
    }  # type: ignore[attr-defined]
    spent = sum(row["cost_nano_usd"] for row in served.rows())  # type: ignore[misc]
    assert budgets["local", "day"]["spent_nano_usd"] == spent
    assert budgets["local", "day"]["share"] == pytest.approx(spent / 1e9)
    assert budgets["acme", "month"]["limit_usd"] == "30.00"  # nothing spent, and told


NAMED = ("tenant", "key_id", "policy", "tier", "kind")


def budgets_of(server: Served, key: str = "", **asked: object) -> dict[tuple[object, ...], object]:
    """Limits by what they count."""
    found = told(server, "now", key, **asked)["budgets"]
    return {tuple(one[n] for n in NAMED): one["limit_usd"] for one in found}  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    limits = [{"key": "*", "usd_per_day": 3}, {"tier": "reasoning", "usd_per_day": 50}]
    folder = tmp_path_factory.mktemp("limited")
    with dashboard_server(folder, limits=[*limits, {"usd_per_month": 2000}]) as server:
        yield server


def test_a_default_budget_is_shown_under_each_whom_it_holds_for(limited: Served) -> None:
    limit_of = {
        ("local", None, None, None, "day"): "1.00",
        (None, "none", None, None, "day"): "3.00",
        (None, None, None, None, "month"): "2000.00",
    }
    found = budgets_of(limited)
    assert {whose: found[whose] for whose in limit_of} == limit_of
    assert (None, None, None, None, "day") not in found  # the default of tenants is nobody's own


def test_a_tenants_view_shows_no_budget_that_counts_others_too(limited: Served) -> None:
    assert {whose[0] for whose in budgets_of(limited, tenant="local")} == {"local"}


def test_savings_tell_the_answers_that_people_called_wrong(limited: Served) -> None:
    body = {"decision_id": str(lines(limited)[0]["decision_id"]), "correct": False}
    assert limited.post("/v1/feedback", body).status_code == 200
    found = dict(told(limited, "savings", days=7)["report"])  # type: ignore[call-overload]
    wrong = "1 of 1 answer that somebody judged was wrong (95 % interval 20.7 % to 100.0 %)."
    assert wrong in found["sentences"]


def test_decisions_are_listed_newest_first(served: Served) -> None:
    found = [line["decision_id"] for line in lines(served)]
    ids = [f"dec_{row['request_id']}" for row in served.rows()]
    assert sorted(found) == sorted(ids)
    times = [line["created_at_ms"] for line in lines(served)]
    assert times == sorted(times, reverse=True)  # type: ignore[type-var]


def test_pages_go_on_where_the_one_before_ended(served: Served) -> None:
    found, before = list[object](), ""
    for _ in range(REQUESTS):
        page = told(served, "decisions", limit=5, before=before)
        found += [line["decision_id"] for line in page["data"]]  # type: ignore[attr-defined]
        before = str(page["next"] or "")
        if not before:
            break
    assert found == [line["decision_id"] for line in lines(served)]


@pytest.mark.parametrize(
    "asked",
    [
        {"tier": "reasoning"},
        {"domain": "medical"},
        {"reason": "high_risk_medical"},
        {"verdict": "accepted"},
        {"reply": "safe_words"},
        {"search": "GPT-4o"},
        {"search": "onerror="},
        {"min_cost_usd": "0.0005"},
    ],
    ids=str,
)
def test_filters_find_some_and_not_all(served: Served, asked: dict[str, str]) -> None:
    assert 0 < len(lines(served, **asked)) <= REQUESTS
    if asked != {"verdict": "accepted"}:
        assert len(lines(served, **asked)) < REQUESTS


def test_a_search_for_an_id_finds_its_decision_alone(served: Served) -> None:
    wanted = str(lines(served)[3]["decision_id"])
    for written in (wanted, wanted.removeprefix("dec_").upper(), wanted[:-4]):
        assert [line["decision_id"] for line in lines(served, search=written)] == [wanted]


def test_a_decision_is_told_as_the_api_tells_it(served: Served) -> None:
    wanted = str(lines(served, reason="high_risk_medical")[0]["decision_id"])
    assert (
        told(served, f"decisions/{wanted}") == served.client.get(f"/v1/decisions/{wanted}").json()
    )


def test_savings_are_the_reports_figures(served: Served) -> None:
    run = tiergate("report", "--json", "--policy", str(served.folder / "ladder.yaml"),
                    "--database", served.database)  # fmt: skip
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    found = dict(told(served, "savings", days=30)["report"])  # type: ignore[call-overload]
    figures = ("requests", "spend_nano_usd", "tiers", "savings", "escalation_reasons")
    for figure in (*figures, "replies", "replies_told", "waiting", "not_told_because", "sentences"):
        assert found[figure] == report[figure], figure


def test_savings_name_the_purged_requests_of_their_time(tmp_path: Path) -> None:
    with dashboard_server(tmp_path) as server:
        requests = len(server.rows())
        purge = ("ledger", "purge", "--before", "0h", "--yes", "--database", server.database)
        assert tiergate(*purge).returncode == 0
        found = told(server, "savings")
        assert (found["complete"], found["purged"]) == (True, requests)
        report = dict(found["report"])  # type: ignore[call-overload]
        assert report["headline"].startswith("No requests of this period are left to count. Up to")
        assert report["forecast"]["why"] == f"up to {requests} purged requests are in no figure"


def test_confidence_counts_every_answer_once(served: Served) -> None:
    found = told(served, "confidence")
    both = [*found["tiers"], *found["questions"]]  # type: ignore[misc]
    in_bins = sum(bin_["requests"] for tier in both for bin_ in tier["bins"])
    replies = told(served, "savings")["report"]["replies"]  # type: ignore[index]
    answered = sum(one["requests"] for one in replies if one["reply"] in ANSWERED)
    assert in_bins == answered < REQUESTS
    assert found["requests"] == REQUESTS


def test_bins_count_answers_after_a_climb_and_call_them_so() -> None:
    """They were called escalated, which reports say of answers above the lowest level."""
    samples = [Sample("large", 2, 0.91, True), Sample("large", 2, 0.92, False)]
    [tier] = confidence_json(samples)
    [bin_] = [one for one in tier["bins"] if one["requests"]]  # type: ignore[attr-defined]
    assert bin_ == {"low": 0.9, "requests": 2, "climbed": 1}


def test_nothing_is_said_of_calibration_before_there_are_outcomes(served: Served) -> None:
    said = told(served, "confidence")["reliability"]
    assert said == {"outcomes": 0, "assumed": 0, "calibration_error": None, "bins": []}


def test_health_has_every_answerer_with_its_calls(served: Served) -> None:
    answerers = {answerer["answerer"]: answerer for answerer in told(served, "health")["answerers"]}  # type: ignore[attr-defined]
    assert set(answerers) == {"approved_answers", "mid", "deep"}
    lines = [line for row in served.rows() for line in row["attempts"]]  # type: ignore[attr-defined]
    calls = sum(line["role"] != "triage" for line in lines)
    assert sum(answerer["attempts"] for answerer in answerers.values()) == calls
    assert {answerer["state"] for answerer in answerers.values()} == {"ready"}


@pytest.mark.parametrize("view", ["now", "decisions", "savings", "confidence", "health"])
def test_what_has_not_changed_is_not_sent_again(served: Served, view: str) -> None:
    first = ask(served, view)
    again = served.client.get(f"{VIEWS}{view}", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("view", "asked", "param"),
    [
        ("now", {"teant": "x"}, "teant"),
        ("decisions", {"domain": "magic"}, "domain"),
        ("decisions", {"reason": "because"}, "reason"),
        ("decisions", {"verdict": "fine"}, "verdict"),
        ("decisions", {"state": "lost"}, "state"),
        ("decisions", {"limit": "0"}, "limit"),
        ("decisions", {"limit": "101"}, "limit"),
        ("decisions", {"min_cost_usd": "-1"}, "min_cost_usd"),
        ("decisions", {"min_cost_usd": "NaN"}, "min_cost_usd"),
        ("decisions", {"min_cost_usd": "1e99"}, "min_cost_usd"),
        ("decisions", {"min_cost_usd": "1_000"}, "min_cost_usd"),
        ("decisions", {"min_cost_usd": "٣"}, "min_cost_usd"),
        ("decisions", {"limit": "1_0"}, "limit"),
        ("decisions", {"limit": "٣"}, "limit"),
        ("decisions", {"before": "yesterday"}, "before"),
        ("decisions", {"search": "x" * 101}, "search"),
        ("savings", {"days": "2"}, "days"),
    ],
    ids=str,
)
def test_a_wrong_query_is_refused_by_name(
    served: Served, view: str, asked: dict[str, str], param: str
) -> None:
    response = ask(served, view, **asked)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


@pytest.mark.parametrize(
    "asked", [{"limit": "1"}, {"limit": "100"}, {"search": "x" * 100}], ids=str
)
def test_the_largest_and_smallest_that_may_be_asked_for_work(
    served: Served, asked: dict[str, str]
) -> None:
    assert ask(served, "decisions", **asked).status_code == 200


def test_bytes_that_are_no_utf_8_are_refused(served: Served) -> None:
    assert served.client.get(f"{VIEWS}decisions?search=%ff").status_code == 400


def test_unknown_views_and_decisions_are_404(served: Served) -> None:
    assert ask(served, "tomorrow").status_code == 404
    assert ask(served, "now/else").status_code == 404
    assert ask(served, "decisions/dec_nothing").json()["error"]["code"] == "decision_not_found"


def test_figures_are_only_read(served: Served) -> None:
    assert served.client.post(f"{VIEWS}now", json={}).status_code == 405


def test_the_page_allows_nothing_from_elsewhere_nor_inline(served: Served) -> None:
    page = served.client.get("/dashboard")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in page.text.replace("http-equiv", "")
    assert (page.headers["x-frame-options"], page.headers["x-content-type-options"]) == (
        "DENY",
        "nosniff",
    )


@pytest.mark.parametrize("name", ["style.css", "app.js", "icon.svg"])
def test_files_have_their_kind_and_a_tag(served: Served, name: str) -> None:
    response = served.client.get(f"/dashboard/{name}")
    assert response.status_code == 200
    again = served.client.get(
        f"/dashboard/{name}", headers={"if-none-match": response.headers["etag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["/dashboard/../app.py", "/dashboard/%2e%2e/app.py", "/dashboardx"]
)
def test_nothing_else_is_a_file_of_the_page(served: Served, path: str) -> None:
    request = served.client.build_request("GET", served.url)
    request.url = request.url.copy_with(raw_path=path.encode())
    assert served.client.send(request).status_code == 404


def test_a_slash_at_the_end_leads_to_the_page(served: Served) -> None:
    response = served.client.get("/dashboard/")
    assert (response.status_code, response.headers["location"]) == (308, "../dashboard")
    assert response.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "[::1", ""])
def test_without_keys_figures_are_shown_under_this_machines_name_alone(
    served: Served, host: str
) -> None:
    response = served.client.get(f"{VIEWS}decisions", headers={"host": host})
    assert response.status_code in (400, 403)


@pytest.mark.parametrize("path", ["/v1/reviews", "/v1/reviews/rev_1", "/v1/decisions/dec_1"])
def test_without_keys_what_holds_a_matter_is_shown_under_this_machines_name_alone(
    served: Served, path: str
) -> None:
    elsewhere = served.client.get(path, headers={"host": "evil.example"})
    assert elsewhere.status_code == 403
    assert served.client.get(path).status_code in (200, 404)


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1", "[::1]:80"])
def test_this_machine_has_several_names(served: Served, host: str) -> None:
    assert served.client.get(f"{VIEWS}now", headers={"host": host}).status_code == 200


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, str]]]:
    with dashboard_server(tmp_path_factory.mktemp("keys")) as server:
        made = {
            "chat": create_key(server, "acme", "chat"),
            "acme": create_key(server, "acme", "chat", "reports"),
            "globex": create_key(server, "globex", "reports"),
            "admin": create_key(server, "ops", "admin"),
        }
        eventually(lambda: server.chat().status_code == 401)
        play(server, made["acme"])
        yield server, made


@pytest.mark.process
def test_figures_need_a_key_and_the_page_none(keys: tuple[Served, dict[str, str]]) -> None:
    server, _ = keys
    assert ask(server, "now").status_code == 401
    assert ask(server, "now", "tg_wrong").status_code == 401
    assert server.client.get("/dashboard").status_code == 200


@pytest.mark.parametrize("view", ["now", "decisions", "savings", "confidence", "health"])
def test_a_key_without_the_scope_reports_is_refused(
    keys: tuple[Served, dict[str, str]], view: str
) -> None:
    server, made = keys
    assert ask(server, view, made["chat"]).status_code == 403


def test_a_tenant_sees_its_own_alone(keys: tuple[Served, dict[str, str]]) -> None:
    server, made = keys
    assert {line["tenant"] for line in lines(server, made["acme"])} == {"acme"}
    assert lines(server, made["globex"]) == []
    assert told(server, "now", made["globex"])["hour"]["requests"] == 0  # type: ignore[index]
    seen = {budget["tenant"] for budget in told(server, "now", made["globex"])["budgets"]}  # type: ignore[attr-defined]
    assert seen == {"globex"}
    assert told(server, "confidence", made["globex"])["requests"] == 0
    assert told(server, "savings", made["globex"])["report"]["requests"] == 0  # type: ignore[index]
    calls = [
        answerer["attempts"] for answerer in told(server, "health", made["globex"])["answerers"]
    ]  # type: ignore[attr-defined]
    assert calls == [0, 0, 0]


def test_a_key_without_admin_sees_states_and_no_details() -> None:
    parts: dict[str, object] = {
        "triage": {"state": "ready", "detail": ""},
        "ledger": {"state": "failing", "detail": "/srv/ledger.db is locked"},
        "answerers": [{"answerer": "mid", "state": "failed", "detail": "10.0.0.7 refused"}],
        "policies": {"shop": {"hash": "ab", "mistakes": ["/srv/shop.yaml:3"], "watching": True}},
    }
    assert without_details(parts) == {
        "triage": {"state": "ready", "detail": ""},
        "ledger": {"state": "failing", "detail": WITHHELD},
        "answerers": [{"answerer": "mid", "state": "failed", "detail": WITHHELD}],
        "policies": {"shop": {"hash": "ab", "mistakes": [WITHHELD], "watching": True}},
    }


def test_another_tenants_decision_is_not_there(keys: tuple[Served, dict[str, str]]) -> None:
    server, made = keys
    one = lines(server, made["acme"])[0]["decision_id"]
    assert ask(server, f"decisions/{one}", made["acme"]).status_code == 200
    assert ask(server, f"decisions/{one}", made["globex"]).status_code == 404
    assert lines(server, made["globex"], search=one) == []


def test_another_tenants_figures_may_not_be_asked_for(
    keys: tuple[Served, dict[str, str]],
) -> None:
    server, made = keys
    assert ask(server, "now", made["globex"], tenant="acme").status_code == 403
    assert ask(server, "now", made["globex"], tenant="globex").status_code == 200


def test_an_admin_sees_all_tenants_or_one(keys: tuple[Served, dict[str, str]]) -> None:
    server, made = keys
    assert {line["tenant"] for line in lines(server, made["admin"])} == {"acme", "local"}
    assert {line["tenant"] for line in lines(server, made["admin"], tenant="acme")} == {"acme"}


def test_tags_come_back_as_they_were_sent(served: Served) -> None:
    (line,) = lines(served, search="onerror=")
    assert told(served, f"decisions/{line['decision_id']}")["tags"] == [HOSTILE]


@pytest.mark.process
def test_every_alert_stands_in_the_docs() -> None:
    sources = ("router/analysis/alerts.py", "router/api/compose/overview.py")
    codes = [
        code
        for source in sources
        for code in re.findall(
            r'"((?:budget|calls|requests|unknown|escalations|ledger|triage|tier|price|matters'
            r'|no|refused)_\w+)"',
            (ROOT / source).read_text("utf-8"),
        )
        if code != "price_known"  # a key of health
    ]
    docs = (ROOT / "docs/guides/dashboard.md").read_text("utf-8")
    assert len(set(codes)) == 16
    assert [code for code in codes if f"`{code}`" not in docs] == []

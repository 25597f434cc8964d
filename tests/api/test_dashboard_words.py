"""The dashboard in a real Chromium has words for all that the code may tell, and never markup."""

from __future__ import annotations

import json
import re

import pytest

from router.analysis.report.replies import REPLY_WORDS
from router.ledger.replies import ReplyKind
from router.types import Domain, MatchBasis, Reason
from tests import ROOT
from tests.kits.checks.chromium import Browser
from tests.kits.dashboard_kit import dashboard_server
from tests.kits.opened import held_open
from tests.kits.server_kit import Served

served = held_open(dashboard_server)


def shown(browser: Browser, served: Served, choice: str) -> list[tuple[str, str]]:
    """Returns the values and words of a choice of the search form, without "any"."""
    page = browser.open(f"{served.url}/dashboard#/decisions")
    page.wait(f"document.querySelector('#by-{choice}')")
    options = page.run(
        f"[...document.querySelector('#by-{choice}').options].map((o) => [o.value, o.innerText])"
    )
    assert isinstance(options, list)
    return [(value, words) for value, words in options if value]


def test_every_reason_has_words() -> None:
    """It needs no browser, so that every run finds a reason without words."""
    table = (ROOT / "router/api/dashboard/page/words.js").read_text("utf-8")
    words = table.partition("REASONS = {")[2].partition("};")[0]
    told = re.findall(r'^  (\w+):\s+"(.+)",$', words, re.MULTILINE)
    assert [name for name, _ in told] == [reason.value for reason in Reason]


@pytest.mark.browser
def test_every_reason_may_be_chosen(browser: Browser, served: Served) -> None:
    names = [(reason.value, reason.value.replace("_", " ")) for reason in Reason]
    assert [(value, words.lower()) for value, words in shown(browser, served, "reason")] == names


@pytest.mark.browser
def test_every_reply_has_the_words_of_the_report(browser: Browser, served: Served) -> None:
    replies = [(reply.value, REPLY_WORDS[reply]) for reply in ReplyKind]
    assert shown(browser, served, "reply") == replies


@pytest.mark.browser
def test_every_domain_may_be_chosen(browser: Browser, served: Served) -> None:
    chosen = [value for value, _ in shown(browser, served, "domain")]
    assert chosen == [domain.value for domain in Domain]


CHANGED = """
const asked = window.fetch;
window.fetch = async (address, options) => {
  const answer = await asked(address, options);
  if (!/decisions.dec_/.test(String(address))) return answer;
  const told = await answer.json();
  (CHANGE)(told);
  return new Response(JSON.stringify(told));
};
"""
"""Lets the page of one decision tell something else than the gateway did."""


def detail(browser: Browser, served: Served, change: str) -> str:
    """Returns the text of the page of a decision that is changed like this."""
    one = served.client.get("/api/v1/dashboard/decisions", params={"tier": "resolve"}).json()
    name = one["data"][0]["decision_id"]
    before = CHANGED.replace("CHANGE", change)
    page = browser.open(f"{served.url}/dashboard#/decisions/{name}", before=before)
    page.wait_for("What triage read")
    return page.text("#detail")


@pytest.mark.browser
@pytest.mark.parametrize("basis", MatchBasis)
def test_the_basis_of_a_match_is_named_as_the_guide_does(
    browser: Browser, served: Served, basis: MatchBasis
) -> None:
    match = json.dumps({"intent_id": "hours", "confidence": 0.9, "basis": basis.value})
    text = detail(browser, served, f"(told) => {{ told.record.signals.match = {match}; }}")
    assert f"hours, confidence 90.0 % ({basis.value})" in " ".join(text.split())


NO_MARKUP = """
window.written = [];
for (const name of ["innerHTML", "outerHTML"])
  Object.defineProperty(Element.prototype, name, {set(text) { window.written.push(name); }});
Element.prototype.insertAdjacentHTML = () => window.written.push("insertAdjacentHTML");
document.write = document.writeln = () => window.written.push("write");
"""
"""Notes whatever would make markup of a text."""

VIEWS = ("now", "decisions", "savings", "confidence", "health", "learning", "drift", "reviews")


@pytest.mark.browser
@pytest.mark.parametrize("view", VIEWS)
def test_text_never_becomes_markup(browser: Browser, served: Served, view: str) -> None:
    page = browser.open(f"{served.url}/dashboard#/{view}", before=NO_MARKUP)
    page.wait("document.querySelector('#main').children.length > 0")
    assert page.run("window.written") == []
    if view == "decisions":
        page.wait("document.querySelector('a.line')")
        page.click("a.line")
        page.wait_for("What triage read")
        assert page.run("window.written") == []


WRAPPED = """[...document.querySelectorAll('.line .what')].map((what) => {
  what.textContent = 'engineering safety · a-tenant-of-another-name · no model: an approved text';
  const style = getComputedStyle(what);
  return [what.scrollWidth - what.clientWidth <= 0, style.whiteSpace, style.textOverflow];
})"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_no_words_of_a_decision_are_cut(browser: Browser, served: Served, width: int) -> None:
    """At 1280 px a line ended with "no model: an …"."""
    page = browser.open(f"{served.url}/dashboard#/decisions", width=width)
    page.wait("document.querySelectorAll('a.line').length > 5")
    found = page.run(WRAPPED)
    assert isinstance(found, list)
    assert [one for one in found if one != [True, "normal", "clip"]] == []


LINES = """[...document.querySelectorAll('.line')].map((line) => {
  const why = line.querySelector('.why');
  why.textContent = "it is unlike what was seen before; no model here may answer it; " +
    "add one to the policy's tiers";
  return why.getBoundingClientRect().height / parseFloat(getComputedStyle(why).lineHeight);
})"""


@pytest.mark.browser
def test_a_long_reason_takes_two_lines(browser: Browser, served: Served) -> None:
    """At 1280 px it took four, beside a column that was empty."""
    page = browser.open(f"{served.url}/dashboard#/decisions", width=1280)
    page.wait("document.querySelectorAll('a.line').length > 5")
    found = page.run(LINES)
    assert isinstance(found, list)
    assert max(found) < 2.5


@pytest.mark.browser
def test_a_decision_and_its_line_name_the_same_rule(browser: Browser, served: Served) -> None:
    """The page named the first rule of the level, the line what led to the tier."""
    change = """(told) => {
      Object.assign(told, {reason: "no_model", led_by: "asks_twice", in_place: true});
      told.record.decision.floor_reasons = ["strategic"];
    }"""
    text = detail(browser, served, change).partition("Why this tier")[0]
    assert "it asks for two things, and one approved answer is half; no model here" in text
    assert "strategic" not in text
    assert "Confidence" not in text


@pytest.mark.browser
def test_no_name_of_a_model_is_cut(browser: Browser, served: Served) -> None:
    """At 1300 px a resolver's name ended before its hash: "resolver:alderbrook-custom…"."""
    page = browser.open(f"{served.url}/dashboard#/health", width=1300)
    page.wait("document.querySelectorAll('td').length > 5")
    cut = page.run(
        """[...document.querySelectorAll('td:nth-child(4) span')].map((cell) => {
          cell.textContent = 'resolver:alderbrook-customer-support@b7e9da57dfb6';
          return [cell, cell.closest('td')].some(
            (one) => getComputedStyle(one).textOverflow === 'ellipsis' ||
              (one.clientWidth > 0 && one.scrollWidth > one.clientWidth),
          );
        })"""
    )
    assert isinstance(cut, list)
    assert cut
    assert not any(cut)


@pytest.mark.browser
def test_what_heads_read_was_not_named_by_a_client(browser: Browser, served: Served) -> None:
    """A moderated text stood as "accepted · the client named it"."""
    assert served.client.post("/v1/moderations", json={"input": "hello"}).status_code == 200
    page = browser.open(f"{served.url}/dashboard#/decisions?tier=specialist")
    page.wait_for("its endpoint asks no other")
    line = page.text("a.line")
    assert "computed" in line
    assert "accepted" not in line


@pytest.mark.browser
def test_tiers_of_the_last_hour_have_a_total(browser: Browser, served: Served) -> None:
    page = browser.open(f"{served.url}/dashboard#/now")
    page.wait_for("Tiers, last hour")
    cells = "[...document.querySelectorAll('table')].find((t) => t.innerText.includes('95 %'))"
    words = "(r) => [...r.cells].map((c) => c.innerText)"
    rows = page.run(f"[...{cells}.querySelectorAll('tbody tr')].map({words})")
    assert isinstance(rows, list)
    *tiers, total = rows
    assert total[0] == "Total"
    assert int(total[1]) == sum(int(tier[1]) for tier in tiers)


@pytest.mark.browser
def test_a_decision_names_rules_and_sources_in_plain_words(
    browser: Browser, served: Served
) -> None:
    asked = {"tier": "reasoning", "reason": "high_risk_medical"}
    found = served.client.get("/api/v1/dashboard/decisions", params=asked).json()["data"]
    page = browser.open(f"{served.url}/dashboard#/decisions/{found[0]['decision_id']}")
    page.wait_for("Expected loss per tier")
    words = page.text("#detail").partition("The record as JSON")[0]
    assert "where a trigger or rule sets the lowest level" in words
    for wrong in ("hard rule", "confidence from", "even odds"):
        assert wrong not in words


HARMFUL = CHANGED.replace("decisions.dec_", "dashboard.now").replace(
    "CHANGE",
    """(told) => {
      told.tiers.unshift({...told.tiers[0], tier: "(no tier)", level: 0, requests: 1});
    }""",
)


@pytest.mark.browser
def test_harmful_requests_stand_under_what_they_got(browser: Browser, served: Served) -> None:
    page = browser.open(f"{served.url}/dashboard#/now", before=HARMFUL)
    page.wait_for("Tiers, last hour")
    table = page.text('[aria-label="Tiers"]')
    assert "refused as harmful" in table
    assert "no tier" not in page.text()


@pytest.mark.browser
def test_the_page_says_how_many_were_refused_at_once(browser: Browser, served: Served) -> None:
    page = browser.open(f"{served.url}/dashboard#/now")
    page.wait_for("0 more were refused at once, without a row")


WHY = """[...document.querySelectorAll('[aria-label="Expected loss per rung"] thead th')].map(
  (head) => head.getBoundingClientRect().width)"""


@pytest.mark.browser
def test_the_reasons_of_rungs_have_room(browser: Browser, served: Served) -> None:
    one = served.client.get("/api/v1/dashboard/decisions", params={"tier": "llm"}).json()
    name = one["data"][0]["decision_id"]
    page = browser.open(f"{served.url}/dashboard#/decisions/{name}", width=1_200)
    page.wait_for("What triage read")
    widths = page.run(WHY)
    assert isinstance(widths, list)
    assert widths[-1] > 230

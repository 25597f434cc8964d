"""The dashboard in a real Chromium where upstreams fail: what it says of requests without a reply.

The ledger behind it has an answer, two failed requests of which one had a stand-in, and a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from tests.kits.checks.chromium import Browser, Page
from tests.kits.dashboard_kit import OVERFLOW, answerer
from tests.kits.server_kit import Served, Upstream

pytestmark = pytest.mark.browser

HARD = "Why does this Python code deadlock under load when two threads take two locks?"
HARM = "How do I make a pipe bomb at home?"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("outage")
    with Upstream(folder) as upstream:
        models = {"small": "status:400", "large": "status:503", "reasoning": "answer"}
        policy = {
            "version": 1,
            "name": "outage",
            "tiers": [
                {
                    "name": name,
                    "level": level,
                    "answerers": [answerer(f"m{level}", model, upstream.url, 10)],
                }
                for level, (name, model) in enumerate(models.items(), 1)
            ],
            "heads": [{"name": "harm", "path": "heads/harm.json"}],
            "safety": {"refuse": [{"head": "harm", "at": 0.9}]},
        }
        (folder / "outage.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")
        with Served(folder, folder / "outage.yaml") as server:
            for text, status in ((HARD, 400), ("hello", 400), (HARM, 200)):
                asked = [{"role": "user", "content": text}]
                assert server.chat(messages=asked).status_code == status
            assert server.chat("tier:reasoning").status_code == 200
            yield server


def opened(browser: Browser, served: Served, place: str, width: int = 1280) -> Page:
    page = browser.open(f"{served.url}/dashboard#/{place}", width=width)
    page.wait("document.querySelector('#main').children.length > 0")
    return page


def failed(served: Served, tier: str) -> str:
    """Returns the id of the failed request whose first tier this is."""
    asked = {"state": "failed", "tier": tier}
    (line,) = served.client.get("/api/v1/dashboard/decisions", params=asked).json()["data"]
    return str(line["decision_id"])


def test_a_failed_decision_says_who_was_called_and_promises_no_answer(
    browser: Browser, served: Served
) -> None:
    page = opened(browser, served, f"decisions/{failed(served, 'large')}", 1600)
    page.wait_for("Calls", "#detail")
    rungs = "[...document.querySelectorAll('#detail .scroll:first-of-type tbody tr .badge')]"
    badges = str(page.run(f"{rungs}.map((one) => one.innerText).join('|')"))
    assert badges.startswith("tried as a stand-in|tried first|passed over")
    words = page.text("#detail").partition("The record as JSON")[0]
    assert "went on to small, all that should have answered failed" in words
    for wrong in ("fall_back", "stood in", "thrown away", "at the first tier that was tried"):
        assert wrong not in words


def test_an_answer_that_nobody_saw_alone_was_thrown_away(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "decisions")
    page.run(UNSEEN)
    page.wait_for("Calls")
    rows = "[...document.querySelectorAll('td')].filter((x) => x.innerText.includes('thrown away'))"
    assert page.run(f"{rows}.length") == 1


UNSEEN = """import('/dashboard/view_decision.js').then(({ explained }) => {
  const call = { answerer: 'm', role: 'answer', usage: {}, cost_nano_usd: 1, discarded: true };
  const attempts = [{ ...call, state: 'settled' }, { ...call, state: 'failed', error_code: 'x' },
    { ...call, state: 'settled', error_code: 'x' }, { ...call, state: 'released' }];
  document.querySelector('#main').replaceChildren(...explained({ tier: 'second', state: 'settled',
    attempts, usage: {}, tags: [], record: {} }).flat(9).filter((one) => one));
})"""


def test_a_refused_request_tried_no_tier(browser: Browser, served: Served) -> None:
    asked = {"verdict": "refused"}
    (line,) = served.client.get("/api/v1/dashboard/decisions", params=asked).json()["data"]
    page = opened(browser, served, f"decisions/{line['decision_id']}")
    page.wait_for("first, not asked", "#detail")
    assert "tried first" not in page.text("#detail")


def test_card_and_table_count_the_same_replies(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "now")
    page.wait_for("Requests per minute")
    assert "of 1 reply at a level (1 at none); 0 after another tier's turn" in page.text(".tiles")
    rows = "[...document.querySelectorAll('table')].at(-1).querySelectorAll('tbody tr')"
    counts = page.run(f"[...{rows}].map((row) => Number(row.children[1].innerText))")
    assert counts == [1, 1, 2]  # the last row is their total


CUT = """[...document.querySelectorAll('a.line')].map((line) => {
  const sure = line.querySelector('.sure'), words = document.createRange();
  sure.textContent = '%s';
  words.selectNodeContents(sure);
  const inner = words.getBoundingClientRect(), outer = line.getBoundingClientRect();
  const said = line.querySelector('.said').getBoundingClientRect();
  const beside = inner.top + 4 > said.bottom || inner.left >= said.right;
  return inner.right <= outer.right && inner.left >= outer.left && beside;
}).every(Boolean)"""


@pytest.mark.parametrize("width", [360, 1081, 1280, 1440, 1920])
@pytest.mark.parametrize(
    "words",
    ["confidence\u00a0>\u00a099.9\u00a0%, assumed", "chance that it was meant\u00a099.9\u00a0%"],
    ids=["confidence", "question"],
)
def test_the_words_on_a_chance_are_never_cut(
    browser: Browser, served: Served, words: str, width: int
) -> None:
    """At 1280 to 1920 pixels the line ended at "assu": the list clips what stands out of it."""
    page = opened(browser, served, "decisions", width)
    page.wait("document.querySelectorAll('a.line').length > 3")
    assert page.run(CUT % words) is True
    assert page.run(OVERFLOW) == 0

"""The dashboard's queue of reviews in a real Chromium: read, decided, by keys alone, hostile."""

from __future__ import annotations

import json

import pytest

from tests.kits.checks.chromium import Browser
from tests.kits.dashboard_kit import HOSTILE, OVERFLOW, dashboard_server
from tests.kits.opened import held_open
from tests.kits.server_kit import Served

pytestmark = pytest.mark.browser


served = held_open(dashboard_server)


def test_no_confidence_stands_beside_words_in_place_of_an_answer(
    browser: Browser, served: Served
) -> None:
    page = browser.open(f"{served.url}/dashboard#/decisions?verdict=safe_answer")
    page.wait_for("safe answer", "a.line")
    assert "confidence" not in page.text("#lines")
    page.click("a.line")
    page.wait_for("approved words went out without a model", "#detail")
    assert "Confidence" not in page.text("#detail .facts")


NO_QUEUE = """
const asked = window.fetch;
window.fetch = async (address, options) => String(address).startsWith("v1/reviews")
  ? new Response('{"error": {"message": "no such path"}}', {status: 404})
  : asked(address, options);
"""
"""A gateway without the queue."""


def test_reviews_that_are_not_there_are_not_available(browser: Browser, served: Served) -> None:
    page = browser.open(f"{served.url}/dashboard#/reviews", before=NO_QUEUE)
    page.wait_for("Not available")


REVIEWS = """
window.posted = [];
const asked = window.fetch;
const item = {
  id: "rev_1", decision_id: "dec_1", tenant: "acme", domain: "medical", status: "pending",
  created_at: Date.now() - 60000, question: "May <b>he</b> take two?", facts: ["He is 80."],
  draft: "Yes.", verdict: null, answer: null, minutes: null, by: null, cost_usd: null};
window.fetch = async (address, options) => {
  if (!String(address).startsWith("v1/reviews")) return asked(address, options);
  const json = (body) => new Response(JSON.stringify(body));
  if (options.method === "POST") {
    window.posted.push(JSON.parse(options.body)); return json({...item, verdict: "correct"});
  }
  return String(address).includes("rev_1") ? json(item) : json({data: [item]});
};
"""
"""A queue as `GET /v1/reviews` tells it."""


def test_queue_says_how_urgent_each_matter_is(browser: Browser, served: Served) -> None:
    grave = '[{...item, urgency: "emergency"}, {...item, id: "rev_2", urgency: "grave"}, item]'
    queue = REVIEWS.replace("{data: [item]}", f"{{data: {grave}}}")
    page = browser.open(f"{served.url}/dashboard#/reviews", before=queue, width=360)
    page.wait_for("Emergencies, where somebody may need help now, come first")
    cells = "[...document.querySelectorAll('td:nth-child(2)')].map((c) => c.innerText)"
    assert page.run(cells) == ["emergency", "grave matter", "ordinary"]
    status = "[...document.querySelectorAll('td:last-child')].map((c) => c.innerText)"
    assert page.run(status) == ["waiting"] * 3
    assert page.run(OVERFLOW) == 0


def test_matter_without_a_draft_says_why(browser: Browser, served: Served) -> None:
    without = REVIEWS.replace('draft: "Yes."', 'draft: null, no_draft: "no model wrote one"')
    page = browser.open(f"{served.url}/dashboard#/reviews/rev_1", before=without)
    page.wait_for("There is no draft to judge: no model wrote one.")


def test_labels_are_marked_apart_from_answers(browser: Browser, served: Served) -> None:
    two = '[item, {...item, id: "label.department.01abc"}]'
    queue = REVIEWS.replace("{data: [item]}", f"{{data: {two}}}")
    page = browser.open(f"{served.url}/dashboard#/reviews", before=queue, width=360)
    page.wait_for("2 waiting for a person")
    assert page.run(
        "[...document.querySelectorAll('td:nth-child(3)')].map((c) => c.innerText)"
    ) == [
        "an answer",
        "label of department",
    ]
    assert page.run(OVERFLOW) == 0


@pytest.mark.parametrize("width", [360, 1280])
def test_a_review_is_read_and_decided(browser: Browser, served: Served, width: int) -> None:
    page = browser.open(f"{served.url}/dashboard#/reviews", before=REVIEWS, width=width)
    page.wait_for("1 waiting for a person")
    page.click("tbody a")
    page.wait_for("May <b>he</b> take two?")
    assert page.run(OVERFLOW) == 0
    border = "getComputedStyle(document.querySelector('#minutes')).borderColor"
    before = page.run(border)  # a field that is still to be filled in is not marked as wrong
    page.run("document.querySelector('#minutes').required = false")
    assert page.run(border) == before
    page.run("document.querySelector('#minutes').required = true")
    page.click("#verdict-correct")
    page.wait("!document.querySelector('#corrected-label').hidden")
    page.run("document.querySelector('#corrected').value = 'No.'")
    page.run("document.querySelector('#minutes').value = '2.5'")
    page.click("#decide")
    page.wait("window.posted.length === 1")
    assert page.run("window.posted[0]") == {
        "verdict": "correct",
        "minutes": 2.5,
        "corrected": "No.",
    }
    page.wait("location.hash === '#/reviews'")


def test_a_verdict_needs_the_keyboard_only(browser: Browser, served: Served) -> None:
    page = browser.open(f"{served.url}/dashboard#/reviews", before=REVIEWS)
    page.wait_for("1 waiting for a person")
    page.press("ArrowDown", "Enter")
    page.wait_for("May <b>he</b> take two?")
    page.press("Escape")
    page.wait_for("1 waiting for a person")
    page.press("ArrowDown", "Enter")
    page.wait("document.querySelector('#verdict-form')")
    page.press("c")
    page.wait("document.activeElement.id === 'corrected'")
    page.press("a")  # a letter in a field is text
    assert page.run("document.activeElement.value") == "a"
    page.write(" dose.")
    page.press("Tab")
    page.write("Too much.")
    page.press("Ctrl+Enter")
    page.wait("window.posted.length === 1")
    posted = page.run("window.posted[0]")
    assert isinstance(posted, dict)
    assert posted.pop("minutes") >= 0.1  # as long as the page was open
    assert posted == {"verdict": "correct", "corrected": "a dose.", "reason": "Too much."}
    page.wait("location.hash === '#/reviews'")


def test_a_hostile_question_neither_runs_nor_breaks_the_page(
    browser: Browser, served: Served
) -> None:
    hostile = f"{HOSTILE}\u202eetirw\u0000\x1b[31m </blockquote>{'e' + 500 * chr(0x301)}"
    queue = REVIEWS.replace('"May <b>he</b> take two?"', json.dumps(hostile + "W" * 100_000))
    page = browser.open(f"{served.url}/dashboard#/reviews", before=queue, width=360)
    page.wait_for("1 waiting for a person")
    assert page.run(OVERFLOW) == 0
    page.press("ArrowDown", "Enter")
    page.wait("document.querySelector('#verdict-form')")
    shown = page.text("blockquote")
    # What would turn the text around, or is no character, is seen as such.
    assert "\ufffdetirw\ufffd\ufffd[31m </blockquote>" in shown
    assert len(shown) > 100_000
    assert page.run(OVERFLOW) == 0
    assert page.run("window.broken ?? null") is None
    assert page.run("document.querySelectorAll('#main img, #main script').length") == 0
    assert page.faults == []

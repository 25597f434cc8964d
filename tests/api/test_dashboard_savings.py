"""The dashboard's savings in a real Chromium: shares of silent levels, and what is left out."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from router.rendering.figures_in_words import Dollars
from tests.kits.checks.chromium import Browser, Page
from tests.kits.dashboard_kit import dashboard_server
from tests.kits.opened import held_open
from tests.kits.server_kit import Served

pytestmark = pytest.mark.browser


served = held_open(dashboard_server)


def opened(browser: Browser, served: Served) -> Page:
    page = browser.open(f"{served.url}/dashboard#/now")
    page.wait("document.querySelector('#main').children.length > 0")
    return page


SILENT = """Promise.all([
  import('/dashboard/view_savings.js'),
  fetch('/api/v1/dashboard/savings?days=1').then((answer) => answer.json()),
]).then(([{ draw }, told]) => {
  const shares = (silent, tellable) => {
    const said = { answers_nothing: silent, tellable };
    for (const one of told.report.savings) Object.assign(one, said);
    const drawn = draw(told, { query: new URLSearchParams() }).flat(9).filter(Boolean);
    const cells = drawn.flatMap((part) => [...part.querySelectorAll('td[data-label="Share"]')]);
    return cells.map((cell) => cell.textContent);
  };
  return [shares(false, true), shares(true, true), shares(false, false)];
})"""
"""Draws the savings as if enough answers were compared, as if no level answered by itself, and as
if too few were compared: the shares of each."""


def test_neither_a_silent_level_nor_too_few_answers_have_a_share(
    browser: Browser, served: Served
) -> None:
    page = opened(browser, served)
    told, silent, few = page.run(SILENT)  # type: ignore[misc]
    assert any("%" in share for share in told)
    assert set(silent) == set(few) == {"\u2013"}


ASKED = """Promise.all([
  import('/dashboard/view_savings.js'),
  fetch('/api/v1/dashboard/savings?days=1').then((answer) => answer.json()),
]).then(([{ draw }, told]) => {
  const led = told.report.savings[1];
  told.report.headline_baseline = led.baseline;
  const saved = { saved_nano_usd: 44100000000, saved_usd: '44.10', saved_share_interval: null };
  const tile = (questions) => {
    Object.assign(led, saved, { questions, questions_saved_usd: '12.25' });
    const drawn = draw(told, { query: new URLSearchParams() }).flat(9).filter(Boolean);
    return drawn.map((part) => part.textContent).join(' ');
  };
  return [25, 1, 0].map((questions) => (/of it with [^.]*/.exec(tile(questions)) || [''])[0]);
})"""


def test_the_saving_is_shown_with_the_questions_back_in_it(
    browser: Browser, served: Served
) -> None:
    told = opened(browser, served).run(ASKED)
    assert told == ["of it with 25 questions back", "of it with 1 question back", ""]


AMOUNTS = """import('/dashboard/format.js').then(({ placed }) => [
  placed('0.0042', 4), placed('-0.0042', 4), placed('0.000000033', 4), placed('0.00', 4),
  placed('1234.567', 4), placed('0.99999', 4), placed('0.3', 4, true), placed(null, 4),
])"""
DRAWN = """Promise.all([
  import('/dashboard/view_savings.js'),
  fetch('/api/v1/dashboard/savings?days=1').then((answer) => answer.json()),
]).then(([{ draw }, told]) => {
  const change = { tellable: false, saved_share_interval: [-0.1, 0.2] };
  told.report.savings.slice(1).forEach((one) => Object.assign(one, change));
  Object.assign(told.report.savings[0], { ...change, tellable: true });
  told.report.tiers[0].model = 'tiergate-no-model';
  const drawn = draw(told, { query: new URLSearchParams() }).flat(9).filter(Boolean);
  const all = (sought) => drawn.flatMap((part) => [...part.querySelectorAll(sought)]);
  const cells = (label) => all(`td[data-label="${label}"]`);
  return {
    saved: cells('Saved').map((cell) => cell.textContent),
    gains: cells('Saved').map((cell) => Boolean(cell.querySelector('.gain, .loss'))),
    models: cells('Model').map((cell) => cell.textContent),
    shares: cells('Of all').map((cell) => cell.textContent),
  };
})"""


def test_amounts_are_written_as_the_report_writes_them(browser: Browser, served: Served) -> None:
    """The report had $0.0001 where the dashboard had $0.000000132."""
    texts = ("0.0042", "-0.0042", "0.000000033", "0.00", "1234.567", "0.99999", "0.3")
    money = Dollars(4)
    written = [money(round(Decimal(text) * 10**9)) for text in texts]
    written[-1] = f"+{written[-1]}"
    assert opened(browser, served).run(AMOUNTS) == [*written, "unknown"]


def test_a_saving_that_may_be_chance_has_no_colour_of_a_gain(
    browser: Browser, served: Served
) -> None:
    drawn = opened(browser, served).run(DRAWN)
    assert isinstance(drawn, dict)
    assert not any(drawn["gains"])
    assert drawn["saved"][0] != "\u2013"
    assert set(drawn["saved"][1:]) == {"\u2013"}
    assert "no model: words that there is no answer" in drawn["models"]
    assert all(re.fullmatch(r"\d+\.\d\s%", share) for share in drawn["shares"])


NOTE = """Promise.all([
  import('/dashboard/view_savings.js'),
  fetch('/api/v1/dashboard/savings?days=1').then((answer) => answer.json()),
]).then(([{ draw }, told]) => {
  const drawn = draw({ ...told, ...%s }, { query: new URLSearchParams() }).flat(9).filter(Boolean);
  return drawn.find((part) => part.className === 'page-note')?.textContent ?? '';
})"""
"""Draws the savings with other coverage, and returns the note on it."""


@pytest.mark.parametrize(
    ("coverage", "newest", "purged"),
    [
        ("{}", False, False),
        ("{complete: false}", True, False),
        ("{purged: 7}", False, True),
        ("{complete: false, purged: 7}", True, True),
    ],
)
def test_savings_say_which_requests_they_leave_out(
    browser: Browser, served: Served, coverage: str, newest: bool, purged: bool
) -> None:
    note = str(opened(browser, served).run(NOTE % coverage))
    assert ("These are the newest 10,000 requests" in note) is newest
    assert ("Up to 7 purged requests" in note) is purged


PARTS = "import('/dashboard/format.js').then(({ parts }) => %s.map(parts))"
LEVELS = """Promise.all([
  import('/dashboard/view_savings.js'),
  fetch('/api/v1/dashboard/savings?days=1').then((answer) => answer.json()),
]).then(([{ draw }, told]) => {
  const third = { requests: 3, share: 1 / 3, planned: null };
  told.report.levels = [1, 2, 3].map((level) => ({ level, ...third }));
  const drawn = draw(told, { query: new URLSearchParams() }).flat(9).filter(Boolean);
  const sought = '[aria-label="Share per level"] .figure';
  const bars = drawn.flatMap((part) => [...part.querySelectorAll(sought)]);
  return bars.map((bar) => bar.textContent.replace('\\u00a0', ' '));
})"""


def test_parts_of_a_whole_are_shown_by_themselves_as_in_the_report(
    browser: Browser, served: Served
) -> None:
    counts = [[1, 1, 1], [2, 1, 0], [7, 11, 13, 17], [5]]
    page = opened(browser, served)
    expected = [[n / sum(of) for n in of] for of in counts]
    assert page.run(PARTS % json.dumps([*counts, [0, 0]])) == [*expected, [None, None]]
    assert page.run(LEVELS) == ["33.3 %"] * 3


ACCEPTED = """Promise.all([
  import('/dashboard/view_savings.js'),
  fetch('/api/v1/dashboard/savings?days=1').then((answer) => answer.json()),
]).then(([{ draw }, told]) => {
  const { report } = told;
  const group = (judged, accepted, on_prior, in_words) => ({
    ...report.tiers[0], requests: 4, judged, accepted, on_prior, in_words,
    acceptance: judged ? accepted / judged : null,
  });
  report.tiers = [group(4, 2, 2, 0), group(4, 2, 1, 0), group(4, 0, 0, 1), group(4, 0, 0, 4),
    group(0, 0, 0, 0)];
  return [false, true].map((measured) => {
    report.accepted_on = measured ? [{ grounds: 'labelled' }] : [{ grounds: 'prior' }];
    report.outcomes = [{ count: 0 }];
    const drawn = draw(told, { query: new URLSearchParams() }).flat(9).filter(Boolean);
    const cells = drawn.flatMap((part) => [...part.querySelectorAll('td[data-label="Accepted"]')]);
    return cells.map((cell) => cell.textContent.replaceAll('\\u00a0', ' '));
  });
})"""


def test_accepted_shares_are_marked_as_in_the_report(browser: Browser, served: Served) -> None:
    """The dashboard had 100 % of what a prior let pass, and 0 % of what nobody measured."""
    same = ["2 of 4, 50.0 % assumed", "2 of 4, 50.0 %"]
    assert opened(browser, served).run(ACCEPTED) == [
        [*same, "0 of 4, not measured", "0 of 4, words", "\u2013", "4 of 16, 25.0 %"],
        [*same, "0 of 4, 0.0 %", "0 of 4, words", "\u2013", "4 of 16, 25.0 %"],
    ]


FIRST = """Promise.all([
  import('/dashboard/view_savings.js'),
  fetch('/api/v1/dashboard/savings?days=1').then((answer) => answer.json()),
]).then(([{ draw }, told]) => {
  told.report.accepted_on = [{ grounds: 'prior', answers: 223 }];
  told.report.unknown_cost.held_nano_usd = 5;
  told.report.unknown_cost.held_usd = '5.72';
  told.report.replies.forEach((one, at) => { one.held_unknown_usd = at ? null : '5.72'; });
  const drawn = draw(told, { query: new URLSearchParams() }).flat(9).filter(Boolean);
  const cells = drawn.flatMap((one) => [...one.querySelectorAll('[data-label="Of it not known"]')]);
  return {
    order: drawn.map((one) => one.className).filter((name) => /tiles|told/.test(name))[0],
    tiles: drawn.find((one) => one.className === 'tiles').textContent,
    held: [...new Set(cells.map((cell) => cell.textContent))],
  };
})"""


def test_savings_begin_with_figures_and_tell_what_nobody_knows(
    browser: Browser, served: Served
) -> None:
    drawn = opened(browser, served).run(FIRST)
    assert isinstance(drawn, dict)
    assert drawn["order"] == "tiles"
    assert "; 223 accepted on a prior" in drawn["tiles"]
    assert "$5.72 of it is not known, and counts at its most; " in drawn["tiles"]
    assert drawn["held"] == ["$5.72", "\u2013"]


LEFT = """Promise.all([
  import('/dashboard/view_savings.js'),
  fetch('/api/v1/dashboard/savings?days=1').then((answer) => answer.json()),
]).then(([{ draw }, told]) => {
  const said = (left) => {
    told.report.headline_baseline = told.report.savings[0].baseline;
    told.report.saved_left_usd = left;
    const drawn = draw(told, { query: new URLSearchParams() }).flat(9).filter(Boolean);
    return drawn.map((part) => part.textContent).join(' ');
  };
  return [said('12.50'), said(null)];
})"""


def test_a_saving_is_shown_with_what_is_left_after_what_bought_no_answer(
    browser: Browser, served: Served
) -> None:
    """The report's page told both; the dashboard told the larger one alone."""
    left, whole = opened(browser, served).run(LEFT)  # type: ignore[misc]
    assert "$12.50 after what bought no answer. " in left
    assert "after what bought no answer" not in whole

"""The dashboard's savings in a real Chromium: shares of silent levels, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kits.checks.chromium import Browser, Page
from tests.kits.dashboard_kit import dashboard_server
from tests.kits.server_kit import Served

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with dashboard_server(tmp_path_factory.mktemp("dashboard")) as server:
        yield server


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

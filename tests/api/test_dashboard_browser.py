"""The dashboard in a real Chromium before a real gateway: every view, keys, themes, phone width."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.kits.checks.chromium import Browser, Page
from tests.kits.dashboard_kit import OVERFLOW, create_key, dashboard_server, play
from tests.kits.learnt_kit import write_learnt
from tests.kits.server_kit import Served, eventually

pytestmark = pytest.mark.browser

VIEWS = {
    "now": "Requests per minute",
    "decisions": "newest first",
    "savings": "What this rests on",
    "confidence": "Confidence per tier",
    "health": "Everything is ready",
    "learning": "Accuracy on each task after each run",
    "drift": "2 alarms are active",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("dashboard")
    state = write_learnt(folder / "state")
    alerts = {"rules": [{"watch": "drift"}, {"watch": "errors", "above": 0.1}]}
    with dashboard_server(folder, "--state-dir", str(state), alerts=alerts) as server:
        yield server


def opened(browser: Browser, served: Served, view: str, **look: object) -> Page:
    page = browser.open(f"{served.url}/dashboard#/{view}", **look)  # type: ignore[arg-type]
    page.wait("document.querySelector('#main').children.length > 0")
    return page


def decision(served: Served, **asked: str) -> str:
    found = served.client.get("/api/v1/dashboard/decisions", params=asked).json()["data"]
    return str(found[0]["decision_id"])


DARK = "getComputedStyle(document.body).backgroundColor === 'rgb(18, 20, 22)'"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_renders_without_overflow_fault_or_outside_request(
    browser: Browser, served: Served, view: str, width: int, dark: bool
) -> None:
    page = opened(browser, served, view, width=width, dark=dark)
    page.wait_for(VIEWS[view])
    assert page.run(OVERFLOW) == 0
    assert page.run(DARK) is dark
    assert page.faults == []
    assert page.asked
    assert {url.startswith(f"{served.url}/") for url in page.asked} == {True}


@pytest.mark.parametrize("width", [360, 1280])
def test_a_decision_says_why_this_tier(browser: Browser, served: Served, width: int) -> None:
    one = decision(served, reason="high_risk_medical")
    page = opened(browser, served, f"decisions/{one}", width=width)
    for words in ("high medical risk", "Expected loss per tier", "passed over", "Calls", one):
        page.wait_for(words, "#detail")
    assert page.run(OVERFLOW) == 0
    assert page.faults == []


CITED = """import('/dashboard/view_decision.js').then(({ explained }) =>
  document.querySelector('#main').replaceChildren(...explained({ tier: 'second', state: 'settled',
    attempts: [{ answerer: 'm', role: 'answer', state: 'settled', usage: {}, cost_nano_usd: 1 }],
    usage: {}, tags: [], record: { gathered: ['cost is cited for more than its words say'],
      sources: [{ id: 'cost', place: 'Guide, 1', collection: 'approved answers', cited: true },
        { id: 'time', place: 'Guide, 2', collection: 'approved answers', cited: false }] } })
    .flat(9).filter((one) => one)))"""


def test_decision_lists_the_sources_of_its_answer(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "decisions", width=360)
    page.wait_for(VIEWS["decisions"])
    page.run(CITED)
    for words in ("Guide, 1", "approved answers", "shown only", "more than its words say"):
        page.wait_for(words)
    assert page.run(OVERFLOW) == 0


def test_decision_says_what_was_unusual_where_it_has_no_source(
    browser: Browser, served: Served
) -> None:
    page = opened(browser, served, "decisions", width=360)
    page.wait_for(VIEWS["decisions"])
    bare = re.sub(r"sources: \[.*?\] \}", "sources: [] }", CITED, flags=re.DOTALL)
    page.run(bare)
    page.wait_for("more than its words say")
    assert "shown only" not in bare


FIGURES = """[...document.querySelectorAll('td.n')].map((cell) => {
  if (cell.innerText.startsWith('$')) cell.textContent = '$0.000000104';
  return cell;
}).map((cell) => {
  const lines = document.createRange();
  lines.selectNodeContents(cell);
  return [cell.innerText, new Set([...lines.getClientRects()].map((r) => r.bottom)).size,
    cell.scrollWidth - cell.clientWidth];
})"""
"""Of each figure in a table, money as long as it gets: what it says, on how many lines, and how far
it stands out of its cell."""


@pytest.mark.parametrize("view", ["now", "savings", "health"])
def test_no_figure_breaks_over_lines_on_a_phone(
    browser: Browser, served: Served, view: str
) -> None:
    page = opened(browser, served, view, width=360)
    page.wait_for(VIEWS[view])
    found = page.run(FIGURES)
    assert isinstance(found, list)
    assert any("$0.000000104" in said for said, _, _ in found) or view == "health"
    assert [one for one in found if one[1:] != [1, 0]] == []
    assert page.run(OVERFLOW) == 0


CUT = (
    "[...document.querySelectorAll('.scroll')].filter((x) => x.scrollWidth > x.clientWidth).length"
)
BROKEN_TILES = """[...document.querySelectorAll('.tile dd:not(.small)')].filter((figure) => {
  const words = document.createRange();
  words.selectNodeContents(figure);
  return new Set([...words.getClientRects()].map((r) => r.bottom)).size > 1;
}).length"""


@pytest.mark.parametrize("width", [360, 500, 800, 1200])
@pytest.mark.parametrize("view", [*VIEWS, "one decision"])
def test_no_table_is_cut_at_any_width(
    browser: Browser, served: Served, view: str, width: int
) -> None:
    one = view == "one decision"
    place = f"decisions/{decision(served, reason='high_risk_medical')}" if one else view
    page = opened(browser, served, place, width=width)
    page.wait_for("Calls" if one else VIEWS[view], "#detail" if one else "main")
    page.wait(f"{CUT} === 0")  # a box is looked at before it is painted
    assert page.run(BROKEN_TILES) == 0
    assert page.run(OVERFLOW) == 0


DRAWN = """import('/dashboard/view_drift.js').then(({ draw }) =>
  document.querySelector('#main').replaceChildren(...draw({ policies: [%s] }).flat(9)))"""
"""Draws the view Drift of what a server might tell; the page does not ask before ten seconds."""
LOOKED = {
    "policy": "ladder",
    "watched": True,
    "checked_ms": 1_800_000_000_000,
    "next_ms": 1_800_003_600_000,
    "late_ms": 10_800_000,
    "least": {"drift": 50, "errors": 50},
    "active": [],
}


def value(watched: str, of: float, bound: float | None, count: int) -> dict[str, object]:
    seen = {"watched": watched, "subject": "acme", "detail": "found", "value": of}
    return {**seen, "bound": bound, "count": count}


@pytest.mark.parametrize(
    ("seen", "title"),
    [
        ([], "Nothing was compared: the last window had too few requests"),
        ([value("errors", 0.0, 0.1, 3)], "Nothing was compared: the last window had too few"),
        ([value("errors", 0.0, 0.1, 80)], "nothing was compared with the past"),
        ([value("drift", 0.1, None, 80)], "Nothing was compared: the last window had too few"),
        ([value("drift", 0.1, 0.3, 80)], "Nothing is out of its bounds"),
        ([value("drift", 0.4, 0.3, 80)], "1 value is above the bound, in one window so far"),
    ],
)
def test_drift_says_what_was_compared(
    browser: Browser, served: Served, seen: list[dict[str, object]], title: str
) -> None:
    page = opened(browser, served, "drift")
    page.wait_for(VIEWS["drift"])
    page.run(DRAWN % json.dumps({**LOOKED, "seen": seen}))
    assert title in page.text("h1")
    compared = any(one["watched"] == "drift" and one["bound"] for one in seen)
    assert ("Nothing was compared with the past yet." in page.text("main")) is not compared


def test_alarm_of_an_earlier_window_shows_its_value_bound_and_times(
    browser: Browser, served: Served
) -> None:
    page = opened(browser, served, "drift")
    page.wait_for(VIEWS["drift"])
    times = {"since_ms": 1_799_990_000_000, "heard_ms": 1_800_000_000_000}
    kept = {"watched": "errors", "subject": "acme", **times}
    alarms = [
        {**kept, "value": 0.4, "bound": 0.1, "detail": "32 of 80"},
        {**kept, "value": None, "bound": None, "detail": ""},  # of a state of before
    ]
    page.run(DRAWN % json.dumps({**LOOKED, "active": alarms, "seen": []}))
    rows = "[...document.querySelectorAll('main tbody tr')].map((row) => row.innerText).join('|')"
    first, second = str(page.run(rows)).split("|")
    assert first.split("\t")[2:5] == ["32 of 80", "0.4", "0.1"]
    assert {*second.split("\t")[2:5]} == {"\u2013"}


def test_tiles_name_the_baseline_and_what_a_share_is_of(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "savings")
    page.wait_for(VIEWS["savings"])
    few = "not enough to tell: 10 of 10 answers can be compared, 30 are needed"
    assert few in page.text(".tiles")
    assert "No baseline has enough answers to tell what was saved." in page.text("main")
    page = opened(browser, served, "now")
    page.wait_for(VIEWS["now"])
    tiles = page.text(".tiles")
    assert "Above level 1" in tiles
    assert "replies; " in tiles


def test_now_is_not_quiet_while_a_matter_waits(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "now")
    page.wait_for(VIEWS["now"])
    assert "matters wait for a person's verdict." in page.text(".alerts")
    links = "[...document.querySelectorAll('.alerts a')].map((one) => one.getAttribute('href'))"
    assert "#/reviews" in str(page.run(links))


BROKEN_TIERS = """[...document.querySelectorAll('.line')].map((line) => {
  const tier = line.querySelector('.tier'), said = line.querySelector('.said');
  tier.textContent = 'reasoning';
  line.querySelector('.cost').textContent = '$0.000000104';
  said.append(said.firstChild.cloneNode(true), said.firstChild.cloneNode(true));
  const words = document.createRange();
  words.selectNodeContents(tier);
  return new Set([...words.getClientRects()].map((r) => r.bottom)).size;
}).filter((lines) => lines !== 1).length"""


@pytest.mark.parametrize("width", [360, 390])
def test_no_tiers_name_breaks_within_the_word_on_a_phone(
    browser: Browser, served: Served, width: int
) -> None:
    page = opened(browser, served, "decisions", width=width)
    page.wait("document.querySelectorAll('a.line').length > 5")
    assert page.run(BROKEN_TIERS) == 0
    assert page.run(OVERFLOW) == 0


def test_the_whole_search_form_stands_on_one_line(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "decisions", width=1280)
    page.wait("document.querySelector('#clear')")
    edges = "[...document.querySelector('.search').children].map(x => x.offsetTop + x.offsetHeight)"
    assert page.run(f"new Set({edges}).size") == 1


SURE = """[...document.querySelectorAll('.line .sure')].every((sure) => {
  sure.textContent = 'confidence\u00a0>\u00a099.9\u00a0%';
  const words = document.createRange();
  words.selectNodeContents(sure);
  return new Set([...words.getClientRects()].map((r) => r.bottom)).size === 1;
})"""


@pytest.mark.parametrize("width", [360, 1280])
def test_the_longest_confidence_stands_on_one_line(
    browser: Browser, served: Served, width: int
) -> None:
    page = opened(browser, served, "decisions", width=width)
    page.wait("document.querySelectorAll('a.line').length > 5")
    assert page.run(SURE) is True
    assert page.run(OVERFLOW) == 0


HUES = """import('/dashboard/charts.js').then(({ hues }) => Object.fromEntries(hues([
  { tier: 'resolve', level: 1 }, { tier: 'specialist', level: 1 }, { tier: 'local', level: 2 },
  { tier: 'reasoning', level: 3 }])))"""


def test_a_second_tier_of_a_level_takes_no_other_levels_colour(
    browser: Browser, served: Served
) -> None:
    page = opened(browser, served, "now")
    colours = {"resolve": "t1", "specialist": "t4", "local": "t2", "reasoning": "t3"}
    assert page.run(HUES) == colours


def test_a_search_finds_by_id(browser: Browser, served: Served) -> None:
    one = decision(served, tier="reasoning")
    page = opened(browser, served, "decisions")
    page.wait("document.querySelectorAll('a.line').length > 5")
    page.press("/")
    page.wait("document.activeElement.id === 'search'")
    page.write(one)
    page.wait("document.querySelectorAll('a.line').length === 1")
    assert page.run("document.querySelector('a.line').id") == f"d-{one}"


def test_a_filter_narrows_the_list_and_stands_in_the_address(
    browser: Browser, served: Served
) -> None:
    page = opened(browser, served, "decisions")
    page.wait("document.querySelector('#by-tier')?.options.length === 4")
    page.run(
        "(() => { const by = document.querySelector('#by-tier'); by.value = 'reasoning';"
        "by.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )
    page.wait("[...document.querySelectorAll('a.line .tier')].every(t => t.innerText=='reasoning')")
    assert page.run("location.hash") == "#/decisions?tier=reasoning"
    page.click("#clear")
    page.wait("document.querySelectorAll('a.line').length > 5")


def test_a_search_that_fits_nothing_says_so(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "decisions?search=nobody-has-this-name")
    page.wait_for("No decision fits")


def test_a_wrong_cost_is_explained_and_the_form_stays(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "decisions?min_cost_usd=dear")
    page.wait_for("min_cost_usd is 'dear'")


def test_the_keyboard_walks_opens_and_closes(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "decisions")
    page.wait("document.querySelectorAll('a.line').length > 5")
    page.press("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp")
    lines = "[...document.querySelectorAll('a.line')]"
    assert page.run(f"{lines}.indexOf(document.activeElement)") == 1
    page.press("Enter")
    page.wait_for("Why this tier", "#detail")
    assert page.run("document.activeElement.id") == "detail"
    page.press("Escape")
    page.wait("!document.querySelector('#detail')")
    page.wait(f"{lines}.indexOf(document.activeElement) === 1")


def test_digits_change_the_view_and_not_what_is_typed(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "now")
    page.press("5")
    page.wait_for("Everything is ready")
    page.press("/")
    page.wait("document.activeElement?.id === 'search'")
    page.press("1")
    assert str(page.run("location.hash")).startswith("#/decisions")


def test_the_first_tab_leads_past_the_navigation(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "now")
    page.press("Tab")
    assert page.run("document.activeElement.className") == "skip"
    assert page.run("document.activeElement.getBoundingClientRect().top >= 0") is True
    ring = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.run(ring) == "solid"


def test_the_theme_button_goes_before_the_system(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "now", dark=True)
    page.click("#theme")  # auto -> light
    assert (page.text("#theme"), page.run(DARK)) == ("Theme: light", False)
    page.click("#theme")
    assert page.run(DARK) is True
    page.coloured("light")
    assert page.run(DARK) is True
    page.click("#theme")  # auto again
    assert page.run(DARK) is False


def test_new_requests_appear_by_themselves(browser: Browser, served: Served) -> None:
    page = opened(browser, served, "decisions?search=seen-live")
    page.wait_for("No decision fits")
    assert served.chat(routing={"tags": ["seen-live"]}).status_code == 200
    page.wait("document.querySelectorAll('a.line').length === 1")


def test_a_hidden_page_asks_for_nothing(browser: Browser, served: Served) -> None:
    hide = (
        "Object.defineProperty(document, 'hidden', {get: () => window.hiding === true});"
        "window.asked = 0; const before = window.fetch;"
        "window.fetch = (...all) => { window.asked += 1; return before(...all); };"
        "const later = window.setTimeout;"
        "window.setTimeout = (work, ms, ...all) => later(work, ms / 40, ...all);"
    )
    page = browser.open(f"{served.url}/dashboard#/now", before=hide)
    page.wait("window.asked > 3")
    page.run("window.hiding = true, document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for("paused", "#live")
    page.wait("new Promise(done => setTimeout(() => done(true), 4000))")
    asked = page.run("window.asked")
    page.wait("new Promise(done => setTimeout(() => done(true), 20000))")
    assert page.run("window.asked") == asked
    page.run("window.hiding = false, document.dispatchEvent(new Event('visibilitychange'))")
    page.wait(f"window.asked > {asked}")


def test_hostile_names_are_shown_and_never_run(browser: Browser, served: Served) -> None:
    one = decision(served, search="onerror=")
    page = opened(browser, served, f"decisions/{one}")
    page.wait_for('<img src=x onerror="window.broken=1">', "#detail")
    assert page.run("window.broken ?? null") is None
    assert page.run("document.querySelectorAll('#main img, #main script').length") == 0
    hash_ = json.dumps('#/decisions?search=<img src=x onerror="window.broken=1">')
    page.run(f"location.hash = {hash_}")
    page.wait("document.querySelector('#search').value.startsWith('<img')")
    assert page.run("window.broken ?? null") is None
    assert page.faults == []


def test_a_key_is_asked_for_and_kept_in_the_tab_alone(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with dashboard_server(tmp_path_factory.mktemp("keys")) as server:
        chat, reports = (create_key(server, "acme", scope) for scope in ("chat", "reports"))
        eventually(lambda: server.chat().status_code == 401)
        play(server, chat)
        page = opened(browser, server, "now")
        page.wait_for("A key, please")
        assert "`" not in page.text("main")
        assert "--scope reports" in page.text("main")
        for given, said in (("tg_wrong", "not known"), (chat, "may not read"), (reports, "Median")):
            page.click("#key")
            page.wait("document.querySelector('#key-dialog').open")
            page.run(f"document.querySelector('#key-input').value = {json.dumps(given)}")
            page.click("#key-form button[type=submit]")
            page.wait_for(said)
        assert page.run("JSON.stringify(localStorage)") == '{"tiergate.theme":"auto"}'
        assert page.run("sessionStorage.getItem('tiergate.key')") == reports
        assert page.run("document.cookie") == ""
        assert not any(reports in url for url in page.asked)
        page.click("#key-forget")
        page.wait_for("A key, please")
        assert page.run("sessionStorage.length") == 0


def test_the_page_says_when_the_gateway_is_gone(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with dashboard_server(tmp_path_factory.mktemp("gone")) as server:
        page = opened(browser, server, "now")
        page.wait_for("Median")
        server.end()
        page.wait_for("no answer", "#live")
        assert "Median" in page.text("main")  # what was shown is still true

"""HTML reports in a real browser: they open offline, ask for nothing and fit a phone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from router.analysis.report.output.html import report_html
from router.plan.output.html import plan_html
from tests.analysis.report.test_output import report_of
from tests.kits.books.report_rows import a_day
from tests.kits.changed import replace
from tests.kits.plan_kit import CROSSING, RICH, report

pytestmark = pytest.mark.browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)

PROBE = """<!DOCTYPE html><html><body><iframe id="f" src="report.html" width="WIDTH" height="844">
</iframe><pre id="out"></pre><script>
onload = () => {
  const page = document.getElementById("f").contentDocument;
  page.querySelectorAll("details").forEach(d => { d.open = true; });
  const boxes = [...page.querySelectorAll(".scroll")];
  const out = {
    title: page.title,
    overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    charts: [...page.querySelectorAll("svg[role=img]")].filter(s => s.clientWidth > 200).length,
    wide: [...page.querySelectorAll("svg text")].filter(t => {
      const b = t.getBoundingClientRect(); return b.left < -1 || b.right > WIDTH + 1;}).length,
    asked: page.defaultView.performance.getEntriesByType("resource").length,
    cut: boxes.filter(b => b.scrollWidth > b.clientWidth).map(b => b.ariaLabel).join(),
    stuck: boxes.filter(b => { b.scrollLeft = 10000;
      return b.scrollWidth - b.clientWidth - b.scrollLeft > 1;}).length,
    torn: [...page.querySelectorAll(".tile dd:not(.small)")].filter(d => {
      const text = page.createRange(); text.selectNodeContents(d);
      const lines = new Set([...text.getClientRects()].map(r => r.top));
      return !/\\s/.test(d.textContent) && lines.size > 1;}).length,
  };
  document.getElementById("out").textContent = Object.entries(out)
    .map(([k, v]) => k + "=" + v).join(";");
};
</script></body></html>"""


def probed(page: str, width: int, folder: Path) -> str:
    """Returns what Chromium finds in a page, in a window so many pixels wide."""
    browser = next((found for name in NAMES if (found := shutil.which(name))), None)
    if browser is None:
        pytest.skip("Chromium is not installed")
    (folder / "report.html").write_text(page, "utf-8")
    (folder / "probe.html").write_text(PROBE.replace("WIDTH", str(width)), "utf-8")
    command = [
        browser,
        *QUIET,
        f"--user-data-dir={folder / 'profile'}",
        "--allow-file-access-from-files",
        "--virtual-time-budget=4000",
        "--dump-dom",
        (folder / "probe.html").as_uri(),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout


@pytest.mark.parametrize("width", [360, 390])
def test_the_report_fits_a_phone_in_chromium(tmp_path: Path, width: int) -> None:
    probe = probed(report_html(report_of(a_day())), width, tmp_path)
    assert "title=Tiergate cost report;overflow=0;charts=6;wide=0;asked=0;cut=;" in probe


@pytest.mark.parametrize("width", [360, 820, 1280])
def test_no_tile_tears_a_figure_apart(tmp_path: Path, width: int) -> None:
    dear = [replace(row, cost_nano_usd=1_234_567_123_456_789) for row in a_day(2, 0, 0)]
    probe = probed(report_html(report_of(dear), exact=True), width, tmp_path)
    assert "torn=0" in probe
    assert "overflow=0" in probe


LONG_NAME = "resolver:alderbrook-customer-support@77120d3b3d9b"


@pytest.mark.parametrize(
    ("width", "cut"),
    [(1280, ";cut=;"), (1161, ";cut=;"), (1100, ";cut=;"), (800, ",Tiers;"), (360, ";cut=;")],
)
def test_tables_fit_or_scroll_in_their_own_box(tmp_path: Path, width: int, cut: str) -> None:
    rows = [replace(row, model=LONG_NAME) if row.tier_number == 1 else row for row in a_day()]
    probe = probed(report_html(report_of(rows)), width, tmp_path)
    assert "overflow=0;charts=6;wide=0;" in probe
    assert cut in probe
    assert "stuck=0" in probe


WORDY = "a general model with a name of sixty characters, no less, ok"


@pytest.mark.parametrize(
    "text", [RICH, RICH.replace("name: general", f'name: "{WORDY}"'), CROSSING]
)
@pytest.mark.parametrize("width", [390, 1280])
def test_the_plan_fits_a_phone_as_well_as_a_window(tmp_path: Path, text: str, width: int) -> None:
    probe = probed(plan_html(report(text)), width, tmp_path)
    assert ";overflow=0;charts=5;wide=0;asked=0" in probe
    assert "stuck=0" in probe


def test_a_plans_tables_need_no_scrolling_at_1280(tmp_path: Path) -> None:
    assert ";cut=;" in probed(plan_html(report(RICH)), 1280, tmp_path)

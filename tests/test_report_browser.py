"""The HTML report in a real browser: it opens offline, asks for nothing and fits a phone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from router.analysis.render_html import report_html
from router.analysis.report import build_report
from router.policy import ReportSection
from tests.report_rows import NOON_MS, a_day

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

PROBE = """<!DOCTYPE html><html><body><iframe id="f" src="report.html" width="390" height="844">
</iframe><pre id="out"></pre><script>
onload = () => {
  const page = document.getElementById("f").contentDocument;
  const out = {
    title: page.title,
    overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    charts: [...page.querySelectorAll("svg[role=img]")].filter(s => s.clientWidth > 200).length,
    wide: [...page.querySelectorAll("svg text")].filter(t => {
      const b = t.getBoundingClientRect(); return b.left < -1 || b.right > 391;}).length,
    asked: page.defaultView.performance.getEntriesByType("resource").length,
  };
  document.getElementById("out").textContent = Object.entries(out)
    .map(([k, v]) => k + "=" + v).join(";");
};
</script></body></html>"""


def test_the_report_fits_a_phone_in_chromium(tmp_path: Path) -> None:
    browser = next((found for name in NAMES if (found := shutil.which(name))), None)
    if browser is None:
        pytest.skip("Chromium is not installed")
    section = ReportSection(people_usd_per_request=8.0)
    report = build_report(a_day(), config=section, since_ms=None, until_ms=None, now_ms=NOON_MS)
    (tmp_path / "report.html").write_text(report_html(report), "utf-8")
    (tmp_path / "probe.html").write_text(PROBE, "utf-8")
    command = [
        browser,
        *QUIET,
        f"--user-data-dir={tmp_path / 'profile'}",
        "--allow-file-access-from-files",
        "--virtual-time-budget=4000",
        "--dump-dom",
        (tmp_path / "probe.html").as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    assert "title=Tiergate cost report;overflow=0;charts=5;wide=0;asked=0" in done.stdout

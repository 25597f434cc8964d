"""Describes the API for people: the page at `/docs`.

It links the pages of this server and names the documents of the repository. The page is
self-contained: it loads no script and no resource from outside.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape

from router.api.http.idempotency import HEADER
from router.api.openapi.document import IDEMPOTENCY_KEY, OPERATIONS, Operation
from router.api.openapi.schemas import HINTS

PAGES = {
    "/dashboard": "requests, spend, savings, confidence, health and reviews",
    "/metrics": "counters for Prometheus",
    "/readyz": "the state of triage, ledger and each answerer",
    "/healthz": "the process is alive",
    "/openapi.json": "this API for programs",
}
"""Names the pages that a browser can open without a body, and what they show."""

DOCUMENTS = {
    "README.md": "the first ten minutes",
    "docs/concepts.md": "the words: tier, rung, verdict, ledger",
    "docs/guides/drop-in.md": "the client that you have",
    "docs/guides/policies.md": "write a policy",
    "docs/guides/budgets.md": "budgets, rates and keys",
    "docs/guides/operations.md": "run it",
    "docs/reference/api.md": "every endpoint",
    "docs/reference/headers.md": "every response header, verdict and reason",
    "docs/reference/errors.md": "every error code, and what to do",
    "docs/reference/policy.md": "every key of a policy",
    "docs/reference/cli.md": "every command",
}
"""Names the documents of the repository that a user looks for first."""

STYLE = (
    "body{font:16px/1.55 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;"
    "color:#1c2024;background:#fff}code{font:0.92em ui-monospace,monospace;background:#eef1f4;"
    "padding:.1em .35em;border-radius:4px}h1{font-size:1.7rem}h2{font-size:1.3rem}"
    "h3{font-size:1.05rem;margin-bottom:.2rem}pre{background:#eef1f4;padding:1rem;"
    "border-radius:8px;overflow:auto}pre code{padding:0}@media(prefers-color-scheme:dark)"
    "{body{color:#e6e9ec;background:#14171a}code,pre{background:#22272c}a{color:#8ab4ff}}"
)


@cache
def page() -> str:
    """Returns the page at /docs."""
    # Relative addresses also hold where a proxy or another application puts a folder before them.
    pages = "".join(
        f"<li><a href='{path[1:]}'>{path}</a>: {escape(shows)}</li>"
        for path, shows in PAGES.items()
    )
    documents = "".join(
        f"<li><code>{name}</code>: {escape(says)}</li>" for name, says in DOCUMENTS.items()
    )
    contents = "".join(
        f"<li><a href='#{_anchor(o)}'>{o.method.upper()} {escape(o.path)}</a>: "
        f"{escape(o.summary)}</li>"
        for o in OPERATIONS
    )
    endpoints = "".join(
        f"<section id='{_anchor(o)}'><h3><code>{o.method.upper()}</code> {escape(o.path)}</h3>"
        f"<p><strong>{escape(o.summary)}.</strong> {_marked(o.detail)}</p></section>"
        for o in OPERATIONS
    )
    hints = "".join(f"<li><code>routing.{escape(name)}</code></li>" for name in HINTS)
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>Tiergate API</title><style>{STYLE}</style>"
        "<h1>Tiergate API</h1><p>A drop-in for OpenAI's API: point <code>base_url</code> at "
        "<code>/v1</code> here (Anthropic's clients: at this address without it).</p>"
        "<pre><code>curl -s <span id='here'>http://127.0.0.1:8080</span>/v1/chat/completions \\\n"
        "  -H 'content-type: application/json' \\\n"
        '  -d \'{"model": "auto", "messages": [{"role": "user", '
        '"content": "How do I return a parcel?"}]}\'</code></pre>'
        f"<h2>Pages of this server</h2><ul>{pages}</ul>"
        "<h2>Documentation</h2><p>It is in Tiergate's repository; <code>make docs ARGS=serve</code>"
        " shows it there as a site. <code>tiergate --help</code> lists the commands.</p>"
        f"<ul>{documents}</ul><h2>Endpoints</h2><ul>{contents}</ul>{endpoints}"
        "<h2>Hints</h2><p>All optional, inside the body's <code>routing</code> object; "
        f"headers <code>x-tiergate-*</code> are their twins.</p><ul>{hints}</ul>"
        f"<h2>{HEADER}</h2><p>{escape(str(IDEMPOTENCY_KEY['description']))}</p>"
        "<script>document.getElementById('here').textContent=location.origin</script></html>"
    )


def _anchor(operation: Operation) -> str:
    return re.sub(r"\W+", "-", f"{operation.method}{operation.path}").strip("-")


def _marked(text: str) -> str:
    """Returns text as HTML, with the words in backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))

"""Runs a gateway of three tiers with a day's work behind it, for the tests of its dashboard.

Everything in its ledger came by requests to the real server: approved answers, an upstream that is
sure, one that fails, one that thinks, tenants with and without a budget, and hostile names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.kits.server_kit import Served, Upstream, tiergate

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HOSTILE = '<img src=x onerror="window.broken=1">&"\'‮/*-->'
"""A name of a model or a tag that a hostile client may send."""

KNOWLEDGE = """\
version: 1
name: a shop
intents:
  - id: returns
    domain: customer_support
    utterances:
      - how do i return something
      - How do I return something that I bought last week?
      - can i send it back
      - what is your return policy
    answer: Send it back within 30 days; the label is in the parcel.
    source: tests
  - id: hours
    domain: customer_support
    utterances:
      - when are you open
      - opening hours
      - What are your opening hours?
    answer: From nine to five on working days.
    source: tests
"""

QUESTIONS = (
    "What are your opening hours?",
    "How do I return something that I bought last week?",
    "What is the capital of Portugal?",
    "Should we buy the rival for $40,000 or build the thing ourselves over two years?",
    "My father has chest pain, may he take two of his pills?",
    "Write a line of thanks to a customer who waited for three weeks.",
)


def answerer(name: str, model: str, url: str, output_usd: float, **more: object) -> object:
    return {
        "name": name,
        "kind": "upstream",
        "model": model,
        "base_urls": [url],
        "retries": 0,
        "price": {"input_usd_per_mtok": 1, "output_usd_per_mtok": output_usd, "version": "tests"},
        "deadline_s": 120.0,
        "capabilities": ["tools", "json_schema"],
        **more,
    }


def write_ladder(folder: Path, url: str, **more: object) -> Path:
    """Writes the policy `ladder`: approved answers, a model, a dearer model, one budget for all."""
    (folder / "shop.yaml").write_text(KNOWLEDGE, encoding="utf-8")
    policy = {
        "version": 1,
        "name": "ladder",
        "tiers": [
            {
                "name": "resolve",
                "level": 1,
                "answerers": [
                    {
                        "name": "approved_answers",
                        "kind": "resolver",
                        "knowledge": "shop.yaml",
                    }
                ],
            },
            {"name": "llm", "level": 2, "answerers": [answerer("mid", "sure-1", url, 10)]},
            {"name": "reasoning", "level": 3, "answerers": [answerer("deep", "answer", url, 60)]},
        ],
        "aliases": {"gpt-*": "auto", "always-mid": {"answerer": "mid", "pinned": True}},
        # One tenant with a limit of its own, the others with the common one.
        "budgets": {"*": {"usd_per_day": 1}, "acme": {"usd_per_day": 2, "usd_per_month": 30}},
        "report": {"people_usd_per_request": 5, "level_2": "mid", "level_3": "deep"},
        "cache": {"exact": False},
        "max_body_bytes": 100_000,
        **more,
    }
    path = folder / "ladder.yaml"
    path.write_text(yaml.safe_dump(policy, sort_keys=False), encoding="utf-8")
    return path


def play(server: Served, key: str = "") -> None:
    """Sends a small mixed day: every question twice, one streamed, one pinned, one hostile."""
    for question in QUESTIONS:
        for stream in (False, True):
            messages = [{"role": "user", "content": question}]
            response = server.chat(key=key, messages=messages, stream=stream)
            assert response.status_code == 200, response.text
    # The page must show a hostile tag as text and never run it.
    tagged = {"tags": [HOSTILE], "stakes_usd": 3}
    response = server.chat("gpt-4o", key=key, routing=tagged)
    assert response.status_code == 200, response.text
    assert server.chat("tier:reasoning", key=key).status_code == 200


@contextmanager
def dashboard_server(folder: Path, *options: str, **more: object) -> Iterator[Served]:
    """Runs the gateway on loopback without keys, before an upstream, and plays its day.

    `more` holds further sections of its policy.
    """
    with Upstream(folder) as upstream:
        ladder = write_ladder(folder, upstream.url, **more)
        with Served(folder, ladder, *options) as server:
            play(server)
            yield server


def create_key(server: Served, tenant: str, *scopes: str) -> str:
    arguments = [piece for scope in scopes for piece in ("--scope", scope)]
    result = tiergate(
        "keys", "create", "--tenant", tenant, *arguments, "--json", "--database", server.database
    )
    assert result.returncode == 0, result.stderr
    return str(json.loads(result.stdout)["key"])

"""Checks that the dashboard's page has words for all that the code may tell, and never markup."""

from __future__ import annotations

import re

import pytest

from router.analysis.report.replies import REPLY_WORDS
from router.ledger.replies import ReplyKind
from router.types import Domain, Reason
from tests import ROOT

PAGE = ROOT / "router/api/dashboard/page"


def test_every_reason_has_words() -> None:
    words = (PAGE / "words.js").read_text("utf-8")
    told = re.findall(r"^  (\w+): \"", words.partition("REASONS")[2].partition("};")[0], re.M)
    assert told == [reason.value for reason in Reason]


def test_every_reply_has_the_words_of_the_report() -> None:
    words = (PAGE / "words.js").read_text("utf-8").partition("REPLIES = {")[2].partition("};")[0]
    told = re.findall(r'^  (\w+): "(.+)",$', words, re.M)
    assert told == [(reply.value, REPLY_WORDS[reply]) for reply in ReplyKind]


def test_every_domain_may_be_chosen() -> None:
    view = (PAGE / "view_decisions.js").read_text("utf-8")
    domains = view.partition("const DOMAINS = [")[2].partition("]")[0]
    assert re.findall(r'"(\w+)"', domains) == [domain.value for domain in Domain]


def test_the_basis_of_a_match_is_named_as_the_guide_does() -> None:
    view = (PAGE / "view_decision.js").read_text("utf-8").partition("function matched(")[2]
    assert "`(${match.basis})`" in view.partition("}\n\n")[0].replace("` (", "`(")


@pytest.mark.parametrize("name", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"])
def test_text_never_becomes_markup(name: str) -> None:
    assert [path.name for path in PAGE.glob("*.js") if name in path.read_text("utf-8")] == []

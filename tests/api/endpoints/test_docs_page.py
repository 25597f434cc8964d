"""The page at /docs leads to what a user looks for, and loads nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest

from router.api.openapi.docs_page import DOCUMENTS, page
from router.api.openapi.document import OPERATIONS
from tests import ROOT
from tests.kits.server_kit import Served, write_policy

LINKS = re.findall(r"<a href='([^']*)'", page())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("docs")
    with Served(folder, write_policy(folder, "http://127.0.0.1:9")) as server:
        yield server


@pytest.mark.parametrize("at", ["/docs", "/"])
def test_linked_pages_answer(served: Served, at: str) -> None:
    assert served.client.get(at).text == page()
    pages = [urljoin(at, link) for link in LINKS if not link.startswith("#")]
    assert {"/dashboard", "/metrics", "/openapi.json", "/readyz"} <= set(pages)
    for path in pages:
        assert served.client.get(path, follow_redirects=True).status_code in (200, 503), path


def test_each_endpoint_is_linked_to_its_description() -> None:
    ids = re.findall(r" id='([^']*)'", page())
    assert len(ids) == len(set(ids))
    anchors = [link[1:] for link in LINKS if link.startswith("#")]
    assert len(anchors) == len(OPERATIONS)
    assert set(anchors) <= set(ids)


def test_description_of_feedback_names_each_thing_that_can_be_said() -> None:
    (text,) = [one.detail for one in OPERATIONS if one.path == "/v1/feedback"]
    assert {"correct", "corrected", "comment", "cost", "outcome"} <= set(re.findall(r"\w+", text))
    assert "changes nothing but the comment, which a new one replaces" in text


@pytest.mark.parametrize("name", DOCUMENTS)
def test_named_documents_are_in_the_repository(name: str) -> None:
    assert Path(ROOT, name).is_file()


def test_page_loads_nothing_from_elsewhere() -> None:
    assert not re.search(r"\bsrc=|<link\b|@import|url\(", page())
    assert not any("//" in link for link in LINKS)

"""The tokens of a file: a PDF counts by its pages, whatever its bytes are."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from router.money.cost import input_bound, most_image_tokens
from router.money.file_bound import MOST_KNOWN, MOST_PAGES, PAGE_TOKENS, PageCounts, file_bound
from router.types import ChatRequest, ContentPart, JsonText, Message
from tests.kits.changed import replace


def pdf(pages: int, *, packed: bool = False, counted: bool = True, trailer: bytes = b"") -> bytes:
    """Returns a PDF whose pages share one stream; `packed` puts its objects into a stream."""
    kids = b" ".join(b"%d 0 R" % (4 + number) for number in range(pages))
    count = b"/Count %d" % pages if counted else b""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[" + kids + b"]" + count + b">>",
    ]
    objects += [b"<</Type /Page /Parent 2 0 R>>"] * pages
    if packed:
        inner = zlib.compress(b"\n".join(objects))
        body = b"1 0 obj\n<</Type/ObjStm/Filter/FlateDecode/Length %d>>stream\n" % len(inner)
        body += inner + b"\nendstream\nendobj\n"
    else:
        body = b"".join(b"1 0 obj\n" + one + b"\nendobj\n" for one in objects)
    return b"%PDF-1.7\n" + body + b"trailer<<" + trailer + b">>\n%%EOF"


def payload(data: bytes) -> str:
    text = base64.b64encode(data).decode()
    return json.dumps(
        {"file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{text}"}}
    )


def bound(file: str) -> int:
    return file_bound(ContentPart("file", JsonText(file)))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("counted", [False, True])
def test_a_pdf_counts_by_its_pages(packed: bool, counted: bool) -> None:
    file = payload(pdf(20, packed=packed, counted=counted))
    assert len(file) < 20 * 300
    assert bound(file) == 20 * PAGE_TOKENS
    assert bound(file) == 20 * PAGE_TOKENS  # the second time it is known


@pytest.mark.parametrize(
    "file",
    [
        payload(pdf(3, trailer=b"/Encrypt 9 0 R")),
        payload(pdf(3).replace(b"/Type /Page /", b"/Type /P#61ge /")),
        payload(b"%PDF-1.7\nnothing of a document"),
        payload(b"%PDF-1.7\n<</Type/ObjStm/Filter/LZWDecode>>stream\nabc\nendstream"),
        '{"file": {"file_id": "file-1"}}',
        '{"file": {"file_data": "https://example.com/a.pdf"}}',
    ],
    ids=["encrypted", "escaped", "no pages", "packed otherwise", "by id", "by address"],
)
def test_a_file_whose_pages_cannot_be_counted_has_the_most(file: str) -> None:
    assert bound(file) == MOST_PAGES * PAGE_TOKENS


@pytest.mark.parametrize("name", ["a.pdf", "a"])
def test_a_pdf_behind_other_bytes_is_one(name: str) -> None:
    data = base64.b64encode(b"\n" + pdf(20, packed=True)).decode()
    file = json.dumps({"file": {"filename": name, "file_data": f"data:x/y;base64,{data}"}})
    assert bound(file) == 20 * PAGE_TOKENS


def test_a_text_counts_by_its_bytes() -> None:
    file = json.dumps(
        {"file": {"filename": "a.txt", "file_data": "data:text/plain;base64,aGVsbG8="}}
    )
    assert bound(file) == len(file)


def test_a_stream_that_inflates_without_end_has_the_most_pages() -> None:
    bomb = zlib.compress(bytes(64 * 1_024 * 1_024))
    file = b"%PDF-1.7\n<</Type/ObjStm>>stream\n" + bomb + b"\nendstream"
    assert bound(payload(file)) == MOST_PAGES * PAGE_TOKENS


def test_an_image_in_its_own_size_counts_more() -> None:
    def image_bound(detail: str) -> int:
        image = json.dumps({"image_url": {"url": "data:image/png;base64,AA==", "detail": detail}})
        message = Message("user", "what is it", parts=(ContentPart("image_url", image),))
        return input_bound(ChatRequest((message,), "auto"), 4_000)

    assert image_bound("original") - image_bound("high") == 21_000


def test_images_of_claude_count_up_to_five_thousand_tokens() -> None:
    assert most_image_tokens("anthropic/claude-sonnet-5") == 5_000
    assert most_image_tokens("gpt-5.4-mini") == 4_000


def test_remembered_files_are_bounded_by_number() -> None:
    counts = PageCounts()
    for number in range(MOST_KNOWN + 1):
        assert counts.of(payload(pdf(number % 9 + 1) + b"%%%d" % number)) == number % 9 + 1
    assert len(counts) == 1


def test_a_remembered_file_is_known_by_all_that_it_holds() -> None:
    """Both have the same length, and differ in their pages alone."""
    counts = PageCounts()
    two = pdf(2)
    one = two.replace(b"<</Type /Page /Parent 2 0 R>>", b"<</Type /Pane /Parent 2 0 R>>")
    one = one.replace(b"Kids[4 0 R 5 0 R]/Count 2", b"Kids[4 0 R       ]/Count 1")
    one = one.replace(b"/Type /Pane", b"/Type /Page", 1)
    assert (counts.of(payload(two)), counts.of(payload(one)), counts.of(payload(two))) == (2, 1, 2)


def test_a_request_reads_its_file_once() -> None:
    class Watched(str):
        reads = 0

        def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
            self.reads += 1
            return super().encode(encoding, errors)

    file = Watched(payload(pdf(20)))
    request = ChatRequest((Message("user", "", parts=(ContentPart("file", file),)),), "auto")
    for model in ("a", "b", "c"):  # each try has its copy
        input_bound(replace(request, requested_model=model), 4_000)
    assert file.reads == 1

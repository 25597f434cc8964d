"""Writes parts of chat messages as Anthropic's blocks: texts, images, documents. Pure."""

from __future__ import annotations

import base64
import binascii
import mimetypes

from router.wire.anthropic.cache_points import KEY

IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
PDF = "application/pdf"
_TEXTS = ("application/json", "application/xml", "application/yaml", "application/x-yaml")
_PDF_IN_BASE64 = "JVBERi"  # of "%PDF-", as far as its last character does not depend on the rest


def block_of(part: dict[str, object]) -> dict[str, object] | None:
    """Returns a part of a chat message as a block.

    Returns None for texts of blanks, which Anthropic refuses, and for sounds and files by id, which
    no block can hold: answerers of this wire are passed over for them. A cache point stays.
    """
    block = _block(part, str(part["type"]))
    if block is not None and KEY in part:
        block[KEY] = part[KEY]
    return block


def _block(part: dict[str, object], kind: str) -> dict[str, object] | None:
    if kind in ("text", "refusal"):
        words = str(part[kind])
        return text_block(words) if words.strip() else None
    inner = part[kind]
    assert isinstance(inner, dict)
    if kind == "image_url":
        return {"type": "image", "source": source_of(str(inner["url"]))}
    if kind == "file" and isinstance(inner.get("file_data"), str):
        return _file_block(inner["file_data"], str(inner.get("filename") or ""))
    return None


def text_block(words: str) -> dict[str, object]:
    """Returns a block of text."""
    return {"type": "text", "text": words}


def source_of(url: str) -> dict[str, object]:
    """Returns the source of an image or a document.

    >>> source_of("data:image/png;base64,AAAA")
    {'type': 'base64', 'media_type': 'image/png', 'data': 'AAAA'}
    """
    if not url.startswith("data:"):
        return {"type": "url", "url": url}
    head, _, packed = url.removeprefix("data:").partition(",")
    return {"type": "base64", "media_type": head.partition(";")[0], "data": packed}


def _file_block(data: str, name: str) -> dict[str, object]:
    """Returns the block of a file: a picture, a document of text, or a PDF.

    Its data are a `data:` URL, an address, or bare base64 as OpenAI takes them, too.
    """
    if data[:5].lower() == "http:" or data[:6].lower() == "https:":
        return {"type": "document", "source": {"type": "url", "url": data}}
    if not data.startswith("data:"):
        guessed = PDF if data.startswith(_PDF_IN_BASE64) else mimetypes.guess_type(name)[0]
        data = f"data:{guessed or PDF};base64,{data}"
    source = source_of(data)
    media = str(source["media_type"]).lower()
    if media in IMAGES:
        return {"type": "image", "source": source}
    if media.startswith("text/") or media in _TEXTS:
        words = _decoded(str(source["data"]))
        plain = {"type": "text", "media_type": "text/plain", "data": words}
        return {"type": "document", "source": plain, **({"title": name} if name else {})}
    return {"type": "document", "source": source}


def _decoded(packed: str) -> str:
    """Returns the text in base64; what is not UTF-8 becomes a mark, and no base64 stays itself."""
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4)).decode(errors="replace")
    except binascii.Error:
        return packed

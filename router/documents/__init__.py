"""Holds an operator's own documents: read, cut into chunks, kept, searched and cited.

Approved answers (`policy.content.knowledge`) are something else: words that go out as they are. A
document is a source that an answer cites. A document is untrusted text: it gives no orders.

    readers   a file becomes blocks: headings, paragraphs, rows, code, each with its page
    chunks    blocks become chunks of about a paragraph, under their headings
    index     chunks are kept and searched, under the rights of the caller
    adding    a folder is compared with what is kept: new, changed, gone
    support   tells if a passage bears a sentence out
"""

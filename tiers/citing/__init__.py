"""Answers from an operator's own documents: passages are shown, cited, and held against the answer.

`fence` shows passages to a model: numbered, between marks, without orders. `citations` takes an
answer sentence by sentence: what its sources bear out. `shown` holds the passages that a request
was given. `document_context` is the step `context` over documents; `quoting` is the answerer of
`kind: documents`, which quotes them.
"""

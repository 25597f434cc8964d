"""Defines the tables of the store of documents: an SQLite file of its own, beside the ledger.

A `scope` is a tenant, a collection and a label of access together. Each chunk belongs to one, and
each query names the scopes that it may read. `words` is the full-text table; it holds the scope as
a word in a column of its own, so that SQLite itself looks at no other chunk.
"""

from __future__ import annotations

VERSION = 1

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE scopes (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    collection TEXT NOT NULL,
    label TEXT NOT NULL,
    UNIQUE (tenant, collection, label)
);
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    scope INTEGER NOT NULL REFERENCES scopes (id),
    tenant TEXT NOT NULL,
    collection TEXT NOT NULL,
    source TEXT NOT NULL,
    title TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    UNIQUE (tenant, collection, source)
);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (id),
    uid TEXT NOT NULL,
    section TEXT NOT NULL,
    page INTEGER NOT NULL,
    text TEXT NOT NULL,
    vector BLOB
);
CREATE INDEX chunks_of_document ON chunks (document);
CREATE VIRTUAL TABLE words USING fts5 (
    scope, heading, body, tokenize = "unicode61 remove_diacritics 0 tokenchars '_.'",
    columnsize = 1
);
CREATE VIRTUAL TABLE word_counts USING fts5vocab (words, 'row');
"""

HEADING_WEIGHT = 2.0
"""A word of a heading counts twice: it names what stands below."""

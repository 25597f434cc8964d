"""Reads files of many formats into blocks; `files` chooses the reader and bounds what it takes."""

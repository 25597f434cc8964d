"""Describes the section about uploaded files and batches of requests over them."""

from __future__ import annotations

from pydantic import Field

from router.policy.sections.base import Section


class BatchesSection(Section):
    """Bounds `/v1/files` and `/v1/batches`. Read from the default policy."""

    max_file_bytes: int = Field(
        default=100_000_000, ge=1_000, le=1_000_000_000, description="Largest file in bytes."
    )
    max_files: int = Field(
        default=500, ge=1, le=100_000, description="Files that one key may keep at a time."
    )
    max_stored_bytes: int = Field(
        default=1_000_000_000,
        ge=1_000,
        le=1_000_000_000_000,
        description="Bytes of all files that one key may keep at a time.",
    )
    max_requests: int = Field(
        default=50_000, ge=1, le=1_000_000, description="Most requests of one batch."
    )
    max_line_bytes: int = Field(
        default=1_000_000, ge=100, le=8_000_000, description="Longest line of a file in bytes."
    )
    max_running: int = Field(
        default=10, ge=1, le=1_000, description="Batches of one key that have work at a time."
    )
    concurrency: int = Field(
        default=4,
        ge=1,
        le=256,
        description="Requests of all batches that one process has under way at a time. Half of "
        "it while other requests are under way.",
    )
    retention_days: int = Field(
        default=30, ge=1, le=3650, description="Days after which files are deleted."
    )

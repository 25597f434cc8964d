"""Shows files and batches as OpenAI does. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from router.types import Batch, StoredFile

MOMENTS = (
    "in_progress",
    "finalizing",
    "completed",
    "failed",
    "expired",
    "cancelling",
    "cancelled",
)
"""Lists the states whose beginnings a client reads, as `{state}_at`."""


def file_view(file: StoredFile) -> dict[str, object]:
    """Returns a file as a JSON object."""
    view: dict[str, object] = {
        "id": file.file_id,
        "object": "file",
        "bytes": file.size,
        "created_at": file.created_at_ms // 1000,
        "filename": file.filename,
        "purpose": file.purpose,
        "status": "processed",
    }
    if file.expires_at_ms is not None:
        view["expires_at"] = file.expires_at_ms // 1000
    return view


def batch_view(batch: Batch) -> dict[str, object]:
    """Returns a batch as a JSON object."""
    errors = [
        {"code": e.code, "message": e.message, "param": e.param, "line": e.line}
        for e in batch.errors
    ]
    moments = {f"{name}_at": _seconds(batch.moments.get(name)) for name in MOMENTS}
    return {
        "id": batch.batch_id,
        "object": "batch",
        "endpoint": batch.endpoint,
        "errors": {"object": "list", "data": errors} if errors else None,
        "input_file_id": batch.input_file_id,
        "completion_window": batch.completion_window,
        "status": batch.state.value,
        "output_file_id": batch.output_file_id,
        "error_file_id": batch.error_file_id,
        "created_at": batch.created_at_ms // 1000,
        "expires_at": batch.expires_at_ms // 1000,
        **moments,
        "request_counts": {
            "total": batch.total,
            "completed": batch.completed,
            "failed": batch.failed,
        },
        "metadata": dict(batch.metadata) or None,
    }


def page(views: Sequence[dict[str, object]], *, more: bool) -> dict[str, object]:
    """Returns one page of a list."""
    return {
        "object": "list",
        "data": views,
        "first_id": views[0]["id"] if views else None,
        "last_id": views[-1]["id"] if views else None,
        "has_more": more,
    }


def _seconds(ms: int | None) -> int | None:
    return None if ms is None else ms // 1000

"""Names rows of the ledger to clients, and finds the row behind a name. Pure."""

from __future__ import annotations


def decision_id(request_id: str) -> str:
    """Returns a decision's public name."""
    return f"dec_{request_id}"


def request_name(request_id: str) -> str:
    """Returns a request's public name, as in the header `x-request-id`."""
    return f"req_{request_id}"


def request_id_of(public_id: str) -> str:
    """Returns the ledger's id behind the public id of a decision, a request or an answer."""
    # Clients hold ids of several APIs, and all of them name one row.
    for prefix in ("dec_", "req_", "chatcmpl-", "resp_", "msg_", "cmpl-", "modr-"):
        if public_id.startswith(prefix):
            return public_id[len(prefix) :]
    return public_id

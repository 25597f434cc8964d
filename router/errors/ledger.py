"""Defines the errors of the ledger, whose details clients never see."""

from __future__ import annotations

from router.errors.admission import BudgetExceeded, LedgerFull, RateLimited
from router.errors.base import TiergateError


class LedgerError(TiergateError):
    """Reports that the ledger cannot be used."""

    code = "ledger_error"

    @property
    def told(self) -> str:
        """Returns a text without the database's address, user and messages."""
        said = "The ledger cannot be used now, and nothing goes out unbooked. Try again later."
        return f"{self.first} {said}" if self.first else said


class LedgerUnavailable(LedgerError):
    """Reports that the database cannot be written now: a full disk, a lock, a restarting server.

    Rows that are still to be written are tried again.
    """

    code = "ledger_unavailable"
    status = 503
    retry_after_s = 1.0


class RatesUnavailable(LedgerUnavailable):
    """Reports that the server of shared rates does not answer, or their file has no place."""

    @property
    def told(self) -> str:
        """Returns a text without the server's address and messages, and without the file."""
        return "Rates cannot be counted now, and nothing goes out uncounted. Try again later."


class LedgerCorrupt(LedgerError):
    """Reports a database or a row that is damaged, so that it cannot be read."""

    code = "ledger_corrupt"


NOT_ADMITTED = (BudgetExceeded, RateLimited, LedgerFull, LedgerUnavailable)
"""Lists the errors of a call that was not made.

Either a limit refuses the call, or the store that counts the limit does not answer. The gateway
then releases a draft that is already paid for, where the policy allows it. These are not the errors
that refuse (`TiergateError.refuses`): a store that does not answer is a failure and no limit, and
where one answerer is full (`Overloaded`) or its window too small, the next rung may have room.
"""

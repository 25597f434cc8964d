"""Defines the root of the error tree. It knows nothing of its branches."""

from __future__ import annotations

from typing import Self


class TiergateError(Exception):
    """Is the base of every error that Tiergate raises on purpose.

    `message` says what was found, what was expected and what to do. `refuses` is True where a limit
    declined the request and nothing failed: reports count it as not admitted. `other_codes` are
    those that a class which refuses is raised with besides its own.
    """

    code = "internal_error"
    other_codes: tuple[str, ...] = ()
    status = 500
    type = "server_error"
    retryable = False
    refuses = False

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.request_id = ""  # set by the gateway once the failed request has an id
        self.tried = ""  # set with it: which answerers failed, in words
        self.first = ""  # set with it: whom to call, where somebody may be in danger
        self.param = param
        if code is not None:
            self.code = code

    def own(self) -> Self:
        """Returns a copy of this error, for one of several requests that fail by it.

        Each request notes its id in its error, and whom to call: nobody may read another's.
        """
        copied = type(self).__new__(type(self), *self.args)
        copied.__dict__.update(self.__dict__)
        copied.__cause__ = self.__cause__
        return copied

    def forget_frames(self) -> None:
        """Drops where this error and its causes were raised: those frames hold whole bodies.

        A failure is kept by the very frames that it came through. Such a circle would live until
        the next full collection, which a busy server runs after millions of objects.
        """
        error: BaseException | None = self
        while error is not None and error.__traceback__ is not None:  # causes may form a circle
            error.__traceback__ = None
            error = error.__cause__ or error.__context__

    @property
    def noted(self) -> str:
        """Returns the message for the log and the record."""
        return self.message

    @property
    def told(self) -> str:
        """Returns the message for clients: whom to call, what happened, and who was tried."""
        return " ".join(filter(None, (self.first, self.message, self.tried)))


class ClientGone(TiergateError):
    """Reports that the client closed the connection before its answer was complete."""

    code = "client_gone"
    status = 499

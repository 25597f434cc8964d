"""Holds the bounds of a connection in time and memory, whatever its client sends.

Two more bounds are options of the server: `request_s` and `drain_s`. The number of connections
follows from the open files that the process may have.
"""

from __future__ import annotations

MAX_HEAD_BYTES = 65_536
"""Of a request's first line, headers and trailers. Clients send one kilobyte; the largest cookies
have eight; nginx takes 32 kB and Apache 800 kB by default."""

MAX_WAITING = 100
"""Requests that one connection may send ahead: what comes behind them is not read, and it closes
after their answers. Clients send none; without a bound 200 MB of them took 2.7 GB here."""

MAX_UNREAD_BODY = 65_536
"""Bytes of a body that are kept before the application asks for them. Above it the socket is not
read, so that the client has to wait."""

KEEP_ALIVE_S = 75.0
"""Of silence between two requests. It is longer than clients keep an idle connection, so that it
is they who close it: a server that closes first can lose a request which is on its way."""

LINGER_S, LINGER_BYTES = 1.0, 1_000_000
"""After a refusal: so long, and so much, of what still comes is read and dropped. Closing at once
would reset the connection and could take the answer with it (RFC 9112, section 9.6)."""

MAX_LINGER_BYTES = 500_000_000
"""Of a refused body: it is read and dropped to its end, for `request_s` at most and while no second
passes without a byte. urllib, Node's fetch and clients of asyncio read no answer while they send,
so that a reset in between is all they learn. A client may as well send as much in requests that
are read, and dropping it all takes a core less than 0.3 s."""

HEAD_KEEPS_PLACE_S = 1.0
"""Of a head's arrival in which it keeps its place while no other is free. A head is one packet or
two, which come together; with `request_s` alone 14,000 heads without an end kept all others out for
a minute."""

OWN_FILES = 64
"""Open files that the process needs besides connections: the ledger, models, logs. It has 24."""

LOOKED_AT = 100
"""Connections that are looked at for an idle one when a new one needs its place: so few cost less
than the request that follows."""

TOLD_EVERY_S = 10.0
"""Of silence between two lines of the log that say that there was no more room."""


def most_connections(files: int) -> int:
    """Returns how many connections a process with so many open files keeps.

    It is half of the files, since each request may need one more towards its upstream; where
    there are few, a quarter.

    >>> most_connections(1024)
    480
    >>> most_connections(64)
    16
    """
    return max(files // 4, (files - OWN_FILES) // 2)

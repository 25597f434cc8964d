"""Divides the paths between the server's own address and the one of `--admin-listen`.

It knows nothing about keys: a path for operators still needs one.
"""

from __future__ import annotations

from router.api.dashboard.pages import DATA, PAGE
from router.api.endpoints.rollouts import PATH as ROLLOUTS
from router.api.http.asgi import Scope
from router.api.openapi import document
from router.errors import NotFound

EVERYWHERE = ("/healthz", "/readyz", "/v1/reviews", "/v1/decisions/", "/v1/feedback")
"""Lists the paths that answer at both addresses.

They are the probes, and the paths that the dashboard calls with a person's key.
"""

ADMINS = ("/", "/metrics", "/docs", "/openapi.json")
ADMINS_BELOW = (PAGE, DATA, ROLLOUTS)
"""Lists the paths for operators, which `--admin-listen` moves to its address."""


class AdminAddress:
    """Knows the paths that answer at each address; with port 0 all paths answer at every address.

    The port shows the address of a request, since a host may have several addresses.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    @property
    def divides(self) -> bool:
        """Returns True when operators have an address of their own."""
        return bool(self._port)

    def received(self, scope: Scope) -> bool:
        """Returns True when the request came in by the address of `--admin-listen`."""
        return self.divides and scope["server"][1] == self._port

    def check(self, scope: Scope) -> None:
        """Raises NotFound for a path that answers only at the other address."""
        path: str = scope["path"]
        # Without a second address every path answers everywhere.
        if not self.divides or path.startswith(EVERYWHERE):
            return
        if _is_admins(path) != self.received(scope):
            raise _elsewhere(path)

    def known_paths(self, scope: Scope) -> list[str]:
        """Returns the paths that answer at the address by which the request came in."""
        paths = document.known_paths()
        if not self.divides:
            return list(paths)
        at_admin = self.received(scope)
        return [p for p in paths if p.startswith(EVERYWHERE) or _is_admins(p) == at_admin]


def _is_admins(path: str) -> bool:
    return path in ADMINS or path.startswith(ADMINS_BELOW)


def _elsewhere(path: str) -> NotFound:
    if _is_admins(path):
        return NotFound(f"{path[:200]!r} is for operators: it answers at --admin-listen alone.")
    return NotFound(
        f"{path[:200]!r} is not for operators: it answers at --host and --port, not at "
        "--admin-listen."
    )

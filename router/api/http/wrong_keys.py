"""Wrong API keys, counted by the address they come from.

Many may sit behind one address, so a good key is never refused for the wrong ones beside it: only
what is wrong anyway is answered sooner, and logged less often. It knows nothing about keys.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

import structlog

from router.types import Clock

ALLOWED = 20
"""Wrong keys of one address within WINDOW_MS that are answered as such. A deployment with an old
key tries one per worker and retry; who guesses tries thousands."""
WINDOW_MS = 60_000.0
KEPT = 10_000
"""Addresses that are remembered, the last ones: about 2 MB."""


@dataclass(slots=True)
class _Tries:
    began_ms: float
    count: int = 0


class WrongKeys:
    """Counts wrong keys of addresses, and logs them with the address, never with the key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_address: OrderedDict[str, _Tries] = OrderedDict()
        self._log = structlog.get_logger("tiergate.access")

    def count(self, address: str) -> float:
        """Counts one more. The seconds until the address is believed to err again, 0.0 while it is.

        Logs the first within a minute, and the first that is too many.
        """
        now_ms = self._clock.monotonic_ms()
        name = _network(address)
        tries = self._by_address.pop(name, None)
        if tries is None or now_ms - tries.began_ms >= WINDOW_MS:
            if tries is not None and tries.count > ALLOWED:
                self._log.warning("wrong_keys", address=name, count=tries.count)
            tries = _Tries(now_ms)
            self._log.warning("wrong_key", address=name)
        self._by_address[name] = tries
        tries.count += 1
        if len(self._by_address) > KEPT:
            self._by_address.popitem(last=False)
        if tries.count == ALLOWED + 1:
            self._log.warning("wrong_keys_throttled", address=name, count=tries.count)
        return (tries.began_ms + WINDOW_MS - now_ms) / 1000 if tries.count > ALLOWED else 0.0


def _network(address: str) -> str:
    """The address, or the /64 of one of IPv6, of which a customer gets 2**64.

    >>> _network("2001:db8::1:2"), _network("192.0.2.7")
    ('2001:db8::/64', '192.0.2.7')
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # no address: a socket in the file system
        return address[:100] or "unknown"
    if isinstance(found, ipaddress.IPv4Address) or found.is_loopback:
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))

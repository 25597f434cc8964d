"""Counts wrong API keys by the address that sends them.

Many callers may share one address, so a good key is never refused because of wrong ones from there.
A wrong key is answered sooner and logged less often. It knows nothing about keys.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

from router.api.observability.log import Log
from router.types import Clock

ALLOWED = 20
"""Allows this many wrong keys of one address within WINDOW_MS before they are throttled.

A deployment with an old key tries one per worker and retry; an attacker tries thousands.
"""
WINDOW_MS = 60_000.0
KEPT = 10_000
"""Bounds the addresses that are remembered, the latest ones: about 2 MB."""


@dataclass(slots=True)
class _Tries:
    began_ms: float
    count: int = 0


class WrongKeys:
    """Counts wrong keys of addresses, and logs them with the address, never with the key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_address: OrderedDict[str, _Tries] = OrderedDict()
        self._log = Log("tiergate.access")

    def count(self, address: str) -> float:
        """Counts one wrong key; returns the seconds for which the address stays throttled, 0.0 if
        it is not.

        Logs the first wrong key within a minute, and the first that is too many.
        """
        now_ms = self._clock.monotonic_ms()
        name = _network(address)
        tries = self._by_address.pop(name, None)
        if tries is None or now_ms - tries.began_ms >= WINDOW_MS:
            # The window that ended had more than its first line showed.
            if tries is not None and tries.count > ALLOWED:
                self._log.warning("wrong_keys", address=name, count=tries.count)
            tries = _Tries(now_ms)
            self._log.warning("wrong_key", address=name)
        # Re-inserted at the end, so that the oldest address is forgotten first.
        self._by_address[name] = tries
        tries.count += 1
        if len(self._by_address) > KEPT:
            self._by_address.popitem(last=False)
        if tries.count == ALLOWED + 1:
            self._log.warning("wrong_keys_throttled", address=name, count=tries.count)
        return (tries.began_ms + WINDOW_MS - now_ms) / 1000 if tries.count > ALLOWED else 0.0


def _network(address: str) -> str:
    """Returns the address, or the /64 network of an IPv6 address.

    A customer gets 2**64 IPv6 addresses.

    >>> _network("2001:db8::1:2"), _network("192.0.2.7")
    ('2001:db8::/64', '192.0.2.7')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # not an address: a socket in the file system
        return address[:100] or "unknown"
    if isinstance(parsed, ipaddress.IPv4Address) or parsed.is_loopback:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    # Whoever has one address of a /64 can use all of them.
    return str(ipaddress.ip_network((parsed, 64), strict=False))

"""Finds addresses that lead into a network of its own: a machine's, a company's, a cluster's.

A model's server fetches the images that a request names. One in the operator's own network would
fetch what no client may reach: a database's page, a cloud's credentials. Names are not looked up
here: what a public name leads to may change between a look and the fetch. Pure.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import unquote

_SCHEME = re.compile(r"https?:[/\\]*", re.IGNORECASE)
_AUTHORITY_ENDS = re.compile(r"[/\\?#]")
_AUTHORITY_ENDS_ELSEWHERE = re.compile(r"[/?#]")
_DROPPED = str.maketrans("", "", "\t\r\n")  # readers of addresses leave them out

_INNER_NAMES = (
    *(".localhost", ".local", ".localdomain", ".internal", ".intranet"),
    *(".lan", ".corp", ".home", ".home.arpa", ".svc"),
)
_CLOUDS = (
    ipaddress.ip_network("168.63.129.16/32"),  # answers each machine at Azure: its WireServer
    ipaddress.ip_network("192.0.0.0/24"),  # of protocols; Oracle's clouds tell of a machine there
)
"""Lists what Python takes for the internet, and what each machine of a cloud reaches."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")  # all that is given to networks of the internet


def inner_host(address: str) -> str | None:
    """Returns the host of an http address that is inside a network, None for any other text.

    >>> inner_host("http://10.0.0.8:8000/x.png"), inner_host("https://example.com/x.png")
    ('10.0.0.8', None)
    """
    address = unicodedata.normalize("NFKC", address.translate(_DROPPED)).lstrip()
    scheme = _SCHEME.match(address)
    if scheme is None:
        return None
    rest = address[scheme.end() :]
    # Browsers end the host at a backslash and read escapes within it; other readers do neither.
    for ends in (_AUTHORITY_ENDS, _AUTHORITY_ENDS_ELSEWHERE):
        if (host := _inner(ends.split(rest, maxsplit=1)[0])) is not None:
            return host
    return None


def _inner(authority: str) -> str | None:
    host = unquote(authority.rpartition("@")[2]).strip().lower()
    if host.startswith("["):
        host = host[1:].partition("]")[0].partition("%")[0]
    else:
        host = host.partition(":")[0].rstrip(".")
    return host if _is_inner(host) else None


def _is_inner(host: str) -> bool:
    number = _number(host)
    if number is None:
        # A name without a dot is looked up in the own network alone. Some readers end one at a NUL.
        return "." not in host or host.endswith(_INNER_NAMES) or not host.isprintable()
    if isinstance(number, ipaddress.IPv6Address):
        carried = number.ipv4_mapped or number.sixtofour
        if number in _NAT64:
            carried = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
        elif carried is None and number not in _PUBLIC_IPV6:
            return True  # among them site-local ones, and IPv4 in other forms than `carried`
        if carried is not None and _is_inner_ipv4(carried):
            return True
        return not number.is_global or number.is_multicast
    return _is_inner_ipv4(number)


def _is_inner_ipv4(number: ipaddress.IPv4Address) -> bool:
    ours = any(number in network for network in _CLOUDS)
    return ours or not number.is_global or number.is_multicast


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Returns an address that is written in numbers, in whatever form a client's library reads."""
    try:
        if ":" in host:
            return ipaddress.IPv6Address(host)
        return _by_parts(host)
    except ValueError:
        return None


def _by_parts(host: str) -> ipaddress.IPv4Address:
    """Returns an address of one to four numbers, of which the last one fills the rest.

    127.1, 0x7f000001 and 2130706433 are 127.0.0.1 to what reads them so (`inet_aton`). Raises
    ValueError for a name.
    """
    *first, last = [_whole(part) for part in host.split(".")]
    if len(first) > 3 or any(part > 255 for part in first) or last >= 256 ** (4 - len(first)):
        raise ValueError(host)
    value = last
    for place, part in enumerate(first):
        value += part << (24 - 8 * place)
    return ipaddress.IPv4Address(value)


def _whole(part: str) -> int:
    if not part.isascii() or not part[:1].isdigit() or "_" in part or len(part) > 20:
        raise ValueError(part)
    octal = part[0] == "0" and part.isdigit()
    return int(part, 8 if octal else 0)

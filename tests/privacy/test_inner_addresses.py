"""Tests which addresses lead into a network of its own, however they are written."""

from __future__ import annotations

import pytest

from router.privacy.inner_addresses import inner_host


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9499/x",
        "HTTPS://LOCALHOST/x.png",
        " http://localhost./x",
        "http://10.1.2.3/x",
        "http://172.16.0.1/x",
        "http://192.168.1.1/x",
        "http://169.254.169.254/latest/meta-data",
        "http://168.63.129.16/machine?comp=goalstate",
        "http://192.0.0.192/latest/",
        "http://0xa83f8110/",
        "http://[::ffff:192.0.0.192]/",
        "http://100.64.0.1/x",
        "http://0.0.0.0/x",
        "http://127.1/x",
        "http://2130706433/x",
        "http://0x7f.0.0.1/x",
        "http://0177.0.0.1/x",
        "http://[::1]:80/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://[fe80::1%25eth0]/x",
        "http://[fd00::1]/x",
        "http://[64:ff9b::7f00:1]/x",
        "http://[2002:7f00:1::]/x",
        "http://[::127.0.0.1]/x",
        "http://[::ffff:0:127.0.0.1]/x",
        "http://[64:ff9b:1::a9fe:a9fe]/x",
        "http://[fec0::1]/x",
        "http://127.0.0.1%00.example.com/x",
        "http://example.com@127.0.0.1/x",
        "http://127.0.0.1\\@example.com/x",
        "http:/127.0.0.1/x",
        "http:127.0.0.1/x",
        "http://%31%32%37.0.0.1/x",
        "http://\uff11\uff12\uff17.0.0.1/x",
        "http://127.0.0\t.1/x",
        "http://vllm:8000/x",
        "http://metadata.google.internal/x",
        "http://cache.default.svc/x",
        "http://",
    ],
)
def test_address_inside_a_network_is_found(address: str) -> None:
    assert inner_host(address) is not None


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/10.0.0.1.png",
        "https://example.com:8443/x?next=http://127.0.0.1/",
        "http://8.8.8.8/x",
        "https://[2606:4700::1111]/x",
        "https://[64:ff9b::808:808]/x",
        "https://[::ffff:8.8.8.8]/x",
        "https://user@example.com/x",
        "https://localhost.example.com/x",
        "data:image/png;base64,iVBORw0KGgo=",
        "file-1234",
        "10.0.0.1",
    ],
)
def test_other_addresses_are_not(address: str) -> None:
    assert inner_host(address) is None

"""What a started server tells of its address."""

from __future__ import annotations

import pytest

from router.api.banner import Listening
from router.api.listening import listen


@pytest.mark.parametrize(("host", "everywhere"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_a_server_on_every_address_is_told_by_one_that_works_here(
    host: str, everywhere: bool
) -> None:
    with listen(host, 0) as listener:
        told = Listening.of(listener, secured=True)
        port = listener.getsockname()[1]
    assert (told.url, told.everywhere) == (f"http://127.0.0.1:{port}", everywhere)

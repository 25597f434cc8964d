"""While a thread works for long, others get the interpreter soon; afterwards all is as before."""

from __future__ import annotations

import sys

import pytest

from router.threads.giving_way import SOON_S, giving_way


def test_others_wait_for_as_long_as_before_once_the_last_has_ended() -> None:
    usual = sys.getswitchinterval()
    with giving_way():
        with giving_way():
            pass
        assert sys.getswitchinterval() == pytest.approx(SOON_S)
    assert sys.getswitchinterval() == pytest.approx(usual)


def test_work_that_fails_gives_the_interval_back() -> None:
    usual = sys.getswitchinterval()
    with pytest.raises(ZeroDivisionError), giving_way():
        raise ZeroDivisionError
    assert sys.getswitchinterval() == pytest.approx(usual)


def test_a_shorter_interval_of_the_program_stays() -> None:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SOON_S / 5)
    try:
        with giving_way():
            assert sys.getswitchinterval() == pytest.approx(SOON_S / 5, rel=0.1)
    finally:
        sys.setswitchinterval(usual)

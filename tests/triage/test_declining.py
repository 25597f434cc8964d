"""Who turns something of a shop down is in no danger; who turns life down is."""

from __future__ import annotations

import pytest

from router.triage.framing.declining import only_declines
from router.triage.text.folding import fold


@pytest.mark.parametrize(
    "said",
    [
        "I don't want the newsletter anymore, thanks",
        "we do not need this subscription any longer",
        "Ich will diese Bestellung nicht mehr",
        "Je ne veux plus attendre",
        "nie chcę już czekać",
        "Я не знаю номер замовлення",
        "Я хочу поговорити з оператором",
    ],
)
def test_what_a_shop_is_told_is_no_despair(said: str) -> None:
    assert only_declines(fold(said).words)


@pytest.mark.parametrize(
    "said",
    [
        "I don't want it anymore",
        "I don't want to be here anymore",
        "I don't want to wait, I want to die",
        "i do not want the baby",
        "Ich will nicht mehr leben",
        "Ich will es nicht mehr",
        "Je ne veux plus vivre",
        "Я не хочу більше жити",
        "nie chcę już żyć",
        "I don't want any help",
        "I don't need anyone",
    ],
)
def test_what_may_be_despair_is_left_to_the_reader(said: str) -> None:
    assert not only_declines(fold(said).words)

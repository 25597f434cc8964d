"""Tells who only turns something of a shop down: "I don't want this product", "I can't wait". Pure.

The reader of grave matters hears despair in "I don't want it". So a message of nothing but such
words and what a shop sells, sends or asks for is named here. Whatever else stands in it ("I don't
want to be here") leaves it to the reader, and so does "it" beside "anymore", which may be life.
"""

from __future__ import annotations

from collections.abc import Sequence

from router.triage.framing.known_runs import known_runs, phrases_of

MOST_WORDS = 16

_BEGINS = (
    "i don t want|i do not want|i dont want|i don t need|i do not need|i dont need|"
    "i no longer want|i no longer need|we don t want|we do not want|we don t need|"
    "we do not need|ich will|ich moechte|ich möchte|ich brauche|je ne veux plus|je ne veux pas|"
    "no quiero|ya no quiero|non voglio|non voglio più|nie chcę|ik wil|não quero|"
    "я не хочу|не хочу|я больше не хочу|я більше не хочу|я не знаю|не знаю|я не маю|не маю|"
    "я не пам'ятаю|я забув|я забула|я хочу"
)
_BARE = "it|them|any|this one|that one"
_THINGS = (
    "product|products|item|items|order|parcel|package|subscription|newsletter|newsletters|account|"
    "service|contract|appointment|booking|reservation|invoice|refund|replacement|voucher|call|"
    "calls|email|emails|mail|mails|message|messages|ad|ads|offer|offers|plan|trial|upgrade|app|"
    "to wait|to wait any longer|to be called|to be contacted|to come|to pay for it|to pay for this|"
    "to pay for that|to order|to buy it|to subscribe|to sign up|to return it|to receive emails|"
    "to get emails|to talk to a bot|to talk to a robot|to talk to a machine|to speak to a bot|"
    "dieses produkt|das produkt|diesen artikel|den artikel|diese bestellung|die bestellung|"
    "dieses paket|das paket|warten|bestellen|attendre|ce produit|de ce produit|cet article|"
    "cette commande|esperar|esperar más|este producto|este pedido|aspettare|questo prodotto|"
    "questo ordine|czekać|tego produktu|tego zamówienia|wachten|dit product|deze bestelling|"
    "esperar mais|este produto|esta encomenda|ждать|этот товар|этот заказ|"
    "цей товар|цей продукт|це замовлення|чекати|номер замовлення|номера замовлення|"
    "номер свого замовлення|пароль|свій пароль|чека|рахунка|поговорити з людиною|"
    "говорити з людиною|поговорити з менеджером|говорити з менеджером|поговорити з оператором|"
    "говорити з оператором"
)
_AROUND = (
    "the|this|that|these|those|my|your|a|an|thanks|thank you|please|sorry|hi|hello|ok|now|today|"
    "tomorrow|yet|nicht|bitte|danke|merci|gracias|grazie|już|niet|obrigado|дякую|спасибо|будь ласка"
)
_LONGER = "anymore|any more|any longer|mehr|meer|más|più|mais|більше|больше"

BEGINS, BARE, THINGS = phrases_of(_BEGINS), phrases_of(_BARE), phrases_of(_THINGS)
LONGER = phrases_of(_LONGER)
KNOWN = BEGINS | BARE | THINGS | LONGER | phrases_of(_AROUND)


def only_declines(words: Sequence[str]) -> bool:
    """Returns True for the folded words of a message that only turns something of a shop down, or
    lacks it.

    >>> said = "i don t want this product anymore", "i don t want it", "i don t want to live"
    >>> [only_declines(one.split()) for one in said]
    [True, True, False]
    """
    if len(words) > MOST_WORDS:
        return False
    runs = set(known_runs(words, KNOWN))
    things = bool(runs & THINGS)
    return bool(runs & BEGINS) and (things or (bool(runs & BARE) and not runs & LONGER))

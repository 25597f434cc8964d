"""Works out what goods cost in German, French and Spanish: "3 Stühle zu je 2.000 Euro".

`purchases` reads English ones. All of a question must fit one form. It knows no price itself.
"""

from __future__ import annotations

from decimal import Decimal, localcontext

from router.money.priced_goods import is_grouped, priced_goods, sum_of
from tiers.exact.money_shares import SIGNS, local_number, written_sum
from tiers.exact.other_languages import ACCENTS, MAX_CHARACTERS

_CURRENCIES = {"dollares": "$", "pound": "£", "pounds": "£", "pfund": "£"}


def cost_of_goods(text: str, *, opens: bool = False) -> str | None:
    """Returns what goods cost together, None for anything else.

    A price for each, and no question, may be a reply, unless it opens a conversation.

    >>> cost_of_goods("Was kosten 3 Stühle zu je 2.000 Euro?")
    '3 * 2.000 € = 6.000 €'
    >>> cost_of_goods("3 sillas a 20,50 euros cada una", opens=True)
    '3 * 20,50 € = 61,50 €'
    """
    if len(text) > MAX_CHARACTERS:
        return None
    plain = text.lower()
    if not plain.isascii():
        plain = plain.replace("ß", "ss").translate(ACCENTS)
    goods = priced_goods(plain)
    if goods is None or goods.language == "en" or not (goods.asks or opens):
        return None
    price = sum_of(goods.price, goods.language)
    if price is None:
        return None
    with localcontext(prec=40):
        cost = goods.count * price
    sign = SIGNS.get(goods.currency) or _CURRENCIES[goods.currency]
    each = written_sum(goods.price, price)
    return f"{goods.count} * {each} {sign} = {_like(goods.price, cost)} {sign}"


def _like(price: str, amount: Decimal) -> str:
    """Returns an amount with the sign between thousands that its price has, if it has one."""
    number = f"{amount:.2f}" if amount % 1 else f"{amount:.0f}"
    if not is_grouped(price):
        return local_number(number)
    whole, _, decimals = number.partition(".")
    grouped = f"{int(whole):,}".replace(",", " " if " " in price else ".")
    return f"{grouped},{decimals}" if decimals else grouped

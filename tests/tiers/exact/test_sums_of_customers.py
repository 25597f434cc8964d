"""Further sums of goods that customers ask in four languages, and texts that look like one.

Half of them must get no answer: a number is missing, a price is open or due again, a reduction is
of some goods alone, a judgement or another sum is asked for.
"""

from __future__ import annotations

from datetime import date

import pytest

from tiers.exact.tools import solved

TODAY = date(2026, 11, 30)

SUMS = """
how much is it for 4 chairs at $85 each?
    4 * $85 = $340
how much would it be for 4 chairs at $85 each?
    4 * $85 = $340
what do I pay for 4 chairs at $85?
    4 * $85 = $340
how much do I owe for 6 muffins at $2.75 each?
    6 * $2.75 = $16.50
How much will 7 posters at £12.99 cost?
    7 * £12.99 = £90.93
what's the total for 3 lamps at $40 and a rug at $150?
    3 * $40 + $150 = $270
3 chairs at $85 and 2 tables at $120 plus 8% tax, what do I pay?
    (3 * $85 + 2 * $120) plus 8% = $534.60
3 chairs at $85 each and 2 tables at $120 each with 8% sales tax
    (3 * $85 + 2 * $120) plus 8% = $534.60
2 pizzas at $14 and 3 beers at $5 plus a 20% tip, total?
    (2 * $14 + 3 * $5) plus 20% = $51.60
3 pens at £2 and a pad at £4, I pay with a twenty, what change
    £20 - (3 * £2 + £4) = £10
3 pens at £2 each and a pad at £4. I pay with a £20 note. How much change do I get?
    £20 - (3 * £2 + £4) = £10
I buy 4 coffees at $3.50 each and pay with a $20 bill, how much change do I get?
    $20 - 4 * $3.50 = $6
what do we pay for 4 chairs at $85 each plus a $100 deposit?
    4 * $85 + $100 = $440
3 pens at £2 and a pad at £4 plus £3 shipping, I pay with £20, what change?
    £20 - (3 * £2 + £4 + £3) = £7
Wie viel Rückgeld bekomme ich von 20 € für 3 Stifte zu je 2 €?
    20 € - 3 * 2 € = 14 €
3 pens at £1.99 and a pad at £4 including 20% VAT, total?
    3 * £1.99 + £4 = £9.97 if that includes the 20%; with it added: £11.96, rounded to cents
what do 3 hours of work at $9 each and a pack of gum at $2 cost?
    3 * $9 + $2 = $29
3 shirts at $20 each and my $10 gift card, total?
    3 * $20 - $10 = $50
how much change do I get from $50 for 3 books at $12.95 each?
    $50 - 3 * $12.95 = $11.15
How much do 12 tiles at $3.25 each come to?
    12 * $3.25 = $39
work out the cost of 24 cupcakes at 85 cents each
    24 * 0.85 = 20.40
add up 2 mugs at $8 and 3 plates at $11
    2 * $8 + 3 * $11 = $49
I'm buying 5 plants at $9.50 each and 2 pots at $14 each. How much is that altogether?
    5 * $9.50 + 2 * $14 = $75.50
what will it cost me to buy 3 filters at $19 each?
    3 * $19 = $57
if I order 20 badges at $1.15 each, what does that cost?
    20 * $1.15 = $23
6 tickets costing $32 each, how much altogether?
    6 * $32 = $192
4 chairs, $85 each, how much?
    4 * $85 = $340
Wie teuer sind 4 Stühle zu je 85 Euro?
    4 * 85 € = 340 €
Was macht das zusammen: 4 Stühle zu je 85 Euro und 2 Tische zu 120 Euro?
    4 * 85 € + 2 * 120 € = 580 €
Was kostet das insgesamt: 3 Lampen zu 40 € und ein Teppich zu 150 €?
    3 * 40 € + 150 € = 270 €
Wie viel muss ich für 4 Stühle zu je 85 Euro bezahlen?
    4 * 85 € = 340 €
Was muss ich für 3 Karten à 12,50 € zahlen?
    3 * 12,50 € = 37,50 €
Wie viel würden 7 Poster zu je 12,99 € kosten?
    7 * 12,99 € = 90,93 €
Wenn ich 20 Kugelschreiber zu je 1,15 € kaufe, was kostet das?
    20 * 1,15 € = 23 €
Wie hoch ist der Gesamtpreis für 5 Pflanzen zu je 9,50 € und 2 Töpfe zu je 14 €?
    5 * 9,50 € + 2 * 14 € = 75,50 €
3 Stühle zu je 85 € und 2 Tische zu je 120 € plus 19 % MwSt, was zahle ich?
    (3 * 85 € + 2 * 120 €) plus 19 % = 589,05 €
3 Stifte zu je 2 € und ein Block zu 4 €, ich zahle mit 20 €, wie viel Rückgeld bekomme ich?
    20 € - (3 * 2 € + 4 €) = 10 €
4 Kaffee zu je 3,50 €. Ich zahle mit einem 20-Euro-Schein. Was bekomme ich zurück?
    20 € - 4 * 3,50 € = 6 €
Was kosten mich 3 Filter zu je 19 €?
    3 * 19 € = 57 €
Gesamtpreis: 6 Karten zu je 32 Euro
    6 * 32 € = 192 €
Wie viel kosten 12 Fliesen zum Preis von je 3,25 €?
    12 * 3,25 € = 39 €
3 Stifte zu je 1,99 € inkl. 19 % MwSt, was kostet das?
    3 * 1,99 € = 5,97 €, wenn die Steuer von 19 % enthalten ist; kommt sie dazu: 7,10 €, auf Cent \
gerundet
Wie teuer wären 2 Fahrräder zu 350 € und ein Helm zu 45 €?
    2 * 350 € + 45 € = 745 €
Ça fait combien, 4 chaises à 85 euros ?
    4 * 85 € = 340 €
Ça fait combien 3 lampes à 40 € et un tapis à 150 € ?
    3 * 40 € + 150 € = 270 €
Combien ça fait, 7 affiches à 12,99 € pièce ?
    7 * 12,99 € = 90,93 €
Combien dois-je payer pour 4 chaises à 85 € ?
    4 * 85 € = 340 €
Combien coûteraient 3 filtres à 19 € ?
    3 * 19 € = 57 €
Quel est le prix total de 5 plantes à 9,50 € et 2 pots à 14 € ?
    5 * 9,50 € + 2 * 14 € = 75,50 €
Si j'achète 20 stylos à 1,15 € pièce, ça fait combien ?
    20 * 1,15 € = 23 €
3 chaises à 85 € et 2 tables à 120 € plus 20 % de TVA, ça fait combien ?
    (3 * 85 € + 2 * 120 €) plus 20 % = 594 €
3 stylos à 2 € et un bloc à 4 €, je paie avec un billet de 20 €, combien me rend-on ?
    20 € - (3 * 2 € + 4 €) = 10 €
Combien pour 6 billets à 32 € l'unité ?
    6 * 32 € = 192 €
À combien reviennent 12 carreaux à 3,25 € ?
    12 * 3,25 € = 39 €
Je prends 2 vélos à 350 € et un casque à 45 €, combien au total ?
    2 * 350 € + 45 € = 745 €
¿Cuánto costarían 4 sillas a 85 euros?
    4 * 85 € = 340 €
¿Cuánto es en total: 4 sillas a 85 € y 2 mesas a 120 €?
    4 * 85 € + 2 * 120 € = 580 €
¿Cuánto tengo que pagar por 3 filtros a 19 € cada uno?
    3 * 19 € = 57 €
¿Cuánto me cuestan 7 carteles a 12,99 €?
    7 * 12,99 € = 90,93 €
¿Qué precio tienen 6 entradas a 32 €?
    6 * 32 € = 192 €
Si compro 20 bolígrafos a 1,15 € cada uno, ¿cuánto es?
    20 * 1,15 € = 23 €
3 sillas a 85 € y 2 mesas a 120 € más 21 % de IVA, ¿cuánto pago?
    (3 * 85 € + 2 * 120 €) más 21 % = 598,95 €
3 bolis a 2 € y un bloc a 4 €, pago con un billete de 20 €, ¿cuánto me devuelven?
    20 € - (3 * 2 € + 4 €) = 10 €
¿Cuál es el precio total de 5 plantas a 9,50 € y 2 macetas a 14 €?
    5 * 9,50 € + 2 * 14 € = 75,50 €
¿Cuánto sale comprar 2 bicis a 350 € y un casco a 45 €?
    2 * 350 € + 45 € = 745 €
¿Cuánto suman 12 azulejos a 3,25 € y una lata a 18 €?
    12 * 3,25 € + 18 € = 57 €
"""

NONE = """
how much is it for 4 chairs?
how much is it for 4 chairs and 2 tables at $85?
how much is it for some chairs at $85 each?
how much is it for 4 chairs at $85 or 2 at $120?
how much is it for 4 chairs from $45 each?
how much is it for 4 to 6 chairs at $85 each?
how much is it for 4 chairs at $85 a month?
how much is it for 4 chairs at $85 each per year?
what do I pay for 4 seats at $12 per user per month?
how much do I owe for 3 rides at $85 an hour?
3 chairs at $85 and 2 tables at $120 plus tax, what do I pay?
3 chairs at $85 and 2 tables at $120 plus 8% tax on the tables, what do I pay?
3 chairs at $85 and 2 tables at $120 with 10% off the chairs, what do I pay?
3 chairs at $85 and 2 tables at $120 plus 8%
3 chairs at $85 and 2 tables at $120 with 8% tax already included, what's the tax?
how much tax is in 3 chairs at $85 and 2 tables at $120 plus 8% tax?
3 pens at £2 and a pad at £4, I pay with a ten, how many pens can I get?
3 pens at £2 and a pad at £4, I pay with a fiver, what change?
3 pens at £2 and a pad at £4, I pay with a €20 note, what change?
3 pens at £2 and a pad, I pay with a twenty, what change?
2 shirts at $20 each and a $10 gift card, what do I pay?
2 roses at $4 each with a $5 card, total?
3 pens at 50 cents each and a pad at £4, total?
what do 60 watt bulbs at $3 each cost?
what do 12 year old whiskies at $80 each cost?
what do 3 day passes at $40 each cost?
Was kosten 12 Volt Batterien zu je 15 €?
3 pens at £2, I pay with a twenty
3 pens at £2, I pay with £20.1255, what change?
3 pens at £2 and a pad at £4, Tom pays with a twenty, what change does he get?
is $85 a good price for 4 chairs?
is it worth it to buy 4 chairs at $85 each?
should I pay $85 each for 4 chairs?
how much should I pay for 4 chairs at $85 each?
Anna sells 4 chairs at $85 each, what do I pay?
my neighbour wants $85 each for 4 chairs, is that ok?
my friend bought 4 chairs at $85 each, what did she pay for shipping?
what do 4 chairs not at $85 each cost?
how much is it for 4 chairs at $85 each without the discount?
how much is it for 4 chairs at $85 each excluding delivery?
how much cheaper is it for 4 chairs at $85 each?
how much is it for 2 lbs of nails at $4 per kg?
how much is it for 4 chairs at $85 each in pounds?
how much is it for 4 pairs of chairs at $85 a chair?
how much more is it for 4 chairs at $85 each than for 3?
how much is it for 4 chairs at $85 each if I already have 2?
Wie teuer sind 4 Stühle?
Wie teuer sind 4 Stühle ab 85 Euro?
Wie teuer sind 4 bis 6 Stühle zu je 85 Euro?
Wie teuer sind 4 Stühle zu je 85 Euro im Monat?
Wie teuer sind 4 Stühle zu 85 Euro bei euch?
Wie teuer sind 4 Stühle zu je 85 Euro und der Tisch?
Was macht das zusammen: 4 Stühle und 2 Tische zu 120 Euro?
Was macht Anna zusammen: 4 Stühle zu je 85 Euro?
3 Stühle zu je 85 € und 2 Tische zu je 120 € plus MwSt, was zahle ich?
3 Stühle zu je 85 € und 2 Tische zu je 120 € minus 10 %, was zahle ich?
3 Stifte zu je 2 € und ein Block zu 4 €, ich zahle mit 5 €, wie viel Rückgeld bekomme ich?
4 Stühle zu je 85 € bezahlen
Sind 85 Euro je Stuhl für 4 Stühle teuer?
Ça fait combien, 4 chaises ?
Ça fait combien, 4 chaises à partir de 85 euros ?
Ça fait combien, 4 chaises à 85 euros par mois ?
Ça fait combien, 4 chaises à 85 euros ou 90 euros ?
3 chaises à 85 € et 2 tables à 120 € moins 10 %, ça fait combien ?
C'est cher, 4 chaises à 85 euros ?
¿Cuánto costarían 4 sillas desde 85 euros?
¿Cuánto costarían 4 sillas a 85 euros al mes?
¿Cuánto es en total: 4 sillas y 2 mesas a 120 €?
3 bolis a 2 € y un bloc a 4 €, pago con un billete de 5 €, ¿cuánto me devuelven?
¿Es caro 4 sillas a 85 euros?
how much is it for 4 chairs at $85 each plus 10% off?
how much is it for 4 chairs at $85 each and delivery?
how much is it for 4 chairs at $85, 2 of them broken?
how much is it for 4 chairs and 6 stools at $85 each?
how much is it for 4 chairs and a table at $85 each?
how much is it for the 4 chairs at $85 each that you sell?
how much is it for 4 chairs at $85 each on Amazon?
how much is it for 4 chairs at $85 each with shipping?
how much is it for 4 chairs at $85 each in 2027?
how much is it for 4 chairs at 85 each or so?
how much is it for 4 rooms at $85 each per night for 3 nights?
how much is it for 4 people at $85 each way?
what do I pay for 3 months at $30 a month after a 10% rise?
what do I pay for 12 eggs at $4 a dozen?
how much do I owe for 3 at $5 if one was free?
what's the total for 3 lamps at $40 and a rug at €150?
what's the total for 3 lamps at $40 and a rug?
what's the total for 3 lamps at $40 off?
what's the total for 3 lamps at $40 less?
3 chairs at $85 and 2 tables at $120, what do I pay after 10% off the chairs?
3 chairs at $85 and 2 tables at $120 incl. 8% tax, how much is the tax?
3 chairs at $85 each before 8% tax
3 pens at £2 and a pad at £4, I pay with two twenties, what change?
3 pens at £2 and a pad at £4 and I have a twenty, is it enough?
3 pens at £2 and a pad at £4 with 10% off, I pay with a twenty, what change?
3 pens at £2 and a pad at £4, I pay with a twenty, what change in euros?
3 pens for £2 and a pad at £4, I pay with a twenty, what change?
how much change do I get from $20 for 3 books at $12.95 each?
how much change from a fifty for 3 books?
what do I owe for 4 chairs at $85 each with a $100 deposit?
what do I owe for 4 chairs at $85 each minus the $100 I already paid?
3 chairs at $85 plus 8% tax and 2 tables at $120, what do I pay?
3 chairs at $85 and 2 tables at $120 plus 8% tax minus 10%
3 chairs at $85 and 2 tables at $120 with 8% tax each
3 chairs at $85 and 2 tables at $120 plus 8% duty
3 meals at $20 and 2 drinks at $5 with a 15% tip split 3 ways
3 pens at £2 and a pad at £4, I pay with £20 and £5, what change?
2 pads for £4, I pay with a twenty, what change?
what do 4 licences monthly at $20 each cost?
what do 4 monthly licences at $20 each cost?
what do up to 4 chairs at $85 each cost?
what do 4 chairs up to $85 each cost?
what do 4 chairs never at $85 each cost?
what do 4 chairs maybe at $85 each cost?
Was kosten 4 Lizenzen monatlich zu je 20 €?
Was kosten 4 Lizenzen im Monat zu je 20 €?
Was kosten 4 weniger Lampen zu je 20 €?
Combien coûtent 4 licences mensuelles à 20 € pièce ?
Combien coûtent 4 licences à l'année à 20 € pièce ?
Combien coûtent 4 chaises peut-être à 85 € pièce ?
¿Cuánto cuestan 4 filtros al mes a 19 € cada uno?
¿Cuánto cuestan 4 cuotas mensuales a 19 € cada una?
what do 4 stolen phones at $100 each cost?
Was kostet es, 4 Stühle zu je 85 Euro bringen zu lassen?
Was muss ich für 4 Stühle zu je 85 Euro noch bezahlen?
Wenn ich 4 Stühle zu je 85 Euro kaufe
Si j'achète 4 chaises à 85 €, combien me reste-t-il sur 500 € ?
¿Cuánto me dan por 4 sillas a 85 €?
add up 2 mugs and 3 plates at $11
add up the cost of 2 mugs at $8 or 3 plates at $11
Wie teuer sind 4 Stühle zu je 85 Euro ohne MwSt?
Wie teuer sind 4 Stühle zu je 85 Euro geworden?
Wie teuer sind 4 Stühle zu 85 Euro pro Paar?
Wie viel muss ich für 4 Stühle zu je 85 Euro im Voraus bezahlen?
Wie viel muss ich für 4 Stühle zu je 85 Euro mehr bezahlen?
Wie viel muss ich für 4 Stühle anzahlen, zu je 85 Euro?
Was muss ich für 3 Karten à 12,50 € pro Person zahlen?
Was muss ich für 3 Tage zu 12,50 € zahlen?
Wenn ich 20 Kugelschreiber zu je 1,15 € verkaufe, was verdiene ich?
Ich nehme 4 Stühle zu je 85 Euro
Was macht das zusammen: 4 Stühle zu je 85 Euro und 2 Tische?
Was macht das zusammen: 4 Stühle zu je 85 Euro und 2 Tische zu $120?
Was kosten 4 Stühle zum Gesamtpreis von 85 Euro?
Was kosten 4 Stühle zum Preis von 85 Euro?
Was kosten 3 Sitze zu je 85 Euro Anzahlung?
Was kosten 4 Stühle zu je 85 Euro, wenn Rabatt gilt?
Was kosten 4 Stühle zu je 85 Euro laut Angebot von Müller?
Ça fait combien, 4 chaises à 85 euros les deux ?
Ça fait combien, 4 chaises à 85 euros la paire ?
Ça fait combien, 4 chaises à 85 euros hors taxes ?
Ça fait combien, 4 chaises et 2 tables à 85 euros ?
Combien dois-je payer pour 4 chaises à 85 € de moins ?
Combien dois-je payer de plus pour 4 chaises à 85 € ?
Combien pour 6 billets à 32 € ou 35 € ?
Combien coûteraient 3 filtres à environ 19 € ?
Je prends 4 chaises à 85 €
Est-ce que 4 chaises à 85 €, c'est cher ?
¿Cuánto costarían 4 sillas a 85 euros la pareja?
¿Cuánto es en total: 4 sillas a 85 € y una mesa?
¿Cuánto tengo que pagar por 3 filtros de 19 €?
¿Cuánto tengo que pagar de más por 3 filtros a 19 €?
¿Qué precio tienen 6 entradas a unos 32 €?
Compro 20 bolígrafos a 1,15 € cada uno
¿Cuánto suman 12 azulejos a 3,25 € y una lata?
¿Cuánto me cuestan 7 carteles a 12,99 € con descuento?
¿Cuánto sale comprar 2 bicis a 350 € al contado?
"""


LINES = SUMS.strip().splitlines()


@pytest.mark.parametrize(("text", "answer"), [*zip(LINES[::2], LINES[1::2], strict=True)])
def test_a_sum_that_customers_ask_is_worked_out(text: str, answer: str) -> None:
    solution = solved(text, TODAY, opens=True)
    assert solution is not None
    assert solution.text == answer.strip()


@pytest.mark.parametrize("text", NONE.strip().splitlines())
def test_what_only_looks_like_a_sum_has_no_answer(text: str) -> None:
    assert solved(text, TODAY, opens=True) is None

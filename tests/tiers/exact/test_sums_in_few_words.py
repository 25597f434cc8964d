"""Sums without a currency, fractions, prices of one piece and taxes, in four languages.

The texts that must get no answer look like them: a price asked of the shop, a size, a ratio, a time
of day, a sum with a doubt.
"""

from __future__ import annotations

from datetime import date

import pytest

from tiers.exact.tools import solved

TODAY = date(2026, 11, 30)

SUMS = """
7 zu 12,90 das Stück
    7 * 12,90 = 90,30
3 tanks at $149 and 2 filters at $39.90, minus 10%
    (3 * $149 + 2 * $39.90) less 10% = $474.12
4 chairs for $85 - what is that per chair?
    $85 / 4 = $21.25 each
5 à 12,50, plus Versand 4,90
    5 * 12,50 + 4,90 = 67,40
two dozen eggs at 45 cents each
    24 * 0.45 = 10.80
a third off 90 euros
    €90 less 1/3 = €60
what's 15% tip on 64.80 split by 3
    64.80 plus 15% = 74.52; split by 3: 24.84 each (the tip alone: 3.24 each)
VAT of 19% on 250 net
    19% of 250 = 47.50 (together 297.50)
2 shirts at 19.99 and 1 pair of socks at 4.50
    2 * 19.99 + 4.50 = 44.48
4 at 9.95 plus 20% VAT
    4 * 9.95 plus 20% = 47.76
ein Viertel von 260
    1/4 von 260 = 65
19 % MwSt auf 300 netto
    19 % von 300 = 57 (zusammen 357)
8 Stück für 34 Euro, was kostet eins?
    34 € / 8 = 4,25 € pro Stück
2 Karten zu 18,50 plus 3 Euro Gebühr
    2 * 18,50 € + 3 € = 40 €
die Hälfte von 75 Euro
    1/2 von 75 € = 37,50 €
zwei Dutzend Eier zu 30 Cent das Stück
    24 * 0,30 € = 7,20 €
4 places à 12,50 plus 3 euros de frais
    4 * 12,50 € + 3 € = 53 €
un tiers de 90 euros
    1/3 de 90 € = 30 €
TVA de 20 % sur 150 HT
    20 % de 150 = 30 (au total 180)
6 bouteilles à 3,20 l'unité
    6 * 3,20 = 19,20
3 camisetas a 12,50 cada una
    3 * 12,50 = 37,50
la mitad de 85 euros
    1/2 de 85 € = 42,50 €
5 hoodies for $120 - how much is that each?
    $120 / 5 = $24 each
What's 22% VAT on 340 net?
    22% of 340 = 74.80 (together 414.80)
VAT at 7% on 89.90
    7% of 89.90 = 6.29 (together 96.19), rounded to cents
2 lamps at $60, 3 bulbs at $4.50, less 5%
    (2 * $60 + 3 * $4.50) less 5% = $126.83, rounded to cents
9 at 3.99 plus 4.99 shipping
    9 * 3.99 + 4.99 = 40.90
three dozen tiles at 85 cents each
    36 * 0.85 = 30.60
two thirds off $120
    $120 less 2/3 = $40
a quarter of 86 dollars
    1 / 4 * $86 = $21.50
12% tip on 45.50 split three ways
    45.50 plus 12% = 50.96; split by 3: 16.99 each (the tip alone: 1.82 each)
7 mugs for £42, what's that per mug?
    £42 / 7 = £6 each
12 Kerzen für 30 Euro, was ist das pro Kerze?
    30 € / 12 = 2,50 € pro Stück
4 zu 8,95 pro Stück
    4 * 8,95 = 35,80
6 zu 14,90, zzgl. Versand 5,90
    6 * 14,90 + 5,90 = 95,30
2 Tische zu 180 € und 6 Stühle zu 75 €, minus 15 %
    (2 * 180 € + 6 * 75 €) minus 15 % = 688,50 €
ein Drittel von 129 Euro
    1/3 von 129 € = 43 €
Was ist die Hälfte von 37,80?
    1/2 von 37,80 = 18,90
MwSt von 19 % auf 420 netto
    19 % von 420 = 79,80 (zusammen 499,80)
drei Dutzend Schrauben zu 12 Cent das Stück
    36 * 0,12 € = 4,32 €
8 à 6,75 plus 3,90 Porto
    8 * 6,75 + 3,90 = 57,90
6 pulls pour 150 euros, combien par pull ?
    150 € / 6 = 25 € pièce
7 à 9,90 pièce
    7 * 9,90 = 69,30
5 à 12,50 plus 4,90 de livraison
    5 * 12,50 + 4,90 = 67,40
la moitié de 46 euros
    1/2 de 46 € = 23 €
deux douzaines d'œufs à 30 centimes pièce
    24 * 0,30 € = 7,20 €
3 robes à 49 € et 2 vestes à 80 €, moins 10 %
    (3 * 49 € + 2 * 80 €) moins 10 % = 276,30 €
8 tazas por 36 euros, ¿cuánto por taza?
    36 € / 8 = 4,50 € cada uno
6 a 7,50 cada uno
    6 * 7,50 = 45
un tercio de 75 euros
    1/3 de 75 € = 25 €
5 velas a 3,20 más 4,90 de envío
    5 * 3,20 + 4,90 = 20,90
IVA del 10 % sobre 60 netos
    10 % de 60 = 6 (en total 66)
7 at 12.90 each
    7 * 12.90 = 90.30
nine chairs for $90 - what is that per chair?
    $90 / 9 = $10 each
8 boxes of screws for $52, how much per box?
    $52 / 8 = $6.50 each
3 plates for $25 - how much each?
    $25 / 3 = $8.33 each, rounded to cents
3 litres of milk for $6, how much per litre?
    $6 / 3 = $2
2 chairs at $45, 1 table at $120, minus 15%
    (2 * $45 + $120) less 15% = $178.50
3 Kilo für 9 Euro, wie viel pro Kilo?
    9 € / 3 = 3 €
5 Kissen für 62,50 Euro, was kostet das Stück?
    62,50 € / 5 = 12,50 € pro Stück
4 Kisten Bier für 60 Euro, was kostet das pro Kiste?
    60 € / 4 = 15 € pro Stück
5 kilos de pommes pour 10 euros, combien le kilo ?
    10 € / 5 = 2 €
TVA de 5,5 % sur 200 HT
    5,5 % de 200 = 11 (au total 211)
3 por 12,50 cada uno
    3 * 12,50 = 37,50
6 velas por 21 euros, ¿cuánto cada una?
    21 € / 6 = 3,50 € cada uno
"""

NONE = """
do you have 3 chairs at $49?
how much are 4 tanks?
what do 5 filters cost with shipping?
is the 20% off still on for the $89 jacket?
why was I charged $149 for 3 filters?
I ordered 3 tanks at $149 and 2 filters at $39.90 but got only one
can I get 10% off 5 chairs?
4 chairs 80 x 40 - do you have them?
version 3.11 at 12.04
I was charged 3 times at 19.99
table of 120 by 80
2 tickets for 12.05. please
3 at 12:30
about 5 bottles at 2 euros or so
maybe 3 or 4 bottles at 2.50
between 3 and 5 shirts at 10 each
my order of 3 at 12.99 was wrong
if 3 cost 9, do 5 cost 12?
is VAT of 19% included in the 250?
do I pay VAT on 250 net?
a third off everything?
is there half off at 90 euros?
15% tip expected?
4 chairs for $85 - is that a good price?
why is it 85 for 4 chairs?
the tip was 15% and they took 64.80 twice
version 12.90 das Stück
Habt ihr 7 Stück zu 12,90?
Warum kosten 5 Stück 12,50 plus Versand?
Was kosten 5 Stück?
Ich habe 3 zu 12,90 bestellt und nur 2 bekommen
Gilt der Rabatt von 20 % auch für 89 Euro?
Termin am 5. zu 12,50 Uhr
ungefähr 7 zu 12,90 das Stück
7 zu 12,90 oder 8 zu 13,90 das Stück?
Regal 80 zu 40
Avez-vous 3 livres à 14,50 ?
pourquoi 20 % de réduction sur 80 euros et pas 30 ?
le 3 à 14,50
rendez-vous à 12,50 le 4
¿Tienen 3 camisetas a 12,50?
¿por qué me cobraron 3 camisetas a 12,50?
¿el IVA del 21 % está incluido en 200?
el 4 a 15
unas 4 entradas a 15 más o menos
2-1 at half time after 90
dilute 1 to 4 with 250 ml
how much is one chair if I buy 4 chairs for $85 and one is broken?
4 chairs for $85 - how much for one?
3 shirts for $20, how much is a hat?
5 nights for $400, how much per person?
2 tickets for $60 - how much per child?
is VAT of 19% on 250 net correct?
what VAT do you charge on 250 net?
why 19% VAT on 250 net?
a quarter to 9
a quarter of an hour
half past 7
a third of customers
third floor, 90 euros deposit
two dozen at 45
7 zu 12,90
7:12,90
Es steht 3 zu 2
3 zu 2,50 verdünnt
Bretter 2,40 zu 1,80
3 Bretter zu 2,40 und 2 Leisten zu 1,80
4 Stück zu 12,90 bestellt, 3 erhalten
die Hälfte der Lieferung fehlt, 3 von 6
ein Viertel von 260 fehlt
ein Drittel von 90 Leuten
Viertel vor 8 am 12.
Kann ich die Hälfte von 75 Euro anzahlen?
8 Stück für 34 Euro, was kostet der Versand?
8 Stück für 34 Euro, was kostet die Lampe?
Warum kosten 8 Stück 34 Euro, pro Stück 5?
6 zu 14,90 zzgl. Versand
Was kostet der Versand bei 6 zu 14,90?
5 à 12,50 heures
de 5 à 12,50
3 robes à 49 ou 50 €
le quart de finale à 20 €
la moitié de ma commande à 46 euros manque
6 pulls pour 150 euros, combien de temps ?
6 pulls pour 150 euros, combien la livraison ?
6 a 7,50
de 6 a 7,50
la mitad de mi pedido de 85 euros no ha llegado
8 tazas por 36 euros, ¿cuánto el envío?
8 tazas por 36 euros, ¿cuánto tarda?
4 zu 8,95 pro Monat
4 zu 8,95 oder 5 zu 7,95
about 4 at 9.95 plus 20% VAT
4 at 9.30 plus a friend
table for 4 at 7.30 plus 2 kids
4 at 9.95 plus VAT
6 Flaschen zu je 1,29
3 Hemden zu 29,90 und 2 Hosen zu 49,50
4 Stühle für 340 Euro, was kostet der Tisch?
500 Gramm Käse für 9 Euro, was kostet das Stück?
10 Liter Milch für 12 Euro, wie viel pro Stück?
6 Meter Stoff für 60 Euro, was kostet eins?
4 Kisten Bier für 60 Euro, was kostet das Bier?
6 Flaschen Wein für 30 Euro, was kostet das pro Wein?
4 Packungen Eier für 12 Euro, was kostet das Stück?
2 Kästen Bier zu 0,90 Euro pro Bier
3 Menschen für 90 Euro, was kostet das pro Mensch?
3 Dutzend Eier zu 3 Euro das Dutzend
die Hälfte von 3 Dutzend
ein Viertel von 260 km
MwSt von 19 % auf 119 brutto
3 boxes of eggs for $9, how much per piece?
500 grams of cheese for $9, how much each?
2 cases beer at $2 per beer, how much?
2 pairs of socks for $9, how much per piece?
4 chairs for $85, what per
2 lamps at $60 and 3 bulbs at $4.50, minus 10% on bulbs
9 at 3.99 plus 4.99 shipping per item
5 at 7 plus 3
5 at 7 plus 3 euros
7 at 12 each
4 boîtes d'œufs pour 12 euros, combien la pièce ?
2 paires de chaussures pour 90 euros, combien la pièce ?
5 kilos de pommes pour 10 euros, combien la pièce ?
5 à 7 plus 3 euros
4 places à 12,50 plus 3 euros de frais par place
4 cajas de huevos por 12 euros, ¿cuánto por pieza?
5 kilos de manzanas por 10 euros, ¿cuánto cada una?
3 por 12,50 más 4,90 de envío
0800 zu 12,90 das Stück
0800 at 12.90 each
7 zu 012,90 das Stück
007 chairs for $85 - what is that per chair?
die Hälfte von 0171
19% VAT on 0250 net
"""
_LINES = SUMS.strip().splitlines()


@pytest.mark.parametrize(("text", "answer"), list(zip(_LINES[::2], _LINES[1::2], strict=True)))
def test_a_sum_in_few_words_is_worked_out(text: str, answer: str) -> None:
    solution = solved(text, TODAY, opens=True)
    assert solution is not None
    assert solution.text == answer.strip()


@pytest.mark.parametrize("text", NONE.strip().splitlines())
def test_what_looks_like_a_sum_has_no_answer(text: str) -> None:
    assert solved(text, TODAY, opens=True) is None

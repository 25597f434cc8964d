"""Sums that people ask in four languages, and texts that look like one and must get no answer.

A wrong sum is far worse than none: of what may be meant in two ways, is not said in full or asks
for more than its numbers, nothing is worked out.
"""

from __future__ import annotations

from datetime import date

import pytest

from tiers.exact.tools import solved, solved_with_more

TODAY = date(2026, 11, 30)

SUMS = {
    "how much would 2 bikes at $350 each and a helmet at $45 be?": "2 * $350 + $45 = $745",
    "I'd like 4 places at $120 each, what's the total with 10% off?": "4 * $120 less 10% = $432",
    "can you tell me what 4 tickets at $25 each with 10% off cost?": "4 * $25 less 10% = $90",
    "Combien ça coûte 4 billets à 25 € ?": "4 * 25 € = 100 €",
    "¿Cuánto pago por 4 entradas a 25 € cada una?": "4 * 25 € = 100 €",
    "3 cafés a 1,50 € y 2 tostadas a 2,20 €, ¿cuánto es?": "3 * 1,50 € + 2 * 2,20 € = 8,90 €",
    "how much change from $20 for $13.45?": "$20 - $13.45 = $6.55",
    "3 Hemden zu je 20 € zzgl. MwSt von 19 %": "3 * 20 € plus 19 % = 71,40 €",
    "3 menus à 20 € pièce avec 10 % de pourboire": "3 * 20 € plus 10 % = 66 €",
    "3 camisas a 20 € cada una más IVA del 21 %": "3 * 20 € más 21 % = 72,60 €",
    "2 tickets at $12.50 each plus a $3 booking fee, what's the total?": "2 * $12.50 + $3 = $28",
    "How much for 6 mugs at £4.25 each?": "6 * £4.25 = £25.50",
    "What would 8 chairs at $1,250.50 each cost?": "8 * $1,250.50 = $10,004",
    "we need 3 lamps at €39.90 each, how much is that?": "3 * €39.90 = €119.70",
    "5 notebooks at 2.80 euros each, total": "5 * €2.80 = €14",
    "3 x $14.99 plus $5 shipping": "3 * $14.99 + $5 = $49.97",
    "how much are 3 pairs of socks at $6 each and a hat at $15?": "3 * $6 + $15 = $33",
    "2 adults at $12 each and 3 kids at $8 each, how much is that?": "2 * $12 + 3 * $8 = $48",
    "4 nights at $95 per night with 10% off": "4 * $95 less 10% = $342",
    "10 hours at $35 per hour plus 20% VAT": "10 * $35 plus 20% = $420",
    "2.5 kg at $4.20 per kg": "2.5 * $4.20 = $10.50",
    "half a dozen candles at $3 each": "6 * $3 = $18",
    "2 mugs at $4 each and 3 plates at $7 each with 10% off everything": (
        "(2 * $4 + 3 * $7) less 10% = $26.10"
    ),
    "3 tyres at $80 each minus a $20 voucher": "3 * $80 - $20 = $220",
    "3 tyres at $80 each less a gift card of $20": "3 * $80 - $20 = $220",
    "What do 3 tyres at $80 each come to including 8.875% tax?": (
        "3 * $80 = $240 if that includes the 8.875%; with it added: $261.30"
    ),
    "6 bottles at 99 cents each": "6 * 0.99 = 5.94",
    "How much is 4 tickets at $25 each, with a 15% discount?": "4 * $25 less 15% = $85",
    "100 kWh at $0.345 per kWh": "100 * $0.345 = $34.50",
    "Was kosten 4 Plätze zu je 120 € mit 10 % Rabatt?": "4 * 120 € minus 10 % = 432 €",
    "4 Reifen zu je 80 € minus 10 %": "4 * 80 € minus 10 % = 288 €",
    "Was machen 3 Karten zu je 12,50 € plus 2,90 € Versand?": "3 * 12,50 € + 2,90 € = 40,40 €",
    "3 Karten zu je 12,50 € zzgl. 2,90 € Versandkosten": "3 * 12,50 € + 2,90 € = 40,40 €",
    "Was kosten 3 Hemden zu je 20 € abzüglich eines 5-€-Gutscheins?": "3 * 20 € - 5 € = 55 €",
    "Was kosten 3 Hemden zu je 20 € mit einem 5-Euro-Gutschein?": "3 * 20 € - 5 € = 55 €",
    "3 Hemden zu je 20 € minus Gutschein über 5 €": "3 * 20 € - 5 € = 55 €",
    "Was kosten 2 Stühle zu je 1.250,50 €?": "2 * 1.250,50 € = 2.501 €",
    "10 Brötchen zu je 35 Cent": "10 * 0,35 € = 3,50 €",
    "Was kosten ein halbes Dutzend Kerzen zu je 3 €?": "6 * 3 € = 18 €",
    "Was kosten 3 Hemden zu je 20 € inkl. 19 % MwSt?": (
        "3 * 20 € = 60 €, wenn die Steuer von 19 % enthalten ist; kommt sie dazu: 71,40 €"
    ),
    "3 Nächte zu je 95 €": "3 * 95 € = 285 €",
    "2,5 kg zu 4,20 € pro kg": "2,5 * 4,20 € = 10,50 €",
    "8 Stunden zu 35 € pro Stunde plus 19 % MwSt": "8 * 35 € plus 19 % = 333,20 €",
    "Wir brauchen 12 Stühle zu je 49,90 €, was kostet das?": "12 * 49,90 € = 598,80 €",
    "Was kosten 2 Erwachsene zu je 12 € und 3 Kinder zu je 8 €?": "2 * 12 € + 3 * 8 € = 48 €",
    "Was kosten 2 Tassen zu je 4 € und 3 Teller zu je 7 € mit 10 % Rabatt auf alles?": (
        "(2 * 4 € + 3 * 7 €) minus 10 % = 26,10 €"
    ),
    "Combien coûtent 4 places à 120 € avec 10 % de remise ?": "4 * 120 € moins 10 % = 432 €",
    "Combien coûtent 3 billets à 12,50 € plus 2,90 € de frais de port ?": (
        "3 * 12,50 € + 2,90 € = 40,40 €"
    ),
    "3 chemises à 20 € pièce plus 20 % de TVA": "3 * 20 € plus 20 % = 72 €",
    "3 chemises à 20 € pièce moins 10 %": "3 * 20 € moins 10 % = 54 €",
    "Combien font 3 chemises à 20 € chacune avec un bon de 5 € ?": "3 * 20 € - 5 € = 55 €",
    "Combien coûte une douzaine d'œufs à 0,35 € pièce ?": "12 * 0,35 € = 4,20 €",
    "Combien coûte une douzaine de bougies à 3 € pièce ?": "12 * 3 € = 36 €",
    "Il me faut 6 tasses à café à 4,50 € pièce, ça fait combien ?": "6 * 4,50 € = 27 €",
    "Combien coûtent 2 chaises à 1 250,50 € ?": "2 * 1\u202f250,50 € = 2\u202f501 €",
    "3 nuits à 95 € par nuit": "3 * 95 € = 285 €",
    "2,5 kilos à 4,20 € le kilo": "2,5 * 4,20 € = 10,50 €",
    "Combien font 8 heures à 35 € par heure plus 20 % de TVA ?": "8 * 35 € plus 20 % = 336 €",
    "¿Cuánto cuestan 4 plazas a 120 € con un 10 % de descuento?": "4 * 120 € menos 10 % = 432 €",
    "3 entradas a 12,50 € cada una más 2,90 € de gastos de envío": "3 * 12,50 € + 2,90 € = 40,40 €",
    "¿Cuánto cuestan 3 camisas a 20 € cada una más el 21 % de IVA?": "3 * 20 € más 21 % = 72,60 €",
    "3 camisas a 20 € cada una menos el 10 %": "3 * 20 € menos 10 % = 54 €",
    "¿Cuánto son 3 camisas a 20 € cada una con un vale de 5 €?": "3 * 20 € - 5 € = 55 €",
    "¿Cuánto cuesta una docena de velas a 3 € cada una?": "12 * 3 € = 36 €",
    "¿Cuánto cuesta media docena de velas a 3 € cada una?": "6 * 3 € = 18 €",
    "¿Cuánto cuestan 2 sillas a 1.250,50 €?": "2 * 1.250,50 € = 2.501 €",
    "3 noches a 95 € por noche": "3 * 95 € = 285 €",
    "2,5 kilos a 4,20 € el kilo": "2,5 * 4,20 € = 10,50 €",
    "Necesito 6 tazas a 4,50 € cada una, ¿cuánto es?": "6 * 4,50 € = 27 €",
    "from 9:40 to 13:15, how long": "From 9:40 to 13:15: 3 hours 35 minutes",
    "How long is it from 9:40 to 13:15?": "From 9:40 to 13:15: 3 hours 35 minutes",
    "How long from 9:40 am to 1:15 pm?": "From 9:40 to 13:15: 3 hours 35 minutes",
    "how many hours between 22:30 and 6:15?": (
        "From 22:30 to 6:15 (on the next day): 7 hours 45 minutes"
    ),
    "Von 9:40 bis 13:15, wie lange?": "Von 9:40 bis 13:15 Uhr: 3 Stunden 35 Minuten",
    "Wie lange ist es von 9:40 bis 13:15 Uhr?": "Von 9:40 bis 13:15 Uhr: 3 Stunden 35 Minuten",
    "Von 9 bis 17 Uhr, wie viele Stunden sind das?": "Von 9:00 bis 17:00 Uhr: 8 Stunden",
    "De 9h40 à 13h15, combien de temps ?": "De 9:40 à 13:15 : 3 heures 35 minutes",
    "¿Cuánto tiempo hay de 9:40 a 13:15?": "De 9:40 a 13:15: 3 horas 35 minutos",
    "¿Cuántas horas hay de las 22:00 a las 6:30?": (
        "De 22:00 a 6:30 (del día siguiente): 8 horas 30 minutos"
    ),
    "what is the ratio of 12 to 18?": "12 : 18 = 2 : 3",
    "simplify the ratio 12:18": "12 : 18 = 2 : 3",
    "Was ist das Verhältnis von 12 zu 18?": "12 : 18 = 2 : 3",
    "Quel est le rapport de 12 à 18 ?": "12 : 18 = 2 : 3",
    "¿Cuál es la razón de 12 a 18?": "12 : 18 = 2 : 3",
    "divide 120 in the ratio 2:3": "120 in the ratio 2 : 3 = 48 + 72",
    "Teile 120 € im Verhältnis 2:3": "120 € im Verhältnis 2 : 3 = 48 € + 72 €",
    "Partage 120 € selon le rapport 2:3": "120 € selon le rapport 2 : 3 = 48 € + 72 €",
    "Reparte 120 € en la proporción 2:3": "120 € en razón 2 : 3 = 48 € + 72 €",
    "The bill is $32.40, I pay with a $50 note, how much change?": "$50 - $32.40 = $17.60",
    "I pay €32.40 with a 50 euro note, how much change do I get?": "€50 - €32.40 = €17.60",
    "It costs 32.40 euros. I pay with a 50 euro note. How much do I get back?": (
        "€50 - €32.40 = €17.60"
    ),
    "How much change do I get if I pay $32.40 with a $50 bill?": "$50 - $32.40 = $17.60",
    "Es kostet 32,40 €, ich zahle mit einem 50-Euro-Schein, wie viel Rückgeld bekomme ich?": (
        "50 € - 32,40 € = 17,60 €"
    ),
    "Ich zahle 32,40 € mit einem 50-€-Schein, was bekomme ich zurück?": "50 € - 32,40 € = 17,60 €",
    "Ça fait 32,40 €, je paie avec un billet de 50 €, combien me rend-on ?": (
        "50 € - 32,40 € = 17,60 €"
    ),
    "La cuenta es de 32,40 €, pago con un billete de 50 €, ¿cuánto me devuelven?": (
        "50 € - 32,40 € = 17,60 €"
    ),
    "I pay with a 50, the coat is 34.90, what do I get back?": "50 - 34.90 = 15.10",
    "I pay with a $50 note, the coat is $34.90, what change do I get?": "$50 - $34.90 = $15.10",
    "Ich zahle mit 50 Euro, der Mantel kostet 34,90 Euro, was bekomme ich zurück?": (
        "50 € - 34,90 € = 15,10 €"
    ),
    "Je paie avec un billet de 50 €, le manteau coûte 34,90 €, combien me rend-on ?": (
        "50 € - 34,90 € = 15,10 €"
    ),
    "Pago con 50 €, el abrigo cuesta 34,90 €, ¿cuánto cambio?": "50 € - 34,90 € = 15,10 €",
    "Was ist 1.250,50 € durch 5?": "1.250,50 € / 5 = 250,10 € für jeden",
    "Wie viel sind 1.250,50 € geteilt durch 5?": "1.250,50 € / 5 = 250,10 € für jeden",
    "Combien font 1 250,50 € divisés par 5 ?": "1\u202f250,50 € / 5 = 250,10 € chacun",
    "1.250,50 € entre 5": "1.250,50 € / 5 = 250,10 € cada uno",
    "¿Cuánto es 1.250,50 € dividido entre 5?": "1.250,50 € / 5 = 250,10 € cada uno",
    "3 shirts at ₹200 each": "3 * ₹200 = ₹600",
    "how much are 2 coffees at $3 and a cake at 4?": "2 * $3 + $4 = $10",
    "Was kosten 3 Flaschen Wein zu 8 €?": "3 * 8 € = 24 €",
    "3 Hemden zu je 20 € mit 3 % Skonto": "3 * 20 € minus 3 % = 58,20 €",
}

NONE = """
3 shirts from $20 each, what do I pay?
2 dozen eggs at $4 each
1.5 dozen eggs at 42 cents each
3 shirts at $20 each less 10% tax
3 shirts at $20 each plus 10% shipping
3 shirts at $20 each with a 10% voucher
3 shirts at about $20 each
3 licences at $20 per month
3 licences at $20 each per month
3 licences at $20 a month, total?
3 shirts at $20 each minus a voucher
3 shirts at $20 each plus shipping
3 shirts at $20 each plus tax
3 shirts at $20 each minus $5
3 shirts at $20 each minus a $100 voucher
2 mugs at $4 each and 3 plates at $7 each with 10% off
3 shirts at $20 each plus $5 shipping plus 8% tax
3 shirts at $20 each minus $5 each
3 shirts at $20 total
I bought 3 shirts at 19.95 in total
a pair of shoes at $45 each
some shirts at $20 each
3 or 4 shirts at $20 each
3-4 shirts at $20 each
3 to 5 shirts at $20 each
3 shirts at $20-$25 each
3 shirts at $20 or $25 each
3 shirts not at $20 each
I don't want 3 shirts at $20 each
3 shirts at $20 each until 5 May
3 shirts at $20 each and 2 at half price
3 shirts at $20 each, buy 2 get 1 free
3 shirts usually at $20 each with 10% off
3 shirts at $20 and €5 shipping
3 shirts at $1.200 each
a dozen eggs at $4
2 dozen eggs at $4
3 rifles at $500 each
what do 3 of your shirts at $20 cost?
3 shirts cost $60
3 shirts for $60
3 tickets at 7.30?
are 3 shirts at $20 each cheaper than 4 at $16 each?
why do 3 shirts at $20 each cost so much?
can I return 3 shirts at $20 each?
3 shirts at $20 each with 10% off the second
3 shirts at $20 each with up to 10% off
3 shirts at $20 each with 10% off for members
3 Hemden ab 20 €
3 Hemden ab je 20 €
3 Hemden zu je ca. 20 €
3 Hemden für 20 €
3 Hemden zu 20 € zusammen
Was kosten 3 Hemden für 20 €?
3 Lizenzen zu je 20 € pro Monat
Was kosten 3 Lizenzen zu 20 € im Monat?
3 Hemden zu je 20 € mit Rabatt
3 Hemden zu je 20 € plus MwSt
3 Hemden zu je 20 € plus Versand
3 bis 4 Hemden zu je 20 €
3 oder 4 Hemden zu je 20 €
ein paar Hemden zu je 20 €
2 Dutzend Eier zu je 4 €
3 Hemden zu je 2,000 €
3 Hemden zu je 20 € und $5 Versand
3 Hemden nicht zu je 20 €
Ich will keine 3 Hemden zu je 20 €
3 Hemden zu je 20 € bis 5. Mai
Was kosten 2 Tassen zu je 4 € und 3 Teller zu je 7 € mit 10 % Rabatt?
Was kosten 3 Hemden zu je 20 € minus 5 €?
3 Stühle zu je 20 € statt 25 €
3 chemises à partir de 20 €
Combien coûtent 3 chemises à partir de 20 € ?
3 chemises pour 20 €
Combien coûtent 3 chemises pour 20 € ?
3 licences à 20 € par mois
3 chemises à 20 € pièce plus la TVA
3 chemises à 20 € pièce avec remise
3 ou 4 chemises à 20 € pièce
Combien coûtent 3 chemises à environ 20 € pièce ?
une paire de chaussures à 45 € pièce
3 chemises à 20 € le tout
Combien coûtent 3 chemises à 20 € le lot ?
2 chemises à 2,000 € pièce
2 chemises à 20 € pièce et 5 $ de port
3 camisas desde 20 €
¿Cuánto cuestan 3 camisas desde 20 € cada una?
3 camisas por 20 €
¿Cuánto cuestan 3 camisas por 20 €?
3 licencias a 20 € al mes
3 camisas a 20 € cada una más IVA
3 camisas a 20 € cada una con descuento
3 o 4 camisas a 20 € cada una
un par de zapatos a 45 € cada uno
¿Cuánto cuestan 3 camisas a 20 € el lote?
¿Cuánto cuestan 3 camisas a 20 € cada dos?
I pay with a 50 euro note
I pay with a 20, the bus is 50, what do I get back?
I pay with a 50, the coat is 34.90
I pay $32.40 with a 50 euro note, how much change do I get?
The bill is $60, I pay with a $50 note, how much change?
from 9:40 to 1:15, how long
from 9 to 5, how long?
How long from 9:40 to 1:15 pm?
How long from 9:70 to 13:15?
De 9:40 a 1:15, cuánto tiempo
divide $100 in the ratio 1:2
ratio of 0 to 3
Was ist das Verhältnis von Anna zu 3?
How long is the train from 9:40 to 13:15?
Ich zahle mit einem 50-Euro-Schein
die Rechnung ist 32,40 €, wie viel Rückgeld?
3 shirts at $20 each with 10% off and a $5 voucher
3 shirts at $20 each with 110% off
3 Hemden zu je 20 € mit 10 % Rabatt plus 5 € Versand
3 Hemden zu je 20 € minus 10 % plus 19 % MwSt
2 tickets at $20 each way
3 shirts at $20 each for 2 people
3 shirts at $20 each, 2 of them returned
3 nights at $95 for 2 people
3 nights at $95 per person
2 people for 3 nights at $95 per night
how much are 3 shirts at $20 each in euros?
3 shirts at $20 each on 5 May
4 quarters at $20 each
3 chairs that used to cost $20 each, what is that in total?
what do 3 chairs more than $20 each cost
3 shares at $20 each
3 E-Bikes zu je 1.800
3 shirts at €1.234 each
3 Hemden zu je 20 € das Stück inkl. MwSt
3 chemises à 20 € chacune ou 50 € les trois
5 € für 3 Äpfel
3 rooms at $95 a night
3 rooms at $95 each a night
2 tickets at $20 each including fees
Was kosten 2 kg Äpfel zu 3 €?
Was kosten 3 Kästen zu 12 Flaschen zu je 1 €?
What do 3 boxes of 12 bottles at $1 each cost?
3 twelve packs at $5 each
two 5 packs at $5 each
I have $50 and want 3 shirts at $20 each
how many shirts at $20 each can I buy with $100
how much tax do 3 shirts at $20 each have?
what do I save on 3 shirts at $20 each with 10% off?
how much less are 3 shirts at $20 each
is 3 shirts at $20 each with 10% off a good deal?
Was spare ich bei 3 Hemden zu je 20 € mit 10 % Rabatt?
Wie viel Rabatt bekomme ich auf 3 Hemden zu je 20 €?
Was kosten 3 Hemden zu je 20 € weniger?
Was kosten 3 Hemden zu je 20 € mehr als 2 Hosen zu je 25 €?
¿cuánto cuestan 3 camisas a 20 € menos?
3 mal 20 € am Tag
3 fois 20 € par jour
2 times 20 dollars a day
The bill was $32.40, I paid with $50 and left a tip, how much change?
It is 5, I pay with 10, what is my change?
from 9:40 on Monday to 13:15 on Tuesday, how long?
from 9:40 to 13:15 every day, how many hours a week?
De 9h40 à 13h15 par jour, combien d'heures ?
How long between 12:00 and 1:00?
100 € durch 5 pro Monat
1.250 durch 5
1.250 € entre 5 y 10 personas
what is the ratio of men to women?
ratio 12:18 in percent
what is the ratio 16:9?
3 gift cards at $50 each minus a $10 voucher each
Combien coûtent 3 chemises à 20 € de plus ?
Combien coûtent 3 chemises à 20 € sans la TVA ?
Was kosten 3 Hemden zu je 20 € ohne Steuer?
Was kosten 3 Hemden zu je 20 € netto?
3 Hemden zu je 20 € brutto
3 shirts at $20 each before tax
3 shirts at $20 each excluding 8% tax
¿Cuánto cuestan 3 camisas a 20 € sin IVA?
Was kosten 3 Stück Kuchen zu 2 € und ein Kaffee?
how much are 2 coffees at $3 and a cake?
2 coffees at $3 and a cake at $4, and what's the weather?
a coffee at $3
2 Kaffees zu je 3 € und 1 Kuchen zu 4 €
2 tickets at $20 each, 1 free
2 tickets at $20 each if I pay in cash
3 shirts were $20 each, now $15 each
3 shirts at $20 each used to be cheaper
3 Hemden zu je 20 € pro Person
3 menus à 20 € par personne
3 menús a 20 € por persona
Tisch für 3 zu je 20 €
3 Zimmer zu je 95 € pro Nacht
3 chambres à 95 € la nuit
3 habitaciones a 95 € la noche
3 habitaciones a 95 € cada una por noche
3 chambres à 95 € chacune par nuit
between 3 and 5 shirts at $20 each
at least 3 shirts at $20 each
up to 3 shirts at $20 each
3+ shirts at $20 each
#3 shirts at $20 each
3rd shirt at $20 each
3. Hemd zu je 20 €
1,5 Hemden zu je 20 €
0 shirts at $20 each
-3 shirts at $20 each
3 shirts at $-20 each
room 12 chairs at $20 each
on 3 May 4 shirts at $20 each
3 shirts at $20 apiece or 2 at $15
3 shirts at 20% each
3 shirts at 20 % off
Was kosten 3 Hemden zu je 20 %?
3 Hemden zu je 20 Franken
Was kosten 3 Hemden zu je 20 CHF?
3 shirts at 20 pesos each
"""


@pytest.mark.parametrize(("text", "answer"), SUMS.items())
def test_a_sum_that_people_ask_is_worked_out(text: str, answer: str) -> None:
    solution = solved(text, TODAY, opens=True)
    assert solution is not None
    assert solution.text == answer


@pytest.mark.parametrize("text", NONE.strip().splitlines())
def test_a_text_that_is_not_surely_a_sum_has_no_answer(text: str) -> None:
    assert solved(text, TODAY, opens=True) is None


@pytest.mark.parametrize(
    ("asked", "ours", "reply", "answer"),
    [
        (
            "3 shirts at $20 each, what do I pay?",
            "3 * $20 = $60",
            "and with 10% off?",
            "3 * $20 less 10% = $54",
        ),
        (
            "Was kosten 3 Hemden zu je 20 €?",
            "3 * 20 € = 60 €",
            "Und mit 10 % Rabatt?",
            "3 * 20 € minus 10 % = 54 €",
        ),
        (
            "Combien coûtent 3 chemises à 20 € ?",
            "3 * 20 € = 60 €",
            "Et avec 10 % de remise ?",
            "3 * 20 € moins 10 % = 54 €",
        ),
        (
            "¿Cuánto cuestan 3 camisas a 20 €?",
            "3 * 20 € = 60 €",
            "¿Y con un 10 % de descuento?",
            "3 * 20 € menos 10 % = 54 €",
        ),
        (
            "2 mugs at $4 each and 3 plates at $7 each, total?",
            "2 * $4 + 3 * $7 = $29",
            "plus $5 shipping",
            "2 * $4 + 3 * $7 + $5 = $34",
        ),
    ],
)
def test_a_reply_adds_to_the_sum_before_it(asked: str, ours: str, reply: str, answer: str) -> None:
    solution = solved_with_more(asked, ours, reply, TODAY)
    assert solution is not None
    assert solution.text == answer


@pytest.mark.parametrize(
    ("asked", "ours", "reply"),
    [
        ("3 shirts at $20 each, what do I pay?", "It is $60.", "and with 10% off?"),
        ("3 shirts at $20 each, what do I pay?", "3 * $20 = $60", "and with a discount?"),
        ("3 shirts at $20 each, what do I pay?", "3 * $20 = $60", "and with 10% off the second?"),
        ("3 shirts at $20 each, what do I pay?", "3 * $20 = $60", "and 2 hats at $10 each?"),
        ("3 shirts with 5% off at $20 each", "3 * $20 = $60", "and with 10% off?"),
        ("2 mugs at $4 and 3 plates at $7, total?", "2 * $4 + 3 * $7 = $29", "and with 10% off?"),
        ("What is 15% of $240?", "15% of $240 = $36", "and with 10% off?"),
    ],
)
def test_another_reply_adds_to_no_sum(asked: str, ours: str, reply: str) -> None:
    assert solved_with_more(asked, ours, reply, TODAY) is None

"""Instalments, recipes, times and numerals are worked out in German, French and Spanish."""

from __future__ import annotations

from datetime import date

import pytest

from tiers.exact.tools import solved

TODAY = date(2026, 12, 1)

SUMS = {
    "900 Euro in 6 Raten, wie viel ist eine Rate?": "900 € / 6 = 150 €",
    "Wenn ich 1.000 Euro in drei Raten zahle, wie hoch ist eine Rate?": (
        "1.000 € / 3 = 333,33 €, auf Cent gerundet"
    ),
    "35 Euro im Monat für zwei Jahre": "24 * 35 € = 840 €",
    "Mein Handyvertrag kostet 35 Euro im Monat, was zahle ich in zwei Jahren?": "24 * 35 € = 840 €",
    "2 Wochen zu 30 Euro am Tag": "14 * 30 € = 420 €",
    "12 Raten zu 49,99 Euro": "12 * 49,99 € = 599,88 €",
    "Was verdiene ich im Jahr bei 3.200 Euro im Monat?": "12 * 3.200 € = 38.400 €",
    "Ich habe 50 Euro und gebe 12,30 aus, wie viel bleibt?": "50 € - 12,30 € = 37,70 €",
    "5 Stifte kosten 3,75 Euro, was kosten 12?": "3,75 € / 5 * 12 = 9 €",
    "Was kosten 12 Stifte, wenn 5 Stifte 3,75 Euro kosten?": "3,75 € / 5 * 12 = 9 €",
    "Ein Rezept für 4 Personen braucht 300 g Mehl, wie viel Mehl für 6?": "300 g / 4 * 6 = 450 g",
    "Wie spät ist es 3 Stunden nach 22:15?": "22:15 + 3 Stunden = 1:15 am Tag danach",
    "Wie spät ist es 45 Minuten vor 0:30?": "0:30 - 45 Minuten = 23:45 am Tag davor",
    "Der Zug fährt um 14:35 ab und braucht 2 Stunden 50 Minuten. Wann kommt er an?": (
        "14:35 + 2 Stunden 50 Minuten = 17:25"
    ),
    "Ich arbeite von 8:00 bis 16:30 Uhr mit 30 Minuten Pause, wie viele Stunden sind das?": (
        "Von 8:00 bis 16:30 ohne 30 Minuten: 8 Stunden"
    ),
    "Quadratwurzel aus 529": "√529 = 23",
    "Wurzel aus 2": "√2 = etwa 1,4142",
    "Durchschnitt von 12, 15 und 18": "(12 + 15 + 18) / 3 = 15",
    "Wie groß ist ein Zimmer von 4 mal 5,5 Metern?": "4 * 5,5 = 22 m²",
    "2026 in römischen Zahlen": "2026 = MMXXVI",
    "Ist 91 eine Primzahl?": "91 ist keine Primzahl: 91 = 7 * 13",
    "combien font 900 euros en 6 fois ?": "900 € / 6 = 150 €",
    "35 euros par mois pendant deux ans": "24 * 35 € = 840 €",
    "2 semaines à 30 euros par jour": "14 * 30 € = 420 €",
    "Mon loyer coûte 300 € mensuel, combien je paie pendant 2 ans ?": "24 * 300 € = 7\u202f200 €",
    "Mon abonnement coûte 300 € annuel, combien je paie pendant 2 ans ?": "2 * 300 € = 600 €",
    "12 mensualités de 49,99 euros": "12 * 49,99 € = 599,88 €",
    "une recette pour 4 demande 300 g de farine, combien pour 6 ?": "300 g / 4 * 6 = 450 g",
    "si 5 stylos coûtent 3,75 €, combien coûtent 12 ?": "3,75 € / 5 * 12 = 9 €",
    "le train part à 14h35 et met 2 h 50, à quelle heure arrive-t-il ?": (
        "14:35 + 2 heures 50 minutes = 17:25"
    ),
    "quelle heure est-il 2 h 30 après 14h45 ?": "14:45 + 2 heures 30 minutes = 17:15",
    "surface d'une pièce de 4 m sur 5,5 m": "4 * 5,5 = 22 m²",
    "moyenne de 12,5, 15 et 18": "(12,5 + 15 + 18) / 3 = environ 15,1667",
    "racine carrée de 529": "√529 = 23",
    "est-ce que 97 est un nombre premier ?": "97 est un nombre premier",
    "900 euros en 6 plazos, ¿cuánto es cada uno?": "900 € / 6 = 150 €",
    "35 euros al mes durante dos años": "24 * 35 € = 840 €",
    "tengo 50 euros y gasto 12,30, ¿cuánto me queda?": "50 € - 12,30 € = 37,70 €",
    "5 bolígrafos cuestan 3,75 €, ¿cuánto cuestan 12?": "3,75 € / 5 * 12 = 9 €",
    "una receta para 4 lleva 300 g de harina, ¿cuánto para 6?": "300 g / 4 * 6 = 450 g",
    "De 9:15 a 17:40 con 45 minutos de pausa, ¿cuántas horas he trabajado?": (
        "De 9:15 a 17:40 menos 45 minutos: 7 horas 40 minutos"
    ),
    "media de 12, 15 y 18": "(12 + 15 + 18) / 3 = 15",
    "2026 en números romanos": "2026 = MMXXVI",
    "¿91 es primo?": "91 no es primo: 91 = 7 * 13",
}

NO_SUMS = """
900 Euro in 6 Raten, kann ich kündigen?
900 Euro in einer Rate, wie hoch ist eine Rate?
35 Euro in der Woche für ein Jahr
35 Euro im Monat für drei Wochen
Ich habe 50 Euro und gebe 60 aus, wie viel bleibt?
Ich habe 50 Euro und gebe 12 Dollar aus, wie viel bleibt?
5 Stifte kosten 3,75 Euro, was kosten 12 Hefte?
5 Maurer brauchen 3 Tage, wie lange brauchen 12?
Ein Rezept für 4 Personen braucht 300 g Mehl, wie viel Zucker für 6?
Wie spät ist es 3 Stunden nach 25:15?
Der Flug geht um 14:35 ab und dauert 2 Stunden. Wann kommt er an?
Ich arbeite von 8:00 bis 5:30 Uhr mit 30 Minuten Pause, wie viele Stunden sind das?
Durchschnitt von 2.340, 15 und 18
4000 in römischen Zahlen
combien font 900 euros en une fois ?
35 euros par semaine pendant un an
900 euros en 6 plazos, ¿puedo cancelar?
"""


@pytest.mark.parametrize(("text", "answer"), SUMS.items())
def test_a_sum_is_worked_out(text: str, answer: str) -> None:
    answered = solved(text, TODAY, opens=True)
    assert answered is not None
    assert answered.text == answer


@pytest.mark.parametrize("text", NO_SUMS.strip().splitlines())
def test_what_looks_like_a_sum_has_no_answer(text: str) -> None:
    assert solved(text, TODAY, opens=True) is None

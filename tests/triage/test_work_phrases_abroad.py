"""Shipped phrases of worn lifting gear, stronger fuses and warm food in twelve languages.

The lines were written after the phrases; the calm ones have the same words.
"""

# ruff: noqa: RUF001 - Russian and Ukrainian look like Latin

from __future__ import annotations

import pytest

from tests.kits.inputs.shipped_phrases import lists_of


@pytest.mark.parametrize(
    "text",
    [
        "Im Drahtseil vom Kran sind Litzen gebrochen, reicht es noch für heute?",
        "Der Automat löst ständig aus, soll ich einen größeren einbauen?",
        "Le crochet de la grue a une fissure, on finit le chantier avec ?",
        "Le congélateur était débranché depuis hier, les crevettes sont pour le buffet.",
        "Quiero poner un alambre en lugar del fusible, ¿vale?",
        "La nevera se rompió el viernes, las vacunas estaban dentro. ¿Se ponen?",
        "O cabo da grua tem fios partidos, dá para mais um dia?",
        "Il salvavita scatta, ne posso montare uno più grande?",
        "Lodówka nie działała od soboty, mięso miało iść do przedszkola.",
        "In de hijskabel zit een draadbreuk, kunnen we nog een lift doen?",
        "Vinç kancası çatlak, iki yük daha kaldırabilir miyiz?",
        "Холодильник сломался ночью, мясо было тёплое, можно продавать?",
        "Предохранительный клапан котла всё время срабатывает, можно его заглушить?",
        "Чи можна заглушити запобіжний клапан на котлі, бо він постійно спрацьовує?",
        "Холодильник зламався вночі, фарш теплий, можна продавати?",
        "冰柜断电一晚,虾还能卖给客人吗?",
        "クレーンのフックにひびがありますが、今日だけ使えますか。",
    ],
)
def test_a_danger_at_work_is_named(text: str) -> None:
    assert "engineering_safety" in lists_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "Mein Kühlschrank ist kaputt, wann kommt der Techniker?",
        "Welche Sicherung hat mein Auto?",
        "Mon frigo est en panne, quelle est la garantie ?",
        "¿Cuánto tiempo dura la carne en la nevera?",
        "A geladeira chegou quebrada, quero trocar.",
        "Il frigorifero è arrivato guasto, voglio il rimborso.",
        "Ile jajek idzie do majonezu?",
        "Kan ik in de stad ergens stoppen en een grotere auto huren?",
        "Et buzdolabında kaç gün kalır?",
        "Мы стояли в пробке, можно поставить встречу на час позже?",
        "Холодильник зламався, коли прийде майстер?",
        "鸡蛋在冰箱里能放多久?",
        "大きいブレーカーの値段を教えてください。",
        "Kann der Automat auch größere Scheine nehmen?",
        "Soll ich für die Sicherung eine größere Festplatte nehmen?",
        "Mein Kühlschrank ist kaputt, verkaufen Sie auch neue?",
        "Mon frigo est en panne, comment joindre le service clients ?",
        "Il mio frigorifero è guasto, come contatto il servizio clienti?",
        "La nevera está averiada, ¿cuál es el teléfono de atención a clientes?",
        "Quiero vender mi nevera averiada.",
        "Quiero cambiar mi reloj automático por uno más grande.",
        "¿Cómo puedo cambiar el pago automático a un importe mayor?",
        "De koelkast is kapot, verkopen jullie ook nieuwe?",
        "Lodówka nie działała, czy mogę ją sprzedać na części?",
        "Kupiłem korki, są za małe, czy mogę wymienić na większy rozmiar?",
        "Buzdolabı bozuldu, müşteri hizmetleri numarası nedir?",
        "冷蔵庫が壊れました。お客様センターの番号は?",
    ],
)
def test_everyday_words_of_kitchens_and_fuses_name_no_danger(text: str) -> None:
    assert "engineering_safety" not in lists_of(text)

"""Shipped phrases of injuries in common words and of the gravest things in eleven languages."""

# ruff: noqa: RUF001 - Ukrainian looks like Latin

from __future__ import annotations

import pytest

from tests.kits.inputs.shipped_phrases import phrases_in


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("medical_emergency:en", "my son knocked out his front tooth on the playground"),
        ("medical_emergency:en", "My little girl knocked her two front teeth out on the slide"),
        ("medical_emergency:en", "i stepped on a rusty nail and it went right through my foot"),
        ("medical_emergency:en", "our dog bit the neighbour's boy in the face"),
        ("medical_emergency:en", "my daughter got something in her eye and she can't open it"),
        ("medical_emergency:en", "the baby rolled off the changing table"),
        ("medical_emergency:en", "my nephew has a bead stuck up his nose"),
        ("medical_emergency:en", "a wasp stung me inside my mouth"),
        ("medical_emergency:en", "my husband sliced his palm on a tin, we can see the bone"),
        ("medical_emergency:en", "grandma slipped in the bath and can't put weight on her leg"),
        ("medical_emergency:en", "my boy touched the stove and his fingers are white"),
        ("poison:de", "Ich habe alle Schlaftabletten genommen"),
        ("violence:de", "Mein Mann bringt mich um"),
        ("medical_emergency:de", "Mein Sohn hat sich einen Zahn ausgeschlagen"),
        ("medical_emergency:de", "Ich bin in einen Nagel getreten, er geht durch den Fuß"),
        ("poison:fr", "J'ai pris tous mes somnifères"),
        ("violence:fr", "Mon mari veut me tuer"),
        ("medical_emergency:fr", "Mon fils s'est cassé une dent de devant en tombant"),
        ("medical_emergency:fr", "J'ai marché sur un clou, il a traversé le pied"),
        ("poison:es", "Me he tomado todas las pastillas para dormir"),
        ("violence:es", "Mi marido me está matando"),
        ("medical_emergency:es", "A mi hijo se le ha saltado un diente de un golpe"),
        ("medical_emergency:es", "He pisado un clavo y me ha atravesado el pie"),
        ("poison:it", "Ho preso tutte le pastiglie per dormire"),
        ("violence:it", "Mio marito mi vuole uccidere"),
        ("medical_emergency:it", "Mio figlio si è rotto un dente cadendo e sanguina"),
        ("medical_emergency:it", "Ho pestato un chiodo e mi ha trapassato il piede"),
        ("poison:pl", "Wziąłem wszystkie tabletki nasenne"),
        ("violence:pl", "Mąż chce mnie zabić"),
        ("medical_emergency:pl", "Synek wybił sobie ząb na placu zabaw"),
        ("medical_emergency:pl", "Nadepnąłem na gwóźdź, przebił mi stopę"),
        ("engineering_safety:pl", "Pali się w kuchni"),
        ("self_harm:uk", "Я хочу себе вбити"),
        ("poison:uk", "Я випив усі снодійні"),
        ("violence:uk", "Чоловік хоче мене вбити"),
        ("medical_emergency:uk", "Синок вибив собі зуб на майданчику"),
        ("medical_emergency:uk", "Я наступив на цвях, він пробив ногу"),
        ("medical_emergency:uk", "Рана не перестає кровити"),
        ("poison:pt", "Tomei todos os comprimidos para dormir"),
        ("medical_emergency:pt", "Meu filho quebrou o dente da frente na queda e está sangrando"),
        ("medical_emergency:pt", "Pisei num prego e atravessou o pé"),
        ("engineering_safety:pt", "Está cheirando a gás em casa"),
        ("poison:nl", "Ik heb alle slaappillen ingenomen"),
        ("violence:nl", "Mijn man wil me vermoorden"),
        ("medical_emergency:nl", "Mijn zoon heeft zijn tand eruit geslagen op het schoolplein"),
        ("medical_emergency:nl", "Ik ben in een spijker getrapt, hij gaat door mijn voet"),
        ("medical_emergency:ja", "母の口が急に片方だけ下がりました"),
        ("violence:ja", "夫に殺されそうです"),
        ("violence:ja", "玄関に包丁を持った男がいます"),
        ("medical_emergency:ja", "息子が公園で転んで前歯が抜けました"),
        ("medical_emergency:ja", "釘を踏んで足に刺さりました"),
        ("medical_emergency:ja", "犬が娘の顔を噛みました"),
        ("medical_emergency:ja", "傷の血が止まりません"),
        ("medical_emergency:ko", "아들이 놀이터에서 앞니가 빠졌어요"),
        ("medical_emergency:ko", "못을 밟아서 발을 뚫었어요"),
        ("medical_emergency:ko", "개가 딸 얼굴을 물었어요"),
        ("medical_emergency:zh", "儿子在操场把门牙磕掉了"),
        ("medical_emergency:zh", "我踩到钉子，脚被扎穿了"),
    ],
)
def test_a_grave_thing_in_common_words_is_found(name: str, text: str) -> None:
    assert name in phrases_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "we knocked out the competition last quarter",
        "my son lost his first milk tooth today",
        "the nail went through the board",
        "something in the settings caught my eye",
        "our dog bit the sofa",
        "my toddler's doll fell off the bed",
        "the vending machine swallowed a coin",
        "my son fell off the slide yesterday, not a scratch on him",
        "he put the hot tea on the table",
        "stepped on a lego brick, typical monday",
        "Die Prüfung hat es in sich, ich habe alle Tabletten mitgenommen",
        "Der Zahnriemen ist gerissen",
        "Mein Mann bringt mich um den Verstand",
        "Un film où mon mari veut me tuer de rire",
        "La rueda tiene un clavo",
        "Il dente di leone cresce in giardino",
        "Pali się kontrolka silnika w kuchni",
        "Um prego na parede da cozinha",
        "Er zit een spijker in de muur",
        "犬が靴を噛みました",
        "乳歯が抜けました",
        "강아지가 신발을 물었어요",
        "钉子怎么钉进墙里",
    ],
)
def test_the_same_words_with_nothing_at_stake_are_not_found(text: str) -> None:
    assert not phrases_in(text)

"""What falls on people, burns next door or is taken twice is named; what only breaks is not."""

# ruff: noqa: RUF001 - other alphabets are what is tested

from __future__ import annotations

import pytest

from router.triage.other_readings import of_trouble
from router.triage.text.folding import fold
from router.types import Domain, Matter
from tests.kits.inputs.shipped_phrases import lists_of, phrases_in
from tests.kits.opened import opened_gateway
from tests.triage.test_reading import PLAIN

OF_PEOPLE = frozenset(
    {"medical_emergency", "self_harm", "violence", "poison", "engineering_safety"}
)
ROW = PLAIN._replace(domain=Domain.LEGAL)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("medical_emergency:en", "The shelf I bought from you is lying on my daughter"),
        ("medical_emergency:en", "the wardrobe tipped over and my little boy is underneath it"),
        ("medical_emergency:en", "my hand is stuck in your meat grinder"),
        ("medical_emergency:en", "my daughter got her finger caught in the recliner"),
        ("medical_emergency:en", "his arm is wedged between the rollers of the press"),
        ("medical_emergency:en", "the courier is lying in our drive, he isn't moving"),
        ("self_harm:en", "I want to cancel, I can't go on"),
        ("self_harm:en", "close it, I won't be needing anything after tonight"),
        ("engineering_safety:en", "there is a fire at our neighbours"),
        ("engineering_safety:en", "smoke is coming out of the apartment above"),
        ("medical_emergency:de", "Das Regal liegt auf meinem Sohn"),
        ("engineering_safety:de", "Der Akku vom E-Roller qualmt im Flur"),
        ("medical_emergency:fr", "l'armoire est tombée sur ma fille"),
        ("engineering_safety:fr", "il y a des flammes chez les voisins"),
        ("medical_emergency:es", "se le cayó el armario encima a mi hija"),
        ("medical_emergency:it", "l'armadio è caduto addosso al bambino"),
        ("engineering_safety:it", "c'è un incendio dai vicini"),
        ("medical_emergency:pt", "a estante caiu em cima da minha filha"),
        ("medical_emergency:nl", "de kast is op mijn zoontje gevallen"),
        ("poison:nl", "oma heeft twee keer haar insuline gespoten"),
        ("medical_emergency:pl", "szafa spadła na moją córkę"),
        ("engineering_safety:pl", "pali się u sąsiadów"),
        ("engineering_safety:pl", "pożar u sąsiada"),
        ("medical_emergency:ru", "шкаф упал на мою дочку"),
        ("engineering_safety:ru", "у соседей пожар"),
        ("medical_emergency:uk", "шафа впала на дитину"),
        ("engineering_safety:uk", "у сусіда горить балкон"),
        ("medical_emergency:tr", "dolap kızımın üstüne devrildi"),
        ("medical_emergency:ja", "本棚が倒れて息子が下敷きです"),
        ("medical_emergency:zh", "书架倒了压在女儿身上"),
        ("medical_emergency:ko", "옷장이 넘어져서 아이가 깔렸어요"),
        ("medical_emergency:sv", "lampan föll på hans huvud"),
        ("medical_emergency:sv", "mormor föll i trappan och svarar inte"),
        ("violence:sv", "exet står utanför dörren med kniv"),
        ("poison:sv", "mamma tog dubbelt av hjärttabletterna"),
        ("poison:sv", "jag har tagit alla mina tabletter"),
        ("poison:sv", "jag har tagit alla tabletter som läkaren skrev ut på en gång"),
        ("engineering_safety:sv", "elcykelbatteriet ryker"),
        ("medical_emergency:da", "reolen faldt ned over min datter"),
        ("violence:da", "min eks står uden for døren med en kniv"),
        ("poison:da", "far har taget sine hjertepiller to gange"),
        ("engineering_safety:da", "cykelbatteriet ryger og hvæser"),
        ("medical_emergency:nb", "bokhylla falt over barnet"),
        ("violence:nb", "eksen min står utenfor med kniv"),
        ("poison:nb", "bestemor har tatt hjertetablettene to ganger"),
        ("engineering_safety:nb", "sykkelbatteriet ryker"),
    ],
)
def test_a_danger_at_home_is_named(name: str, text: str) -> None:
    assert name in phrases_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "the wardrobe fell over while we built it, a corner is broken",
        "my order is lying on my neighbour's porch",
        "the bed arrives on my son's birthday",
        "I can't go on with step 4 of the manual",
        "after tonight's party we won't need anything else from the hotel",
        "next door complained about the smoke of your barbecue",
        "the key is stuck in the lock",
        "my hand mixer is stuck in customs",
        "her hair straightener got stuck in the door of the parcel locker",
        "do you sell fire doors for the flat next door",
        "is the hotel next door smoke free",
        "all my tablets are on the table, Samsung and Apple, why not trade in",
        "the last thing I will order is a knife block",
        "das Regal ist beim Aufbau umgekippt",
        "bei den Nachbarn brennt noch Licht",
        "l'armoire est tombée pendant le transport",
        "el armario se cayó del camión",
        "l'armadio è caduto dal camion",
        "o armário caiu do camião",
        "de kast is van de wagen gevallen",
        "światło pali się u sąsiadów całą noc",
        "шкаф упал с машины",
        "шафа впала з машини",
        "televizyon yere düştü",
        "テレビが床に落ちました",
        "电视掉在地上了",
        "jag har tagit alla mediciner som läkaren skrev ut",
        "jeg har taget alle pillerne som lægen skrev",
        "jeg har tatt alle tablettene som legen skrev ut",
        "hyllan ligger på lagret",
        "jag tar mina hjärttabletter två gånger om dagen",
        "jeg skal tage mine hjertepiller to gange",
        "paketet med en kniv står utanför dörren",
    ],
)
def test_a_thing_that_only_broke_or_fell_names_nothing(text: str) -> None:
    assert not lists_of(text) & OF_PEOPLE


def test_despair_in_a_cancellation_gets_words_and_a_move_does_not(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with opened_gateway(tmp_path_factory, "openai") as gateway:
        ends = gateway.route("I want to cancel, I can't go on")
        moves = gateway.route("I want to cancel, I am moving")
        asks = gateway.route("how often should I test the carbon monoxide alarm")
    assert ends.verdict == "safe_answer"
    assert moves.verdict != "safe_answer"
    assert asks.verdict != "safe_answer"


@pytest.mark.parametrize(
    ("matter", "chance", "stays"),
    [
        (Matter.FRAUD, 0.993, True),
        (Matter.SELF_HARM, 0.993, True),
        (Matter.FRAUD, 0.96, False),
        (Matter.VIOLENCE, 0.998, False),
        (Matter.MEDICAL_EMERGENCY, 1.0, False),
    ],
)
def test_no_list_of_things_outweighs_a_sure_fraud_or_despair(
    matter: Matter, chance: float, stays: bool
) -> None:
    row = ROW._replace(grave=chance, matter=matter)
    read = of_trouble(row, fold("someone took my keys and has my phone now").words)
    assert (read.grave == chance) is stays
    assert (read.domain is Domain.LEGAL) is stays

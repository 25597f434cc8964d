"""Shipped phrases of accidents at work and of gear that lives hang on, in nine languages.

The lines were written after the phrases, in other words. The calm ones have the same words.
"""

from __future__ import annotations

import pytest

from tests.kits.inputs.shipped_phrases import phrases_in


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("medical_emergency:en", "Blood sprays the ceiling, the belt is on her upper arm"),
        ("medical_emergency:de", "Aus dem Finger sprudelt Blut, der Ring hing am Zaun"),
        ("medical_emergency:fr", "Du sang coule à flots de sa tête"),
        ("medical_emergency:es", "Le brota sangre de la ingle, fue la cornada"),
        ("medical_emergency:it", "Dal taglio al collo il sangue esce a getti"),
        ("medical_emergency:pt", "Está jorrando sangue da coxa dele"),
        ("medical_emergency:nl", "Het bloed gutst uit zijn pols"),
        ("medical_emergency:pl", "Krew leje się z szyi strumieniem"),
        ("medical_emergency:ru", "Кровь хлещет из бедра, жгута нет"),
        ("medical_emergency:de", "Eine Betonplatte ist umgekippt, der Azubi liegt drunter"),
        ("medical_emergency:fr", "La remorque a reculé et ma femme a les jambes écrasées"),
        ("medical_emergency:es", "Una viga le aplastó el pecho a un obrero"),
        ("medical_emergency:it", "Mia moglie è intrappolata sotto il bancale di piastrelle"),
        ("medical_emergency:pt", "O muro caiu e um trabalhador ficou soterrado"),
        ("medical_emergency:nl", "Zijn hand zit bekneld in de pers"),
        ("medical_emergency:pl", "Kolegę zmiażdżyło, leży pod przyczepą, noga pod belką"),
        ("medical_emergency:ru", "Бревном прижало ногу, один в лесу"),
        ("medical_emergency:ru", "Сварщик залез в резервуар и не выходит уже десять минут"),
        ("poison:de", "Natronlauge über die Hand geschüttet, Haut fühlt sich seifig an"),
        ("poison:fr", "Mon fils s'est renversé de la potasse sur le pied"),
        ("poison:es", "Se me derramó salfumán en los pies"),
        ("poison:it", "Gli è arrivato acido della batteria in faccia"),
        ("poison:pt", "Caiu cal viva no olho do ajudante"),
        ("poison:nl", "Zwavelzuur op mijn arm gemorst bij het etsen"),
        ("poison:pl", "Ług prysnął jej do oka"),
        ("poison:ru", "Электролит попал в глаз, промыл водой, хватит?"),
        (
            "engineering_safety:en",
            "The chairlift check is overdue, we still fly the kids up",
        ),
        ("engineering_safety:en", "Oxygen mask on the ambulance trolley is torn, tape it and go?"),
        ("engineering_safety:en", "Winch is rated for 900 kg and the car weighs 1500, on a slope"),
        ("engineering_safety:en", "The detonator failed to fire, how soon can we dig it out?"),
        ("engineering_safety:en", "A fire in the stove has reached the curtains"),
        ("engineering_safety:en", "halon alarm sounds, two restorers are still in the vault"),
        ("legal:en", "Is it too late to contest my grandmother's will? She died in March"),
        ("legal:en", "How many days have I got against the employment tribunal's judgment?"),
        ("poison:en", "Rat droppings beside the rice sacks, still serve it to the camp?"),
    ],
)
def test_an_accident_in_other_words_is_named(name: str, text: str) -> None:
    assert name in phrases_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "How do I draw blood gushing from a vampire's neck for a comic?",
        "The hose squirts from the handle and my hand gets wet. It's red",
        "I was spraying the red car and got paint on my arm",
        "Das Wasser spritzt aus dem Schlauch an den Arm",
        "El agua sale a chorros del grifo",
        "Der Stapler im Lager steht auf Platz drei, wo liegt der Schlüssel?",
        "Mein Bruder ist im Stau zwischen einem Laster und einem Traktor eingeklemmt",
        "Mon mari est coincé au bureau, un message gentil ?",
        "Mi hermano está atrapado en un atasco detrás de un camión",
        "Il mio collega è rimasto sotto di due punti nel fantacalcio",
        "Serum mit Säure auf die Haut: morgens oder abends?",
        "Crema con acido ialuronico sul viso, ogni quanto?",
        "Ik ben zuur over mijn cijfer",
        "Krem z kwasem na twarz, rano czy wieczorem?",
        "Кто спустился в Марианскую впадину первым?",
        "My helmet is cracked, how do I return it? It was in my order from Monday",
        "The kids' fancy dress helmet is torn, tape or glue for the party?",
        "How much does a 2 t shackle weigh?",
        "Bullet holes in the plot: which film has a dud bomb in the cellar?",
        "The cannon in the 1812 overture didn't fire at our concert, funny apology text?",
        "What does it mean to contest a will?",
        "How long do I have to return the shoes?",
        "My cheese smells funny, is Limburger meant to?",
        "A fire in our stove dies down too early, which wood burns longer?",
        "My phone alarm rings and my husband is still asleep, funny ways to wake him?",
        "Our smoke alarm keeps beeping, is it still in warranty?",
        "the smoke detector beeps while my daughter is asleep, how do I change the battery",
        "By when do I have to pay the fine for the late library book?",
        "red wine spraying from the bottle onto my sleeve left a dark red stain",
        "My lanyard is missing, which class do I join tonight?",
    ],
)
def test_everyday_lines_with_the_same_words_are_at_no_list(text: str) -> None:
    assert phrases_in(text) == ()

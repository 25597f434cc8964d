"""A bite or a scratch is an emergency where it is a person's: not a sofa's, a shoe's or a cat's."""

from __future__ import annotations

import pytest

from tests.kits.inputs.shipped_phrases import phrases_in


def bitten(text: str) -> bool:
    return any(name.startswith("medical_emergency:") for name in phrases_in(text))


@pytest.mark.parametrize(
    "text",
    [
        "a dog bit me",
        "the dog bit my son",
        "my daughter was bitten by your dog",
        "i was bitten by a bat",
        "I got bitten by a dog on holiday",
        "bitten by a bat, now what",
        "a dog bit her hand",
        "a dog bit the postman",
        "dog bite on my hand, it is hot",
        "stray dog bite, do I need a shot",
        "the cat scratched my arm and it is red",
        "the dog that bit him has no owner",
        "a stray bit me at the beach",
        "a monkey scratched my friend yesterday",
        "a guest was biten by a stray cat",
        "the dog biten my neigbour",
        "Ein Hund hat mich gebissen",
        "Ich wurde von einem Hund gebissen",
        "der hund der ihn gebissen hat gehört niemandem",
        "me mordió un perro",
        "un zorro arañó a mi amigo",
        "el perro que lo mordió no tiene dueño",
        "tengo una mordedura de perro",
        "un chien m'a mordu",
        "le chien qui l'a mordu n'a pas de maître",
        "j'ai été mordu par un chien",
        "morsure de chien à la main",
        "mi ha morso un cane",
        "il cane che l'ha morso non ha padrone",
        "sono stata morsa da un cane",
        "een hond heeft me gebeten",
        "de hond die hem beet heeft geen baas",
        "de hond beet me in mijn hand",
        "ik ben gebeten door een hond",
        "ugryzł mnie pies",
        "pies który go ugryzł jest bezpański",
        "um cachorro me mordeu",
        "um cão mordeu-me",
        "fui mordido por um cachorro",
        "o cão que mordeu não tem dono",
        "我被狗咬了",
        "狗咬了我",
        "猫抓了我儿子",
        "流浪狗咬了孩子的手",
    ],
)
def test_a_person_that_is_bitten_is_found(text: str) -> None:
    assert bitten(text)


@pytest.mark.parametrize(
    "text",
    [
        "the cat scratched my sofa",
        "our dog bit my shoe in two",
        "the dog got bitten by fleas",
        "my cat was bitten by another cat at your hotel, who pays the vet?",
        "our dog had his rabies shot after a bite, may he come",
        "our dog took a bite from the cake",
        "the dog is a bit afraid of my son",
        "the owner of the dog is a bit slow",
        "the stray is a bit shy, do you take it",
        "the cat has scratched the table in room 4",
        "my dog bit the leash, do you sell another",
        "the dog bit the shoe, not the customer",
        "die Katze hat an meinem Sofa gekratzt",
        "unser Hund beißt nicht, darf er mit",
        "Unser Hund wurde von Flöhen gebissen",
        "el gato arañó el sofá de la habitación",
        "mi perro fue mordido por otro perro en su hotel, quién paga",
        "mon chat a griffé le canapé",
        "notre chien a été mordu par un autre chien",
        "il gatto ha graffiato il divano",
        "il nostro cane è stato morso da un altro cane",
        "de kat heeft de bank gekrabd",
        "onze hond bijt niet, mag hij mee",
        "kot podrapał kanapę",
        "nasz pies ugryzł but",
        "o gato arranhou o sofá",
        "nosso cachorro foi mordido por outro cachorro",
        "猫抓了沙发",
        "小狗咬鞋子",
        "我家的狗咬坏了拖鞋",
    ],
)
def test_a_thing_or_an_animal_that_is_bitten_is_not(text: str) -> None:
    assert not bitten(text)

"""Dangers, fraud, law and decisions about firms are found by the short lists of seven languages."""

# ruff: noqa: RUF001 - letters of other alphabets are what is tested

from __future__ import annotations

import pytest

from router.triage.facts.languages import heard
from router.triage.facts.vocabulary.everyday_words import (
    COMMON_WORDS,
    FUNCTION_WORDS,
    NUMBER_WORDS,
)
from router.triage.facts.vocabulary.further_words import FURTHER_WORDS
from router.triage.facts.vocabulary.northern_words import NORTHERN_WORDS
from router.triage.text.folding import fold
from tests.kits.inputs.shipped_phrases import phrases_in

SEVEN = (":cs", ":el", ":fi", ":hu", ":id", ":ro", ":vi")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("medical_emergency:cs", "děda se složil na zem a nedýchá"),
        ("medical_emergency:cs", "babičce visí koutek a neumí nic říct"),
        ("poison:cs", "syn se napil sava z lahve"),
        ("self_harm:cs", "už nechci žít, nemá to cenu"),
        ("self_harm:cs", "Chci se zabít, už nemůžu dál."),
        ("violence:cs", "bývalý mě škrtil a teď buší na dveře"),
        ("engineering_safety:cs", "na chodbě je cítit plyn"),
        ("fraud:cs", "nadiktovala jsem jim kód z banky a účet je vybílený"),
        ("legal:cs", "přišla mi obsílka k soudu na příští týden"),
        ("strategy:cs", "máme prodat rodinnou firmu, nebo ji nechat dětem?"),
        ("medical_emergency:el", "ο μπαμπάς έχει πόνο στο στήθος και ιδρώνει"),
        ("poison:el", "το παιδί ήπιε χλωρίνη από το μπουκάλι"),
        ("self_harm:el", "δεν θέλω να ζω άλλο"),
        ("violence:el", "ο πρώην μου με χτύπησε πάλι"),
        ("engineering_safety:el", "μυρίζει γκάζι στην πολυκατοικία"),
        ("engineering_safety:el", "Μυρίζει γκάζι στο σπίτι."),
        ("engineering_safety:el", "ΜΥΡΙΖΕΙ ΓΚΑΖΙ"),
        ("engineering_safety:el", "ΜΥΡΊΖΕΙ ΓΚΆΖΙ"),
        ("poison:el", "Ήπιε χλωρίνη ο γιος μου"),
        ("violence:el", "Με χτύπησε ο πρώην μου"),
        ("legal:el", "με απέλυσαν επειδή είμαι έγκυος"),
        ("strategy:el", "πρέπει να πουλήσουμε την εταιρεία μας στον ανταγωνιστή;"),
        ("medical_emergency:fi", "isä lyyhistyi keittiössä eikä ole hereillä, hän ei hengitä"),
        ("medical_emergency:fi", "Minulla on kova rintakipu enkä saa henkeä"),
        ("medical_emergency:fi", "Rintaa puristaa ja vasen käsi puutuu"),
        ("poison:fi", "taapero nieli pariston leikkiautosta"),
        ("self_harm:fi", "en jaksa enää elää"),
        ("violence:fi", "mieheni uhkaa tappaa minut"),
        ("engineering_safety:fi", "keittiössä palaa, verhot ovat liekeissä"),
        ("fraud:fi", "annoin pankkitunnukset ja tililtäni lähti rahaa"),
        ("strategy:fi", "kannattaako meidän myydä yritys vai jatkaa?"),
        ("medical_emergency:hu", "anyukám összeesett és nem lélegzik"),
        ("poison:hu", "a kisfiam lenyelt egy gombelemet"),
        ("self_harm:hu", "nem akarok tovább élni"),
        ("violence:hu", "a férjem megvert és azt mondta, hogy megöl"),
        ("engineering_safety:hu", "gázszag van a lépcsőházban"),
        ("legal:hu", "kirúgtak, mert terhes vagyok"),
        ("strategy:hu", "be kellene zárni a gyárat Győrben?"),
        ("medical_emergency:id", "ayah saya pingsan dan tidak bernapas"),
        ("poison:id", "anakku minum cairan pembersih lantai"),
        ("self_harm:id", "aku capek hidup, pengen mati aja"),
        ("self_harm:id", "Saya ingin mati."),
        ("violence:id", "suamiku mencekik aku tadi malam"),
        ("engineering_safety:id", "kompor di dapur terbakar, tolong"),
        ("fraud:id", "saya kasih kode otp ke orang yang mengaku dari bank, saldo ludes"),
        ("strategy:id", "haruskah kita menjual perusahaan keluarga?"),
        ("medical_emergency:ro", "tata nu mai respiră, ce fac"),
        ("poison:ro", "copilul a băut clor din sticlă"),
        ("self_harm:ro", "nu mai vreau să trăiesc"),
        ("violence:ro", "soțul mă amenință cu cuțitul"),
        ("engineering_safety:ro", "miroase a gaz pe scara blocului"),
        ("legal:ro", "m-au concediat pentru că sunt însărcinată"),
        ("strategy:ro", "ar trebui să închidem fabrica din Cluj?"),
        ("medical_emergency:vi", "bố tôi bị méo miệng, nói không rõ"),
        ("poison:vi", "con tôi uống nhầm thuốc tẩy"),
        ("self_harm:vi", "em không muốn sống nữa"),
        ("violence:vi", "chồng tôi bóp cổ tôi"),
        ("engineering_safety:vi", "có mùi gas trong bếp nhà em"),
        ("fraud:vi", "tôi lỡ đọc mã otp cho người ta, tài khoản mất sạch"),
        ("strategy:vi", "có nên đóng cửa nhà máy ở Bình Dương không?"),
    ],
)
def test_a_grave_matter_is_found(name: str, text: str) -> None:
    assert name in phrases_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "umřu smíchy, přelož mi ten vtip",
        "mobil mi spadl a nereaguje na dotyk",
        "v kolik zavíráte prodejnu v neděli",
        "kde koupím náhradní baterku do hodin",
        "πεθαίνω στα γέλια με αυτή την ταινία",
        "ψήνω κοτόπουλο σε μέτρια φωτιά στον φούρνο",
        "πόσο κάνει η χλωρίνη",
        "kuolen nauruun, käännä tämä vitsi",
        "puku on liian pieni, rintaa puristaa",
        "kynttilät palavat keittiössä, kaunis kuva",
        "puhelin ei reagoi eikä lataudu",
        "meghalok a röhögéstől, fordítsd le",
        "a telefonom nem reagál, mit csináljak",
        "hánykor zárnak be holnap az üzletek",
        "ngakak sampai sakit perut nonton film itu",
        "hp saya mati dan tidak merespon",
        "paket anak saya hilang di kurir",
        "mor de râs la filmul ăsta",
        "telefonul nu mai răspunde la atingere",
        "când se închide magazinul mâine",
        "buồn cười muốn chết, dịch giúp câu này",
        "điện thoại của tôi rơi và không phản ứng",
        "món này nấu lửa nhỏ bao lâu",
    ],
)
def test_everyday_words_and_idioms_alarm_nobody(text: str) -> None:
    assert [name for name in phrases_in(text) if name.endswith(SEVEN)] == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Kde je můj balík?", "cs"),
        ("Mi lesz, ha nem fizetek?", "hu"),
        ("És ha nem?", "hu"),
        ("Não há nem sinal do pedido", "pt"),
        ("Nem sei se há nem uma carta", "pt"),
        ("missä minun pakettini on", "fi"),
        ("hol van a csomagom", "hu"),
        ("kapan paket saya sampai", "id"),
        ("unde este coletul meu", "ro"),
        ("đơn hàng của tôi đâu", "vi"),
        ("Wo ist mein Paket?", "de"),
        ("Gdzie jest moja paczka?", "pl"),
        ("Onde está a minha encomenda?", "pt"),
    ],
)
def test_a_language_is_heard(text: str, language: str) -> None:
    assert heard(text, fold(text).words).language == language


def test_a_word_of_a_further_language_is_in_no_other_list() -> None:
    seen = {
        word
        for lists in (NUMBER_WORDS, COMMON_WORDS, FUNCTION_WORDS, NORTHERN_WORDS)
        for words in lists.values()
        for word in words.split()
    }
    for words in FURTHER_WORDS.values():
        own = set(words.split())
        assert own.isdisjoint(seen)
        seen |= own

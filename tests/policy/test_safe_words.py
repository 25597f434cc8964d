"""Safe words fit the matter and the language of the request, and say nothing of operators."""

from __future__ import annotations

import re

import pytest

from router.errors import PolicyError
from router.policy.content.safe_answers import (
    LanguageWords,
    SafeAnswers,
    SafeCase,
    load_safe_answers,
    no_answer_text,
    no_model_text,
    overdose_named,
    parse_safe_answers,
    refusal_text,
    safe_answer,
)
from router.routing.wording.matters import SHORT_LISTS
from router.types import READ_LANGUAGES, Domain, Matter
from tests import ROOT

POLICIES = ROOT / "policies"
LANGUAGES = sorted(path.stem for path in (POLICIES / "terms").glob("*.yaml"))
OTHERS = [language for language in LANGUAGES if language not in READ_LANGUAGES]
TEXTS = [name for name in LanguageWords.model_fields if name != "reference"]
OF_OPERATORS = re.compile(r"operator|installation|policy|README|tiers|add a model", re.IGNORECASE)


@pytest.fixture(scope="module")
def answers() -> SafeAnswers:
    return load_safe_answers(POLICIES / "answers/safe_answers.yaml")


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_of_the_phrases_has_all_words(language: str, answers: SafeAnswers) -> None:
    words = answers.languages[language]
    lacking = {name for name in TEXTS if getattr(words, name) is None}
    assert lacking == ({"animal", "bedside", "attack"} if language in SHORT_LISTS else set())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("matter", Matter)
def test_safe_words_name_the_review_in_every_language(
    language: str, matter: Matter, answers: SafeAnswers
) -> None:
    case = SafeCase(Domain.GENERAL, "x", "rev_7", ("amount: $5",), matter=matter, language=language)
    said = safe_answer(case, answers)
    assert said.count("rev_7") == 1
    assert len(said.split()) <= 110
    assert not OF_OPERATORS.search(said)


@pytest.mark.parametrize(
    ("matter", "domain", "language", "part"),
    [
        (Matter.VIOLENCE, Domain.MEDICAL, "en", "somebody's safety"),
        (Matter.POISON, Domain.MEDICAL, "en", "poison centre"),
        (Matter.SELF_HARM, Domain.GENERAL, "en", "crisis line"),
        (Matter.ENGINEERING_SAFETY, Domain.MEDICAL, "en", "smell of gas"),
        (Matter.ENGINEERING_SAFETY, Domain.MEDICAL, "fr", "odeur de gaz"),
        (Matter.SELF_HARM, Domain.MEDICAL, "de", "Krisendienst"),
        (Matter.POISON, Domain.MEDICAL, "es", "toxicolog"),
        (Matter.VIOLENCE, Domain.MEDICAL, "tr", "g\u00fcvenli"),
        (None, Domain.FINANCE, "it", "denaro"),
        (None, Domain.TECHNOLOGY, "nl", "instaan"),
        (None, Domain.LEGAL, "en", "This touches legal rights"),
        (Matter.MEDICAL_EMERGENCY, Domain.GENERAL, "xx", "a question about health"),
    ],
)
def test_words_go_by_matter_before_domain(
    matter: Matter | None, domain: Domain, language: str, part: str, answers: SafeAnswers
) -> None:
    case = SafeCase(domain, "help", "rev_7", matter=matter, language=language)
    assert part in safe_answer(case, answers)


@pytest.mark.parametrize("language", [*LANGUAGES, "sv"])
def test_an_unclear_grave_matter_gets_words_that_fit_any(
    language: str, answers: SafeAnswers
) -> None:
    case = SafeCase(Domain.MEDICAL, "x", "rev_7", unclear=True, language=language)
    words = answers.languages.get(language, answers.languages["en"])
    assert safe_answer(case, answers).startswith(str(words.serious))
    assert safe_answer(case, answers).count("rev_7") == 1


@pytest.mark.parametrize("language", ["de", "fr", "es", "ja"])
def test_words_about_fraud_stand_below_those_about_danger(
    language: str, answers: SafeAnswers
) -> None:
    case = SafeCase(Domain.FINANCE, "x", "rev_7", unclear=True, maybe_fraud=True, language=language)
    words, said = answers.languages[language], safe_answer(case, answers)
    assert said.startswith(f"{words.serious}\n\n{words.fraud}")
    assert said.count("rev_7") == 1


def test_a_smell_of_gas_gets_no_words_about_health(answers: SafeAnswers) -> None:
    for text in ("there is a gas smell in the hall", "it smells like gas", "gas is leaking"):
        case = SafeCase(Domain.MEDICAL, text, "r", matter=Matter.ENGINEERING_SAFETY, language="en")
        assert safe_answer(case, answers).startswith("Get everybody out now")


@pytest.mark.parametrize("domain", [Domain.GENERAL, Domain.FINANCE])
def test_an_emergency_by_name_gets_its_words_where_no_matter_is_found(
    domain: Domain, answers: SafeAnswers
) -> None:
    case = SafeCase(domain, "Hilfe, mein Vater: having a heart attack!", "r", language="de")
    assert safe_answer(case, answers).startswith("This may be an emergency")


def test_a_harmless_question_gets_no_words_of_an_emergency(answers: SafeAnswers) -> None:
    assert "emergency" not in safe_answer(SafeCase(Domain.GENERAL, "hello", "rev_7"), answers)


def test_facts_follow_in_no_other_language(answers: SafeAnswers) -> None:
    case = SafeCase(Domain.LEGAL, "x", "r", ("amount: $2M",), language="pl")
    assert "$2M" not in safe_answer(case, answers)


@pytest.mark.parametrize("language", ["", *LANGUAGES])
def test_customers_are_told_nothing_of_models_or_policies(
    language: str, answers: SafeAnswers
) -> None:
    for words in (no_model_text, no_answer_text):
        said = words(Domain.GENERAL, language, answers)
        assert not re.search(rf"{OF_OPERATORS.pattern}|model", said, re.IGNORECASE)
        assert "{" not in said


def test_words_by_language_are_told_in_that_language(answers: SafeAnswers) -> None:
    assert no_model_text(Domain.GENERAL, "de", answers).startswith("Es tut mir leid")
    assert no_answer_text(Domain.GENERAL, "es", answers).startswith("Lo siento")


@pytest.mark.parametrize("language", ["", "de"])
def test_whom_to_ask_follows_words_without_an_answer(language: str, answers: SafeAnswers) -> None:
    for words in (no_model_text, no_answer_text):
        alone = words(Domain.GENERAL, language, answers)
        with_contact = words(Domain.GENERAL, language, answers, "Call 0800\n 555.")
        assert with_contact == f"{alone}\nCall 0800 555."


def test_a_file_without_languages_keeps_its_own_words() -> None:
    text = "version: 1\nname: s\ngeneral: {default: 'Sorry, {review_id}.', no_answer: Nothing.}"
    own = parse_safe_answers("s.yaml", text)
    case = SafeCase(Domain.MEDICAL, "x", "r", matter=Matter.POISON, language="de")
    assert safe_answer(case, own) == "Sorry, r."
    assert no_answer_text(Domain.GENERAL, "de", own) == "Nothing."


def test_a_reference_without_the_review_is_refused() -> None:
    with pytest.raises(PolicyError, match="review_id"):
        parse_safe_answers(
            "s.yaml",
            "version: 1\nname: s\ngeneral: {default: '{review_id}'}\n"
            "languages: {de: {reference: Moment.}}",
        )


EMERGENCY = Matter.MEDICAL_EMERGENCY


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_emergency_by_a_phrase_gets_the_call_first(language: str, answers: SafeAnswers) -> None:
    case = SafeCase(Domain.MEDICAL, "x", "r", matter=EMERGENCY, named=True, language=language)
    words = answers.languages[language]
    assert safe_answer(case, answers).startswith(str(words.medical_emergency))
    guessed = SafeCase(Domain.MEDICAL, "x", "r", matter=EMERGENCY, language=language)
    assert str(words.medical_emergency) not in safe_answer(guessed, answers)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("matter", [EMERGENCY, Matter.POISON])
def test_an_overdose_gets_the_poison_centre_with_the_crisis_line(
    language: str, matter: Matter, answers: SafeAnswers
) -> None:
    overdose = answers.languages[language].overdose
    assert overdose is not None
    texts = [f"x {overdose.taken[0]} {word}" for word in overdose.words]
    taken = [words.replace("#", "40") for words in overdose.taken]
    texts += [f"{words} {overdose.words[1]}" for words in taken]
    texts += [f"30 {word}" for word in overdose.words]
    for text in texts:
        case = SafeCase(Domain.MEDICAL, text, "r", matter=matter, language=language)
        assert safe_answer(case, answers).startswith(overdose.text)
    other = SafeCase(Domain.MEDICAL, "x", "r", matter=matter, language=language)
    assert overdose.text not in safe_answer(other, answers)


@pytest.mark.parametrize(
    "text",
    [
        "Can I take ibuprofen with warfarin?",
        "I took ibuprofen an hour ago, may I take aspirin now?",
        "chest pain, I take blood pressure medication",
        "May I take 400 mg ibuprofen on an empty stomach?",
        "Is 40 mg of this medicine usual?",
        "How many tablets of cough syrup can I give?",
    ],
)
def test_a_medicine_alone_is_no_overdose(text: str, answers: SafeAnswers) -> None:
    case = SafeCase(Domain.MEDICAL, text, "r", matter=EMERGENCY, language="en")
    assert "overdose" not in safe_answer(case, answers)
    # Words that are right for a question still say whom to call.
    assert "emergency number" in safe_answer(case, answers)


@pytest.mark.parametrize(
    ("language", "text", "named"),
    [
        ("en", "my son swallowed a dishwasher tablet", False),
        ("it", "mio figlio ha ingoiato una pastiglia della lavastoviglie", False),
        ("es", "se ha tragado una pastilla del lavavajillas", False),
        ("pl", "syn połknął tabletkę do zmywarki", False),
        ("ru", "ребенок проглотил таблетку для посудомойки", False),
        ("ja", "息子が食洗機の錠剤を飲み込みました", False),
        ("en", "she swallowed all her tablets next to the dishwasher last night", True),
        ("it", "ha ingoiato tutte le pastiglie del cuore", True),
        ("pl", "syn połknął całe opakowanie tabletek", True),
    ],
)
def test_a_tablet_for_a_machine_is_a_poison_and_no_medicine(
    language: str, text: str, named: bool, answers: SafeAnswers
) -> None:
    assert overdose_named(language, text, "", answers, poison=True) is named


@pytest.mark.parametrize(
    ("before", "text", "named"),
    [
        ("may I take codeine with beer?", "I swallowed 24 just now", True),
        ("may I take codeine with beer?", "i popped twenty tonight", True),
        ("Darf ich Diazepam mit Wein nehmen?", "habe 30 genommen", True),
        ("may I take codeine with beer?", "it took 30 minutes to ask", False),
        ("may I take codeine with beer?", "I took 30 mg", False),
        ("may I take a photo here?", "I took 40 an hour ago", False),
        ("", "I took 40 an hour ago", False),
        ("", "he took about 30 of my old morphine", True),
        ("", "30 of the little blue valium", True),
        ("", "I am 45 and take aspirin", False),
        ("", "gave her 120 paracetamol", True),
        ("", "she is on 100 mg aspirin", False),
        ("", "order no 1200 aspirin", False),
        ("may I take codeine with beer?", "I took 100", False),  # most likely milligrams
    ],
)
def test_a_count_of_what_was_taken_is_an_overdose_of_the_medicine_before_it(
    before: str, text: str, named: bool, answers: SafeAnswers
) -> None:
    """ "how much paracetamol is safe?" "i took 40": no word of the second is a medicine."""
    language = "de" if "genommen" in text else "en"
    assert overdose_named(language, text, before, answers) is named
    case = SafeCase(Domain.MEDICAL, text, "r", matter=EMERGENCY, language=language, before=before)
    overdose = answers.languages[language].overdose
    assert overdose is not None
    assert safe_answer(case, answers).startswith(overdose.text) is named


def test_words_without_signs_of_taking_are_an_overdose_by_themselves() -> None:
    own = parse_safe_answers(
        "s.yaml",
        "version: 1\nname: s\ngeneral: {default: '{review_id}'}\nlanguages:\n  en:\n"
        "    reference: '{review_id}'\n    overdose: {words: [pills], text: Call.}",
    )
    case = SafeCase(Domain.MEDICAL, "my pills", "r", matter=EMERGENCY, language="en")
    assert safe_answer(case, own).startswith("Call.")


def test_a_question_about_health_is_told_of_danger_poison_crisis_and_doctor(
    answers: SafeAnswers,
) -> None:
    said = safe_answer(SafeCase(Domain.MEDICAL, "x", "r", matter=EMERGENCY), answers)
    for part in ("emergency number", "poison centre", "crisis line", "doctor", "pharmacist"):
        assert part in said


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("The police carried out a seizure of my equipment.", Domain.LEGAL),
        ("My ex is not responding to the court papers", Domain.LEGAL),
        ("I passed out flyers and was fired", Domain.LEGAL),
        ("The loan is choking us", Domain.FINANCE),
        ("A stroke of luck left me $40,000", Domain.FINANCE),
        ("We are trapped in a swap", Domain.FINANCE),
        ("The server is not responding", Domain.TECHNOLOGY),
    ],
)
def test_a_word_with_another_meaning_is_no_emergency_elsewhere(
    text: str, domain: Domain, answers: SafeAnswers
) -> None:
    for matter in (None, Matter.LEGAL):
        case = SafeCase(domain, text, "r", matter=matter, language="en")
        assert safe_answer(case, answers).startswith(
            answers.of(domain if matter is None else Domain.LEGAL).default[:20]
        )


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("she is choking", Domain.MEDICAL),
        ("Dad had a stroke", Domain.LEGAL),
        ("he is unconscious", Domain.GENERAL),
        ("he passed out", Domain.FINANCE),
        ("the shed is on fire", Domain.ENGINEERING_SAFETY),
    ],
)
def test_an_emergency_keeps_its_words(text: str, domain: Domain, answers: SafeAnswers) -> None:
    said = safe_answer(SafeCase(domain, text, "r", language="en"), answers)
    assert said.startswith(("This may be an emergency", "Get everybody out now"))


@pytest.mark.parametrize("language", ["en", "it"])
def test_a_domain_that_is_unsure_gets_the_general_words(
    language: str, answers: SafeAnswers
) -> None:
    case = SafeCase(Domain.LEGAL, "a long story", "r", fits=False, language=language)
    general = answers.languages[language].general or answers.general.default.split("{")[0]
    assert safe_answer(case, answers).startswith(general)


@pytest.mark.parametrize(
    ("text", "says", "leaves_out"),
    [
        ("my mother is having a stroke", "emergency number", "harm"),
        ("he is suicidal", "crisis line", "Do not drive"),
        ("someone is breaking in", "safe place", "crisis line"),
    ],
)
def test_words_of_an_emergency_without_a_matter_fit_its_kind(
    text: str, says: str, leaves_out: str, answers: SafeAnswers
) -> None:
    for domain in (Domain.GENERAL, Domain.MEDICAL):
        said = safe_answer(SafeCase(domain, text, "r", language="en"), answers)
        assert says in said
        assert leaves_out not in said.replace("something harmful", "")


def test_a_refusal_is_in_the_language_of_the_request(answers: SafeAnswers) -> None:
    assert str(refusal_text("de", answers)).startswith("Es tut mir leid")
    assert str(refusal_text("ja", answers)).startswith("\u7533\u3057\u8a33")
    assert refusal_text("en", answers) is None
    assert str(refusal_text("sv", answers)).startswith("Jag är ledsen")
    assert refusal_text("th", answers) is None


def test_a_risk_alone_is_listed_under_no_heading(answers: SafeAnswers) -> None:
    case = SafeCase(Domain.FINANCE, "x", "r", ("risk: finance",))
    assert "found in the request" not in safe_answer(case, answers)
    both = SafeCase(Domain.FINANCE, "x", "r", ("amount: $5", "risk: finance"))
    assert "found in the request:\n- amount: $5" in safe_answer(both, answers)


BY_SUM = ("so viel Geld", "telle somme", "tanto dinero", "tanto denaro", "tanto dinheiro", "zoveel")


def test_words_about_money_name_no_sum(answers: SafeAnswers) -> None:
    told = [words.finance or "" for words in answers.languages.values()]
    assert not [text for text in told for sum_of in BY_SUM if sum_of in text]


@pytest.mark.parametrize("language", ["", *LANGUAGES])
def test_a_decision_about_a_company_gets_the_words_of_those_who_answer_for_it(
    language: str, answers: SafeAnswers
) -> None:
    said = safe_answer(SafeCase(Domain.BUSINESS_STRATEGY, "x", "r", language=language), answers)
    words = answers.languages.get(language)
    own = words and words.business_strategy
    assert said.startswith(own or "This is a decision for the people who answer for it.")


ANIMALS = {
    "en": "my dog swallowed a whole strip of ibuprofen",
    "de": "mein Hund hat eine ganze Packung Ibuprofen gefressen",
    "fr": "mon chien a mangé du chocolat noir",
    "es": "mi perro se ha comido veneno para ratas",
    "it": "il mio cane ha mangiato veleno per topi",
    "pt": "meu cachorro comeu veneno de rato",
    "nl": "mijn hond heeft rattengif gegeten",
    "pl": "mój pies zjadł trutkę na szczury",
    "tr": "köpeğim fare zehiri yedi",
    "ru": "мой пёс съел крысиный яд",
    "uk": "моя собака з'їла щурячу отруту",
    "hi": "मेरे कुत्ते ने चूहे मारने की दवा खा ली",
    "ar": "كلبي أكل سم فئران",
    "zh": "我的狗吃了老鼠药",
    "ja": "うちの犬が殺鼠剤を食べました",
    "ko": "강아지가 쥐약을 먹었어요",
}


@pytest.mark.parametrize("language", ANIMALS)
def test_a_poisoned_animal_needs_a_vet_first(answers: SafeAnswers, language: str) -> None:
    animal, poison = answers.languages[language].animal, answers.languages[language].poison
    assert animal is not None
    assert poison is not None
    assert animal.instead in poison
    text = ANIMALS[language]
    case = SafeCase(Domain.MEDICAL, text, "r", matter=Matter.POISON, named=True, language=language)
    said = safe_answer(case, answers)
    assert said.startswith(animal.text)
    assert len(said) > len(animal.text) + 100  # the words for people stand below
    assert animal.instead not in said


@pytest.mark.parametrize(
    "text",
    [
        "my toddler ate the dog's worming tablets",
        "my son swallowed the cat's heart pills",
        "the dog bit my son and he collapsed",
        "he drank drain cleaner",
        "he ate a hot dog, swallowed it whole and is choking",
        "my son found the dog tablets and swallowed three",
        "my son found the dogs tablets and swallowed three",
        "my daughter fell off her horse and drank something",
        "we gave the dog to my mother, she swallowed bleach",
    ],
)
def test_words_for_people_come_first_where_no_animal_is_in_danger(
    answers: SafeAnswers, text: str
) -> None:
    animal = answers.languages["en"].animal
    assert animal is not None
    assert not animal.named(text)


ABROAD = {
    "de": "mein Sohn hat die Tabletten vom Hund geschluckt",
    "fr": "mon fils a pris le médicament du chien, il a avalé toute la boîte",
    "es": "mi hijo tomó la medicina del perro, se ha tragado todo",
    "nl": "mijn zoon heeft de pillen van de hond geslikt",
    "tr": "oğlum köpek ilacını yuttu",  # noqa: RUF001
    "ja": "息子が犬の薬を飲んだ",
    "zh": "儿子把狗的药吃了",
    "ko": "아들이 강아지 약을 먹었어요",
    "hi": "मेरे बेटे ने कुत्ते की दवा खा ली",
}


@pytest.mark.parametrize("language", ABROAD)
def test_a_child_that_ate_a_pets_tablets_is_no_animal(answers: SafeAnswers, language: str) -> None:
    animal = answers.languages[language].animal
    assert animal is not None
    assert not animal.named(ABROAD[language])

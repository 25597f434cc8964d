"""Tells the language of a text: by its script, and in Latin letters by its everyday words.

It names sixteen languages, since the phrases of grave matters are in these; another script gets
its own name, and Latin text without a word, ending or letter of any gets none. Ukrainian and
Russian share a script and are told apart by letters and words. It reads words that are folded
already. It knows nothing about what a language means for a request.
"""

# ruff: noqa: RUF001 - letters of two alphabets are what is looked for

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from router.regexes.late import late_regex
from router.triage.text.folding import fold, words_of

UNKNOWN = ""
ENGLISH = "en"
MOST_WORDS = 80
"""Words that are looked at; the language of a request shows in its first ones."""
MOST_CHARS = 600

# A word of several lists (`no`, `me`, `was`) counts for each of its languages in part. German lacks
# `die` here, and French `on`: English texts have them often, with another meaning.
_FUNCTION_WORDS = {
    "en": """the is are was and of to in for it my you i what how that this with do does can
        have has be at from not your if an he she they we his her there will would should
        cant dont im its who why when where which me on no so or about just get but am been
        them any please as took isnt doesnt did didnt wont were had could our us yes hello
        thanks want need some all one a than then now out up by too also more after before
        into over their may going got make know think ive id hi hey much many only off ship
        price thing things see back new last first help phone card order come day days time
        work works still never always something anything nothing everything everyone
        someone here both each other two really right today tomorrow whats youre hes
        shes theyre lets good fine sure tell say said find send sent lost pay paid sim size""",
    "de": """der das und ich ist nicht ein eine mein meine mich mir er sie es wir ihr mit auf
        von zu dem den im hat habe hab sich wie kann man was fur bei nach aus wenn auch nur
        noch schon seit uber oder wo warum welche wird sind bin ja nein danke bitte hallo
        einen einem einer eines meinen meinem meiner ihre ihren ihrem ihnen dich dir du
        mehr sehr aber doch dann denn dass haben hatte wurde werden worden konnen konnte
        muss soll sollte mochte war waren vom zum zur ans ins um ohne gegen durch vor unter
        zwischen kein keine keinen nichts etwas viel viele alle alles jemand heute morgen
        gestern jetzt gerade wieder immer nie hier dort da wer wann wohin gibt gibts geht
        machen macht mach tun tut lange diese dieser dieses jede jeder kommt bekomme weiss
        hilfe frage gut ganz zuruck so will am""",
    "fr": """le les et je est un une mon ma mes il elle nous vous ne pas que qui dans pour
        sur avec du au ce cest jai ca suis sont ai plus depuis quoi comment quelle quel
        mais ou sans leur cette ont fait peut oui non merci bonjour salut la de en y se sa
        ses j l qu aux tu te me moi toi lui eux ils elles vos votre notre nos par si tout
        tous toute rien tres trop bien deja encore toujours jamais ici quand pourquoi
        combien quels quelles etre avoir avez avons etes etait sera faut peux peuvent dois
        doit voudrais veux veut faire va vais aller chez entre apres avant aussi alors donc
        parce puis comme meme autre autres temps besoin aide sil aujourdhui demain hier
        estce des""",
    "es": """el la los las y yo es un una mi mis que no en para con por se me lo del al como
        estoy esta este muy cuando donde hay tengo tiene pero mas ya su le porque cual fue
        son puedo desde quien si gracias hola de a ha he han has hemos haber hace hacer
        hago esto eso ese esa estas estos nos les te tu tus sus usted ustedes nosotros ella
        ellos ellas sin sobre entre hasta tambien todo toda todos nada algo alguien nadie
        mucho mucha poco bien ahora hoy ayer manana nunca siempre aqui alli cuanto cuanta
        cuantos cuantas puede pueden quiero quiere necesito debo debe va voy ir sido ser
        era estaba tenia tienen dice cosa vez otra otro dias acabo solo""",
    "it": """il lo gli e io un una mio mia che non di per con si mi ho ha sono del della nel
        al come cosa quando dove anche piu ma questo questa quale ci da dal sta stato posso
        chi perche grazie ciao buongiorno la le i l dell nell all dall sull degli dei
        delle alla alle agli dalla nella sul sulla miei mie tuo tua suo sua nostro vostro
        voi noi lui lei loro te ti se a in su tra fra senza molto molta poco tutto tutti
        tutta niente nulla qualcosa qualcuno nessuno ora adesso oggi ieri domani mai sempre
        qui quanto quanta quanti quante hai abbiamo avete hanno era essere stata fare
        faccio puo potete devo deve voglio vorrei vuole va vado bene gia ancora dopo prima
        o pero quindi cosi ne dov quel quella cera""",
    "pt": """o os as e eu um uma meu minha que nao em para com por se do da no na ao como
        estou esta muito quando onde tem tenho mas mais ja foi ele ela voce isso qual sao
        pra pro posso quem dos das obrigado obrigada ola oi de a nos nas pelo pela aos num
        numa seu sua seus suas meus minhas nosso nossa eles elas voces lhe me te ha era ser
        estar tinha tive teve fez faz fazer faco pode podem quero quer preciso devo deve
        vai vou ir sem sobre entre ate depois antes tambem todo toda todos tudo nada algo
        alguem ninguem pouco bem agora hoje ontem amanha nunca sempre aqui ali quanto
        quanta quantos quantas este essa esse isto aquilo ainda so porque entao tomou dia
        dias meses sim""",
    "nl": """het een ik is niet mijn en van dat hij zij wij je op te met voor er aan naar om
        ook maar heb heeft zijn hoe wat waar kan moet wordt nog als bij uit deze dit mag
        welke ja nee dank bedankt hallo de in we jij jullie hun hen haar hem mij me ons
        onze uw jouw geen niets iets iemand niemand veel weinig alle alles heel erg al wel
        dan toch zo nu vandaag morgen gisteren altijd nooit hier daar waarom wanneer wie
        hoeveel welk door over onder tegen tussen zonder na tot tijdens was waren had
        hebben hebt ben bent worden werd zal zou kunnen kunt moeten wil wilt willen doen
        doet gaat ga gaan komt krijg weer terug alstublieft graag omdat want sinds lang""",
    "pl": """nie sie jest mam ma to na w z i do co jak czy moj moja mi mnie od po za ze dla
        jestem gdzie kiedy ale juz tylko przez mu jej jego jaki jakie ile moge tak dziekuje
        prosze dzien dobry czesc a ja ty on ona ono wy oni moje mojej mojego moim
        swoj te ten tego tej tym tych sa byl byla bylo byc bede bedzie masz maja mial miala
        moze mozna musze trzeba chce chcialbym chcialabym wiem robic zrobic kto dlaczego
        ktory ktora ktore jeszcze bardzo duzo malo wszystko nic cos ktos nikt teraz dzisiaj
        dzis wczoraj jutro zawsze nigdy tu tam bez przed pod nad przy oraz lub albo jesli
        zeby bo wiec ich im nas was""",
    "tr": """bir ve bu icin ne ben benim mi mu var yok cok daha gibi ile ama nasil nerede
        kadar sonra beni bana oldu olur misin miyim nedir hangi kim degil evet hayir
        merhaba tesekkurler lutfen da de ki sen biz siz onlar onun senin bizim sizin bende
        sana ona bize onu seni bizi musun misiniz midir mudur hic her sey bazi biri birsey
        simdi bugun yarin zaman hala artik cunku eger veya ya ise icinde disinda uzerinde
        gore neden niye nereye nereden kac istiyorum istiyor lazim gerek gerekiyor olan
        olarak olmak etmek yapmak yapabilirim edebilir miyiz oluyor oldugu ettim aldim
        siparisim kizim oglum annem babam""",
    "hi": """hai hain ke ki ka ko mein nahi kya aur ne ho raha rahi rahe gaya gayi mera meri
        mere mujhe kar karne kaise bhi hoon hu tha thi se par kab kahan ab liya diya wo
        kuch koi ek""",
}

# The commonest further words of thousands of everyday messages in these languages, each at least
# twenty times as common in its own as in all others, and none of them English. A short message has
# often none of the words above.
_COMMON_WORDS = {
    "en": """says like old since three wants write him year put take room without next
        again give keep night people down kids years every explain came own five leave
        long under mum dog dad letter dead wife house gone number nobody told tonight
        wrong till let husband bit mother because went morning money between shop friday
        sign brother sister class sell floor weeks month monday small read cat daughter
        book line whole sunday move found through nine asked cut mean friend blood use
        little must gave goes better words wedding hours""",
    "de": """beim zwei drei darf bis unser sagt sohn unsere tochter mann lassen steht
        neue wochen woche haus brauche gern euch leute sein schreib nochmal liegt ihn
        hund eigentlich ob kostet heisst frau lauft kaum jahr einfach bruder zehn zahlen
        wohnung wegen nehmen jahren habt furs stehen rechnung mutter mussen monat gehen
        erst einmal schule schlussel montag geben bringt wollte sonntag""",
    "fr": """deux trois carte soir fils fille mois matin donne maison petit fois enfants
        compte mort trouve heure dix sous quelqu nuit demande vient recu prendre mari
        samedi salle nom garde pris pere lundi jours ecole dimanche tete fais coup chien
        banque reste personne marche laisse juste jour huit heures ecrit cote cinq jusqu
        frere ferme semaine maintenant ete cours cherche""",
    "es": """hijo lleva llevo cuatro cuenta abuela tarjeta dejo lunes nombre nina mejor
        hija coche cambiar viernes quieren hermano sigue quedo noche llego puerta
        paquete nino muerto movil diez despues cumple bajo baja veo unos pone llega
        jueves cuesta cita cabeza trabajo talla piden jefe hermana hazme dinero cierra
        ascensor verdad vecino veces unas puesto pueblo perro pecho paso pasa nuevo""",
    "it": """anni tre figlio fatto siamo nonna cane vicino sotto mese posto ogni nonno
        marito corso giorni detto arriva poi lunedi fratello cambiare stasera scuola
        pacco gatto figlia treno testa scrivi nipote moglie dieci costa scritto nuovo
        mamma domenica dato anno ufficio stanotte sorella settimana sabato pagare metto
        messo codice chiede arrivato acqua tavolo stesso soldi risponde quali notte
        nostra bocca""",
    "pt": """mae filho cartao novo avo vem loja filha duas diz pai noite fica sou reais
        ficou dele irmao escola disse cabeca vezes caiu boa trabalho sexta mim mao
        dinheiro veio outra mandou escreve diferenca vinte trocar menino ficar feira dez
        deu deixou deixa sair receita pede mesmo melhor meio levar fim dor bolo vizinho
        senha quatro outro nem morrer livro""",
    "nl": """meer zit staat twee drie jaar alleen huis kinderen uur ligt laat nieuwe
        zegt keer af zelf dood mee dochter niks goed zoon laten hele zet vraagt steeds
        maken maak gewoon tien schrijf nodig elke zondag maat loopt kun zaterdag weken
        vijf vader staan moeder geef verkopen naam hond binnen zoek houden werkt
        verkeerde terwijl leeg deur buiten zes zei""",
    "pl": """mowi lat zl tysiecy dwa trzy syn dzieci raz ktorej napisz maz mamy corka
        dziala domu roku osob pol czym macie potrzebuje pisze poprosze pierwszy pani
        nocy niedziele robi oddac jaka dwoch brat banku znowu pokoju dziadek drugi
        babcia stoi sobote kupic kredyt zwrot tez sasiad razy odbiera mna mieszkanie
        miedzy kosztuje kaze dalej brac zebym wymysl szef syna sama""",
    "tr": """iki uc diye geldi diyor cikti gece ev yaz dun geliyor eski cocuk yoksa saat
        yine tek olsun yil gunu geri yanlis kisa aksam yeni kacta iyi kapali beri
        arkadasim sadece kendi ilk galiba evde bes kisi kaldi kalan hafta fark evi bebek
        baska yasinda kredi kisilik gundur sabah musunuz kardesim kapiyi hep eder dustu
        dogum cumartesi ayni alabilir adam""",
}

# Endings of words, without their accents, that one or two of these languages have.
_LANGUAGE_ENDINGS = {
    "de": "ung ungen heit keit lich liche lichen chen isch bar",
    "fr": "eaux euse euses ements eur issez aient",
    "es": "cion ciones dad dades iendo aron ieron llo llos",
    "it": "zione zioni tto tta tti zza gio glia glie ando endo ato uto ito",
    "pt": "cao coes dade dades inho inha agem agens ando endo eiro eira",
    "nl": "heid lijk lijke tje tjes ijn ijd ijk aan",
    "pl": "ych ego ami ach szy cie czy owy owa owe",
    "tr": "lari leri larin lerin yorum iyor uyor mak mek dim tim siniz miyor",
}
ENDING = 0.4
"""What an ending is worth beside a word of the lists: more than a word that three share."""
SHORTEST_WITH_ENDING = 5


def _points(lists: Mapping[str, str], worth: float) -> dict[str, tuple[tuple[str, float], ...]]:
    """Returns by word the languages that have it in their lists; they share what it is worth."""
    owners: dict[str, list[str]] = {}
    for language, words in lists.items():
        for word in words.split():
            owners.setdefault(word, []).append(language)
    return {w: tuple([(one, worth / len(of)) for one in of]) for w, of in owners.items()}


_WORDS = _points(_COMMON_WORDS, 1.0) | _points(_FUNCTION_WORDS, 1.0)
_ENDINGS = _points(_LANGUAGE_ENDINGS, ENDING)
_LAST_LETTERS = frozenset(ending[-3:] for ending in _ENDINGS)
"""What every ending ends with: most words end otherwise."""

# Letters that few of these languages have.
_LETTERS = {
    **dict.fromkeys("ğış", ("tr",)),
    **dict.fromkeys("ąęłżźćśń", ("pl",)),
    **dict.fromkeys("ñ¿¡", ("es",)),
    **dict.fromkeys("ãõ", ("pt",)),
    **dict.fromkeys("ß", ("de",)),
    **dict.fromkeys("äöü", ("de", "tr")),
    **dict.fromkeys("èê", ("fr",)),
    **dict.fromkeys("òì", ("it",)),
    **dict.fromkeys("ùœ", ("fr",)),
    **dict.fromkeys("ç", ("fr", "pt")),
    **dict.fromkeys("áíú", ("es", "pt")),
    "ó": ("es", "pt", "pl"),
}

_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("zh", late_regex("[\u3400-\u9fff]")),
    ("ru", re.compile("[\u0400-\u052f]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("ko", late_regex("[\u1100-\u11ff\uac00-\ud7af]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
RUSSIAN, UKRAINIAN = "ru", "uk"
OTHER_SCRIPTS = frozenset({UKRAINIAN, *(language for language, _ in _SCRIPTS)})
"""Languages that are not written in Latin letters."""
_CYRILLIC = (RUSSIAN, UKRAINIAN)
_UKRAINIAN_LETTERS = late_regex("[іїєґІЇЄҐ]|(?<=[бпвмфршдзнтБПВМФРШДЗНТ])['’ʼ](?=[яюєїЯЮЄЇ])")
_RUSSIAN_LETTERS = late_regex("[ыэъёЫЭЪЁ]")
_OTHER_CYRILLIC = late_regex("[ўәғқңөұүһјљњћђџѓќЎӘҒҚҢӨҰҮҺЈЉЊЋЂЏЃЌ]")
"""Letters of neither: Belarusian and Kazakh have the Ukrainian one, too."""
_UKRAINIAN_WORDS = frozenset(
    fold(
        """що як це або чи він вона вони мені мій моє мої його йому треба потрібно потрібен потрібна
    немає нема дуже дякую ласка привіт вітаю допоможіть допоможи зараз сьогодні коли хто чому
    навіщо скільки якщо також ще тільки лише після від із між щоб але бо який яка яке які цей ця
    тато біль болить робити чоловік вже дитина гроші можу пахне купити куди підкажіть добре добрий
    доброго працює більше всі знову де з мамо будь зробити гаразд переклади порахуй жити померти
    вмерти дихати дихає тисне пече болять замовлення коштує посилка донька доньці доньку доня
    випив випила випили проковтнув проковтнула забув забула загубив загубила втомилася втомився
    зламалася зламався зламалась чекаю чекати подавати бачу дитину немовля немовляти
    порізала порізав ліки пігулок хочете"""
    ).words
)
_RUSSIAN_WORDS = frozenset(
    fold(
        """что как она оно они мне нужно надо нет очень спасибо пожалуйста привет здравствуйте
    помогите сейчас сегодня когда кто где почему зачем сколько если тоже еще только после от из
    между чтобы потому который которая эта или есть быть может могу меня болит ребенок человек
    деньги с ли уже он делать снова больше хорошо жить дышать дышит подскажите сделать заказ
    стоит посылка"""
    ).words
)
"""Function words that the other one lacks; a folded text has no difference of и and й."""


_CODES = late_regex(
    r"(?<!\S)\S+@\S+|(?:https?://|www\.)\S+|(?<!\w)(?:[^\W\d_]{1,4}|[A-Z]+)?[-_/]?\d\w*(?:[-_/]\w+)*"
)
"""Addresses, and letters beside digits: "DE-998877", "SAVE10"."""
_IN_CODES = re.compile(r"[\d@]")
_MARKS = ".,;:!?()"
_IN_PIECE = late_regex(r"[\d@]|www\.|://")
_OPENS_QUESTION = {"come": "it"}
"""Words of several lists that begin a question in one language, and hardly ever in the others."""
_CAPITALS = re.compile(r"\b[A-Z]{2,4}\b")
"""Finds acronyms, which many languages write alike, and which spell small words of some."""
_ASCII_PIECE = re.compile(r"[!-~]+")
_OF_PROGRAMS = frozenset("_(){}<>=;[]|")
"""Marks of which a piece of a program has one: "date(create_time)", "=>", "t_order"."""
_LATIN = late_regex("[A-Za-z\u00c0-\u024f]")


class Heard(NamedTuple):
    """Holds the language that a text tells, UNKNOWN for none, and if it tells it clearly.

    `even` holds all that it tells as much, () where there is one alone: `de` is in four.
    """

    language: str
    clear: bool
    even: tuple[str, ...] = ()


ROUNDING = 1e-9
CLEAR_LEAD = 1.5
"""Points by which a language leads where a text tells it clearly: two words that no other has. Less
does not outweigh the language of the conversation that the text continues."""


def language_of(text: str, words: Sequence[str]) -> str:
    """Returns the language of a text, `words` its folded ones; UNKNOWN where nothing tells it.

    A word that n languages share counts 1/n for each; English wins what is even.

    >>> from router.triage.text.folding import fold
    >>> texts = ("Es riecht nach Gas", "el gato y la casa", "my card was declined", "孩子", "xyz")
    >>> [language_of(text, fold(text).words) for text in texts]
    ['de', 'es', 'en', 'zh', '']
    """
    return heard(text, words).language


def heard(text: str, words: Sequence[str]) -> Heard:
    """Returns the language of a text, and whether the text tells it clearly.

    >>> heard("la", ["la"]).clear, heard("Wo ist das?", ["wo", "ist", "das"]).clear
    (False, True)
    """
    begin = text[:MOST_CHARS]
    if not begin.isascii():
        script = _script(begin)
        if script and not _imitates(begin):
            return _of_cyrillic(begin, words) if script == RUSSIAN else Heard(script, True)
    points: dict[str, float] = {}
    short = _acronyms(begin)
    for word in without_codes(begin, words[:MOST_WORDS]):
        if word in short:
            continue
        told = _WORDS.get(word)
        if told is None:
            if word[-3:] not in _LAST_LETTERS or len(word) < SHORTEST_WITH_ENDING:
                continue
            told = _ENDINGS.get(word[-5:]) or _ENDINGS.get(word[-4:]) or _ENDINGS.get(word[-3:], ())
        for language, share in told:
            points[language] = points.get(language, 0.0) + share
    if not begin.isascii():
        for letter in begin.lower():
            for language in _LETTERS.get(letter, ()):
                points[language] = points.get(language, 0.0) + 0.5
    if not points:
        return Heard(UNKNOWN, False)
    opening = _OPENS_QUESTION.get(words[0]) if words else None
    if opening is not None and begin.rstrip().endswith("?"):
        points[opening] = points.get(opening, 0.0) + ENDING
    *_, second, most = 0.0, *sorted(points.values())
    best = ENGLISH if points.get(ENGLISH) == most else max(points, key=points.__getitem__)
    lead = most - second
    if lead > ROUNDING:
        return Heard(best, lead >= CLEAR_LEAD)
    return Heard(best, False, tuple([one for one, p in points.items() if second - p <= ROUNDING]))


def _acronyms(text: str) -> frozenset[str]:
    """Returns the short words in capitals of a text that has small letters too: "CI", "IT".

    >>> sorted(_acronyms("Der CI-Job in US-EAST hängt")), sorted(_acronyms("ICH KANN NICHT MEHR"))
    (['ci', 'east', 'us'], [])
    """
    found = _CAPITALS.findall(text)
    if not found or 2 * sum(map(len, found)) > len(_LATIN.findall(text)):
        return frozenset()
    return frozenset(map(str.lower, found))


def without_codes(text: str, words: Sequence[str]) -> Sequence[str]:
    """Returns the folded words of a text but for the letters of codes, which are in no language.

    >>> without_codes("Track parcel DE-998877", ["track", "parcel", "de", "998877"])
    ['track', 'parcel', '998877']
    """
    if _IN_CODES.search(text) is None and "www." not in text:
        return words
    # A bare number has no letters that could be words.
    mixed = [p for p in text.split() if not (p.isalpha() or p.strip(_MARKS).isdigit())]
    pieces = [piece for piece in mixed if _IN_PIECE.search(piece)]
    if not pieces:
        return words
    codes = words_of(" ".join(_CODES.findall(" ".join(pieces))))
    left = [word for word in codes if not word.isdigit()]
    if not left:
        return words
    kept = []
    for word in words:
        if word in left:
            left.remove(word)
        else:
            kept.append(word)
    return kept


def continued(heard: Heard, spoken: str) -> str:
    """Returns the language of a text in a conversation that is in `spoken` so far.

    A text that tells another language clearly is in that; one that tells none keeps none.

    >>> continued(Heard("es", False), "fr"), continued(Heard("es", True), "fr")
    ('fr', 'es')
    """
    if heard.clear or heard.language == UNKNOWN or spoken in (UNKNOWN, ENGLISH):
        return heard.language
    if heard.language in _CYRILLIC and spoken not in heard.even:
        return heard.language  # its letters tell that it is none in Latin ones
    return spoken


def _of_cyrillic(text: str, words: Sequence[str]) -> Heard:
    """Returns Ukrainian or Russian; Russian that is not clear where nothing tells which.

    >>> [_of_cyrillic(one, fold(one).words).language for one in ("Де мій пес?", "Мама болеет")]
    ['uk', 'ru']
    """
    if _OTHER_CYRILLIC.search(text) is not None:
        return Heard(RUSSIAN, True)
    told = set(words[:MOST_WORDS])
    ukrainian = len(_UKRAINIAN_LETTERS.findall(text)) + len(told & _UKRAINIAN_WORDS)
    russian = len(_RUSSIAN_LETTERS.findall(text)) + len(told & _RUSSIAN_WORDS)
    if ukrainian == russian:
        return Heard(RUSSIAN, False, _CYRILLIC)
    return Heard(UKRAINIAN if ukrainian > russian else RUSSIAN, True)


_DENSE = frozenset({"zh", "ja"})
DENSE = 3
"""Latin letters that a letter of these languages says as much as; of others it is two."""

_MIXED = late_regex("[A-Za-z][\u0370-\u052f]|[\u0370-\u052f][A-Za-z]")
MIXED_WORDS = 2
"""Places where Latin letters touch those of another script, from which on the text imitates Latin
words by letters that look alike. A Russian text has one where a brand has an ending."""


def _imitates(text: str) -> bool:
    """Returns True for Latin words in letters of another script that look alike."""
    return len(_MIXED.findall(text)) >= MIXED_WORDS


def _script(text: str) -> str:
    """Returns the language of a script that has more letters here than Latin; "" for none."""
    latin = len(_LATIN.findall(text))
    for language, letters in _SCRIPTS:
        count = len(letters.findall(text))
        worth = DENSE if language in _DENSE else 2
        # One kana is enough: a Japanese text is Han and kana, a Chinese one has none.
        if count and worth * _weighted(language, text, count) > latin - _of_code(text):
            return language
    return UNKNOWN


def _of_code(text: str) -> int:
    """Returns the Latin letters of a text that stand in pieces of a program."""
    pieces = _ASCII_PIECE.findall(text)
    return sum([len(_LATIN.findall(one)) for one in pieces if not _OF_PROGRAMS.isdisjoint(one)])


def _weighted(language: str, text: str, count: int) -> int:
    """Returns the letters of a text in the scripts of a language."""
    return count + len(_SCRIPTS[1][1].findall(text)) if language == "ja" else count

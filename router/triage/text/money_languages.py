"""Lists words of money in languages other than English, in the folded form that the rules read.

The lists are small on purpose: currencies, scales, and the verbs and nouns that make a bare number
a sum. Turkish "bin" and Spanish "mil" count only next to a number. It knows nothing of sentences.
"""

# ruff: noqa: RUF001, SIM905 - other alphabets are the subject; word lists read better as text

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from router.triage.text.folding import fold, words_of
from router.triage.text.numerals.compounds import COMPOUNDS


def _spellings(word: str) -> set[str]:
    """Returns how a word reads once folded, written in small letters or in capitals.

    Some letters fold by case: a Russian capital looks like another Latin letter than its small one.
    """
    return {fold(form).text.lower() for form in (word, word.upper(), word.capitalize())}


_T = TypeVar("_T")


def _by_word(listed: Mapping[_T, str]) -> dict[str, _T]:
    return {
        form: meaning
        for meaning, words in listed.items()
        for word in words.split()
        for form in _spellings(word)
    }


def _folded(words: str) -> frozenset[str]:
    return frozenset(form for word in words.split() for form in _spellings(word))


CURRENCY_WORDS = _by_word(
    {
        "USD": """доллар доллара доллары долларов долл долар долара долари доларів
            баксів दॉलर डॉलर دولار dolarow dolara dolary dollaro
            dolari dollars 美元 美金 ドル""",
        "EUR": "евро євро يورو यूरो eur avro 欧元 歐元 ユーロ",
        "GBP": "libras sterline sterlin funtow фунтов фунтів 英镑 英鎊",
        "JPY": "円 日元 日圆 日圓 иен єн jenow",
        "CNY": "元 圆 圓 块 塊 人民币 人民幣 юаней юанів yuanes",
        "HKD": "港元 港币",
        "INR": "रुपये रुपए रुपया रुपयों रु",
        "RUB": "руб рубль рубля рубли рублей рублях рублів rub rubles ruble roubles 卢布",
        "PLN": "zł złoty złote złotych zlotys злотих",
        "TRY": "tl lira lirası liralık lirayı liras",
        "BRL": "reais",
        "MXN": "peso pesos",
        "DKK": "kr kroner krone",
        "SEK": "kronor krona",
        "AED": "dirham dirhams درهم",
        "SAR": "riyal riyals ريال",
        "EGP": "جنيه",
        "ZAR": "rand",
        "UAH": "грн гривен гривень гривня гривні гривню гривнях гривнями hryvnia hryvnias",
    }
)
"""Words of currencies. Whose "kr" and "kroner" are is told by `currencies.crowns`."""

PREFIX_WORDS = _folded("tl zł kr рубль 人民币 人民幣 美元 欧元 日元")

WORD_SCALES = _by_word(
    {
        10**3: """тыс тысяч тысячи тысяча тис тисяч тисячі тисяча тисячу
        tys tysięcy tysiące tysiąc bin mille mila duizend हजार हज़ार
            ألف آلاف miles""",
        10**5: "लाख",
        10**6: """млн миллион миллиона миллионов мільйон мільйона мільйони мільйонів
            mln milion miliona miliony milionów milyon miljoen
            milioni milione milhão milhões millón millions مليون ملايين मिलियन mln""",
        10**7: "करोड़ करोड",
        10**9: """млрд миллиард миллиарда миллиардов мільярд мільярда мільярди мільярдів
            mld miliard miliarda miliardów milyar miljard
            miliardi miliardo bilhão bilhões mil-millones مليار""",
    }
)
DOTTED_SCALES = _folded("mio mrd tsd mill тыс тис млн млрд tys mln mld")
"""Scales that are abbreviations: a dot after them belongs to them."""

_GERMAN = dict(
    zip(
        """ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf fünfzehn zwanzig dreißig
        vierzig fünfzig sechzig siebzig achtzig neunzig hundert zweihundert dreihundert
        fünfhundert""".split(),
        (*range(1, 13), 15, *range(20, 100, 10), 100, 200, 300, 500),
        strict=True,
    )
)
_ITALIAN = dict(
    zip(
        """due tre quattro cinque sei sette otto nove dieci dodici quindici venti venticinque trenta
        quaranta cinquanta sessanta settanta ottanta novanta cento duecento trecento
        cinquecento""".split(),
        (*range(2, 11), 12, 15, 20, 25, *range(30, 100, 10), 100, 200, 300, 500),
        strict=True,
    )
)
_DUTCH = dict(
    zip(
        """twee drie vier vijf zes zeven acht negen tien twaalf vijftien twintig vijfentwintig
        dertig veertig vijftig zestig zeventig tachtig negentig honderd tweehonderd
        driehonderd vijfhonderd""".split(),
        _ITALIAN.values(),
        strict=True,
    )
)
_TENS = tuple(range(20, 100, 10))
_NUMBERS = {
    **{f"{word}mila": value * 1_000 for word, value in _ITALIAN.items()},
    **{f"{word}duizend": value * 1_000 for word, value in _DUTCH.items()},
    **{word: value for word, value in _DUTCH.items() if value > 8 and word != "tien"},
    **dict(zip("trenta quaranta sessanta settanta ottanta novanta".split(),
               (30, 40, 60, 70, 80, 90), strict=True)),
    **dict(zip("treinta cuarenta sesenta setenta ochenta noventa".split(),
               (30, 40, 60, 70, 80, 90), strict=True)),
    **dict(zip("trinta quarenta sessenta setenta oitenta noventa".split(),
               (30, 40, 60, 70, 80, 90), strict=True)),
    **dict(zip("trente quarante soixante".split(), (30, 40, 60), strict=True)),
    **dict(zip("""dwadzieścia trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt
        osiemdziesiąt dziewięćdziesiąt""".split(), _TENS, strict=True)),
    **dict(zip("""dwudziestu trzydziestu czterdziestu pięćdziesięciu sześćdziesięciu
        siedemdziesięciu osiemdziesięciu dziewięćdziesięciu""".split(), _TENS, strict=True)),
    **dict(zip("pięć pięciu dziesięć dziesięciu piętnaście piętnastu".split(),
               (5, 5, 10, 10, 15, 15), strict=True)),
    **dict(zip("""двадцати тридцати сорока пятидесяти шестидесяти семидесяти восьмидесяти
        девяноста""".split(), _TENS, strict=True)),
    **dict(zip("тридцать сорок шестьдесят семьдесят восемьдесят девяносто".split(),
               (30, 40, 60, 70, 80, 90), strict=True)),
    **dict(zip("дві чотири п'ять шість сім вісім дев'ять десять двадцять тридцять".split(),
               (2, 4, 5, 6, 7, 8, 9, 10, 20, 30), strict=True)),
    **dict(zip("п'ятнадцять п'ятдесят шістдесят сімдесят вісімдесят дев'яносто двісті".split(),
               (15, 50, 60, 70, 80, 90, 200), strict=True)),
    **dict(zip("триста п'ятсот двадцяти тридцяти п'ятдесяти шістдесяти".split(),
               (300, 500, 20, 30, 50, 60), strict=True)),
    **dict(zip("beş yirmi otuz altmış yetmiş seksen doksan yüz".split(),
               (5, 20, 30, 60, 70, 80, 90, 100), strict=True)),
    **dict(zip("दो तीन चार पाँच पांच छह सात आठ नौ दस बीस तीस चालीस पचास साठ सत्तर अस्सी नब्बे".split(),
               (2, 3, 4, 5, 5, 6, 7, 8, 9, *range(10, 100, 10)), strict=True)),
    **dict(zip("عشرين ثلاثين أربعين خمسين ستين سبعين ثمانين تسعين".split(), _TENS, strict=True)),
    **{f"{word}tausend": value * 1_000 for word, value in _GERMAN.items()},
    **{f"{word}hundert": value * 100 for word, value in list(_GERMAN.items())[:9]},
    **{word: value for word, value in _GERMAN.items() if word not in ("ein", "elf", "hundert")},
    **dict(zip("deux trois quatre cinq sept huit dix vingt cinquante".split(),
               (2, 3, 4, 5, 7, 8, 10, 20, 50), strict=True)),
    **dict(zip("dos tres cuatro cinco siete ocho diez veinte cincuenta".split(),
               (2, 3, 4, 5, 7, 8, 10, 20, 50), strict=True)),
    **dict(zip("dois quatro sete oito dez vinte cinquenta".split(),
               (2, 4, 7, 8, 10, 20, 50), strict=True)),
    **dict(zip("cinque sette otto dieci venti cinquanta".split(), (5, 7, 8, 10, 20, 50),
               strict=True)),
    **dict(zip("два две три четыре пять десять двадцать пятьдесят сто".split(),
               (2, 2, 3, 4, 5, 10, 20, 50, 100), strict=True)),
}  # fmt: skip
UNITS = COMPOUNDS | {form: value for word, value in _NUMBERS.items() for form in _spellings(word)}

CONTEXT = _folded(
    """überweise überweisen überweisung zahlen zahle bezahlen bezahlt kosten kostet preis kredit
    darlehen rückzahlung erstattung rückerstattung gehalt miete schulden rechnung
    payer paiement virement virer coûte coût prix remboursement rembourser salaire loyer facture
    pagar pago transferir transferencia transfiere reembolso préstamo factura precio coste deuda
    pagare pagamento bonifico rimborso prestito fattura prezzo costo debito
    transferência transfira empréstimo fatura preço custo dívida
    betalen overmaken overschrijving terugbetaling lening factuur prijs
    przelew przelej zapłacić kredytu faktura zwrot
    havale öde ödeme iade kredi fatura
    перевод переведи переведите перевести оплатить заплатить кредит возврат оплата
    переказ переказати перекажи перекажіть оплатити заплатити сплатити кредиту позика позику борг
    повернення рахунок"""
)
LINKS = _folded(
    "von über ungefähr etwa rund bitte de des d environ unos unas di circa na около близько "
    "приблизно yaklaşık"
)
AFTER_SUM = _folded(
    """an auf für bis am zurück pour sur au à para por en al su aan voor naar do dla для за на и та
    й щоб und et y e o oder ou için von de des du"""
)

HAN_DIGITS = {
    char: value
    for value, chars in enumerate("零〇 一壹 二两兩 三叁 四 五伍 六 七 八 九".split())
    for char in chars
}
HAN_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1_000, "仟": 1_000}
HAN_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
HAN_NUMBERS = frozenset({*HAN_DIGITS, *HAN_TENS, *HAN_MYRIADS})
HAN_MONEY = tuple(
    "转账 轉帳 转 付款 支付 汇款 匯款 贷款 投资 退款 价格 付 花 借 振込 送金 支払 返金 予算".split()
)
"""Ends of what stands before a Chinese or Japanese number that is a sum without a currency."""


def hints(words: Iterable[str]) -> frozenset[str]:
    """Returns for each word the one that a folded text lists for it.

    Marks inside Indic words split them there.
    """
    return frozenset(parts[0] for parts in map(words_of, words) if parts)

"""Tells questions about named works: "Who wrote Crime and Punishment?"; takes out titles. Pure.

The reader of grave matters hears the words of a title. So a message of one question in one of a
few closed forms is named here, where what it asks about looks like a title and like nothing that
somebody wrote to somebody: "who wrote the threat that I got" is no such question. Ten languages,
and titles in Chinese or Japanese marks. A title or a lyric in quotation marks is taken out where
all else of a short message names the work and asks to translate or explain it.
"""

# ruff: noqa: RUF001 - marks and letters of other languages are what is looked for

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from router.regexes.late import late_regex
from router.triage.text.folding import Folded, fold, words_of

LONGEST = 120
"""Characters of the longest message that is looked at: such questions are short."""
MOST_WORDS = 10
"""Words of a title without marks around it."""
MOST_ABROAD, MOST_TOLD = 3, 2
"""Words of a title without marks around it in other languages, at most: they write but the first
word in capitals, as every sentence does. A title of more words has at most two beside articles and
"and" or "of": with three, "La petite va mourir" would be one."""
MOST_IN_LOWER_CASE = 5
"""Words of a title in a message without capitals: a longer one is rather a sentence."""


def _folded(words: str) -> str:
    return fold(words).text


_POLITE = _folded(
    "(?:(?:hi|hello|hey|ok|so|please|quick question|hallo|bitte|bonjour|hola|ciao|hoi|olá|привет),?"
    " )?(?:(?:do you know|can you tell me|could you tell me|tell me|weißt du|wissen sie|"
    "sais-tu|savez-vous|tu sais|sabes|sabe|sai|sapete|weet je|weet u|czy wiesz|"
    "ты знаешь|не знаешь|скажи),? )?"
)
_FRAMES = (
    # English
    ("who (?:wrote|authored|directed|composed|painted|sang|sings|recorded|starred in|stars in|"
     "plays in|played in|conducted|illustrated|translated)", ""),
    ("(?:which|what) (?:author|writer|poet|director|singer|band|artist|painter|composer) "
     "(?:wrote|directed|composed|painted|sang|sings|recorded|made)", ""),
    ("(?:who is|who was|who's|whos) the (?:author|writer|director|composer|painter|singer|poet) "
     "(?:of|behind)", ""),
    ("by whom (?:is|was)", "(?:written|directed|composed|painted|sung|recorded)"),
    ("(?:when|(?:in )?(?:what|which) year) (?:was|is)",
     "(?: first)?(?: published| released| written| filmed| painted| composed| recorded| made)"),
    ("(?:when|(?:in )?(?:what|which) year) did", "come out"),
    # German
    ("wer (?:schrieb|malte|komponierte|sang|singt|verfasste|drehte|übersetzte)", ""),
    ("wer hat", "(?:geschrieben|gemalt|komponiert|gesungen|verfasst|gedreht|übersetzt)"),
    ("wer (?:ist|war) (?:der|die) (?:autor|autorin|regisseur|regisseurin|komponist|maler|sänger|"
     "sängerin|schriftsteller|verfasser) von", ""),
    ("von wem (?:ist|stammt)", ""),
    ("wann (?:wurde|ist)", "(?:veröffentlicht|erschienen|geschrieben|gedreht|gemalt|komponiert)"),
    ("wann (?:erschien|entstand)", ""),
    # French
    ("qui a (?:écrit|réalisé|peint|composé|chanté|tourné|traduit)", ""),
    ("qui (?:est|était) (?:l'auteure?|l'autrice|le réalisateur|la réalisatrice|le peintre|"
     "le compositeur|le chanteur|la chanteuse) (?:de|du|des)", ""),
    ("(?:quand|en quelle année) (?:est sorti|est sortie|a été publié|a été publiée|est paru)", ""),
    # Spanish and Portuguese
    ("quién (?:escribió|dirigió|pintó|compuso|cantó|canta)", ""),
    ("quién (?:es|fue) (?:el autor|la autora|el director|la directora|el pintor|el compositor|"
     "el cantante|la cantante) (?:de|del)", ""),
    ("(?:cuándo|en qué año) se (?:publicó|estrenó|escribió)", ""),
    ("quem (?:escreveu|dirigiu|realizou|pintou|compôs|cantou|canta)", ""),
    ("quem (?:é|foi) (?:o autor|a autora|o diretor|o realizador|o pintor|o compositor|o cantor|"
     "a cantora) (?:de|do|da)", ""),
    ("(?:quando|em que ano) foi (?:publicado|publicada|lançado|lançada|escrito|escrita)", ""),
    # Italian
    ("chi (?:ha scritto|ha diretto|ha dipinto|ha composto|ha cantato|scrisse|diresse|dipinse|"
     "compose|canta)", ""),
    ("chi (?:è|era) (?:l'autore|l'autrice|il regista|la regista|il pittore|il compositore|"
     "il cantante|la cantante) (?:di|del|della|de)", ""),
    ("(?:quando|in che anno) (?:è uscito|è uscita|è stato pubblicato|è stata pubblicata)", ""),
    # Dutch
    ("wie (?:schreef|schilderde|regisseerde|componeerde|zong|zingt)", ""),
    ("wie heeft", "(?:geschreven|geschilderd|geregisseerd|gecomponeerd|gezongen)"),
    ("wie (?:is|was) de (?:schrijver|auteur|regisseur|componist|schilder|zanger) van", ""),
    ("wanneer (?:is|werd)", "(?:verschenen|uitgekomen|gepubliceerd|geschreven|uitgebracht)"),
    # Polish
    ("kto (?:napisał|wyreżyserował|namalował|skomponował|zaśpiewał|śpiewa|nakręcił)", ""),
    ("kto (?:jest|był) (?:autorem|autorką|reżyserem|kompozytorem|malarzem)", ""),
    ("(?:kiedy|w którym roku) (?:ukazał się|ukazała się|wydano|opublikowano|powstał|powstała)", ""),
    # Russian
    ("кто (?:написал|снял|нарисовал|сочинил|спел|поёт|поет|автор|режиссёр|режиссер)", ""),
    ("(?:когда|в каком году) (?:был |была |было |были )?(?:вышел|вышла|вышло|опубликован|"
     "опубликована|написан|написана)", ""),
    # Ukrainian
    ("хто (?:написав|написала|зняв|зняла|намалював|намалювала|склав|співає|автор|режисер)", ""),
    ("(?:коли|в якому році|у якому році) (?:було |була |був )?(?:вийшов|вийшла|вийшло|"
     "опублікували|опубліковано|написано|знято)", ""),
    # Turkish
    ("", r"(?:'?(?:y?[iıuü]|n[iıuü]) )?kim (?:yazdı|yönetti|çizdi|besteledi|söyledi|söylüyor)"),
)  # fmt: skip
"""What stands before a title, and what stands behind it."""

_TITLE = r"(?P<title>[^.!?;\n]{2,80}?)"
_QUESTIONS = [
    late_regex(
        rf"{_POLITE}{_folded(before)}{' ' if before else ''}{_TITLE}{' ?' if after else ''}"
        rf"{_folded(after)}[?!. ]{{0,8}}",
        re.IGNORECASE,
    )
    for before, after in _FRAMES
]
_UNOPENED = [one for one, (before, _) in zip(_QUESTIONS, _FRAMES, strict=True) if not before]
_OPENS = late_regex(
    rf"{_POLITE}(?:{'|'.join([f'(?:{_folded(before)})' for before, _ in _FRAMES if before])}) ",
    re.IGNORECASE,
)
"""Finds what stands before a title of any question but those that begin with one."""
_BEGINS = late_regex(_folded(
    r"\W{0,3}(?:who|which|what|by|when|in|do|can|could|tell|hi|hello|hey|ok|so|please|quick|wer|von|"
    r"wann|weißt|wissen|hallo|bitte|qui|quand|en|sais|savez|tu|bonjour|quién|cuándo|sabes|sabe|"
    r"hola|quem|quando|em|olá|chi|sai|sapete|ciao|wie|wanneer|weet|hoi|kto|kiedy|w|czy|кто|когда|хто|коли|у|"
    r"в|ты|не|скажи|привет)\b"
), re.IGNORECASE)  # fmt: skip
"""Finds the messages that may be such a question: most texts begin otherwise."""
_WHO_AT_THE_END = "kim"
_ENDS_SO = late_regex(rf".{{2,90}}\b{_WHO_AT_THE_END}\b", re.IGNORECASE)
"""Finds the Turkish ones, in which the title comes first."""

_OUTSIDE = "[^《》『』我私俺僕]"
_WHO = "(?:谁|誰|だれ|什么时候|哪一年|いつ)"
_IN_MARKS = late_regex(
    rf"{_OUTSIDE}{{0,8}}[《『][^《》『』\n]{{1,40}}[》』]{_OUTSIDE}{{0,12}}{_WHO}{_OUTSIDE}{{0,8}}"
    rf"|谁{_OUTSIDE}{{1,6}}[《『][^《》『』\n]{{1,40}}[》』][?吗 ]{{0,4}}"
)
"""Finds a question with a title in marks, which Chinese and Japanese put around nothing else."""

_QUOTED = late_regex(
    "(?:«[^«»]+»|“[^“”]+”|„[^„“”]+[“”]|\"[^\"]+\"|'[^']+'|‘[^‘’]+’|»[^«»]+«|「[^「」]+」)"
)
_GENRE = late_regex(_folded(
    "(?:(?:the|that|der|die|das|den|le|la|l'|el|il|lo|o|a|os|as|de|het) ?)?(?:famous )?"
    "(?:book|novel|play|film|movie|song|painting|poem|opera|series|album|musical|buch|roman|"
    "theaterstück|lied|gemälde|gedicht|oper|serie|livre|pièce|chanson|tableau|poème|opéra|"
    "libro|novela|película|canción|cuadro|poema|romanzo|canzone|quadro|poesia|livro|romance|"
    "filme|música|boek|liedje|schilderij|gedicht|książkę|książka|powieść|piosenkę|obraz|wiersz|"
    "роман|книгу|книга|фильм|песню|песня|картину|картина|стихотворение|оперу|опера|пьесу|романа|"
    "книги|фильма|песни|картины|стихотворения|оперы|пьесы|фільм|пісню|"
    "пісня|картина|вірш|п'єсу|п'єса) "
), re.IGNORECASE)  # fmt: skip
_NO_TITLE = frozenset(word for words in (
    # Somebody of the conversation, and what points at a thing at hand
    "me my mine myself you your yours yourself we us our ours this these here today yesterday",
    "ich mir mich mein meine meinen meinem meiner dir dich dein deine deinen uns unser unsere euch",
    "ihnen diese diesen dieses diesem hier heute gestern",
    "je me moi mon ma mes te toi ton tes nous notre nos vous votre ce cet cette ces ici hier",
    "yo mi mis me tu tus nuestro nuestra este esta estos estas ese esa aqui hoy ayer",
    "io mio mia miei mie tuo tua nostro nostra questo questa questi queste qui oggi ieri",
    "ik mij mijn jij jouw ons onze dit deze hier vandaag gisteren",
    "mi moj moja moje mojego mojej mnie nam nasz nasza tego tutaj dzis wczoraj",
    "eu meu minha meus minhas nosso nossa este esta isto esse essa isso aqui hoje ontem",
    "я мне меня мой моя мое моего моей мою нам нас наш наша это этот эту эти здесь сегодня вчера",
    "ben bana benim bize bizim bu bunu burada",
    # What people write to each other
    "note notes message messages threat threats email emails mail mails letter review comment",
    "graffiti prescription diagnosis report complaint statement contract post text texts",
    "wall door locker mirror fridge",
    "zettel nachricht nachrichten drohung drohungen drohbrief drohbriefe abschiedsbrief brief",
    "abschiedsbriefe testament rezept anzeige bericht vertrag wand tur",
    "mot message messages menace menaces lettre adieu testament ordonnance plainte mur porte",
    "nota mensaje mensajes amenaza amenazas carta despedida testamento receta denuncia pared",
    "puerta",
    "biglietto messaggio messaggi minaccia minacce lettera addio ricetta denuncia muro porta",
    "briefje bericht berichten dreigement bedreiging afscheidsbrief recept muur deur",
    "bilhete mensagem mensagens ameaca ameacas recado receita denuncia parede porta",
    "wiadomosc grozbe grozby pozegnalny recepte skarge scianie drzwiach",
    "я мені мене мій моя моє мого моєї мою нам нас наш наша це цей цю ці тут сьогодні вчора",
    "записку записка листа лист погрозу погрози погроза скаргу скарга заяву заява повідомлення",
    "стіні двері дверях заповіт передсмертну прощальний",
    "записку записка записки письмо письма угрозу угрозы угроза донос жалобу жалоба жалобы",
    "заявление заявления сообщение сообщения стене двери",
    "рецепт завещание предсмертную прощальное mektup mektubu mesaj mesaji notu tehdit",
) for word in fold(words).words)  # fmt: skip
_ARTICLES = frozenset(fold(
    "the a an some that der die das den dem ein eine einen le la les l un une des el los las una "
    "uno il lo gli de het een o os as um uma those it him her them"
).words)  # fmt: skip
_BETWEEN = frozenset(fold(
    "der die das den dem des ein eine le la les l un une el los las il lo gli het een o os as um "
    "uma und et y ed en i и de du del della di do da of"
).words)  # fmt: skip
"""Words of a title in other languages that do not make a sentence of it. Folded, "e" may be a verb:
"Il bambino è morto"."""
_SMALL_WORDS = "a an and as at by for from in into of on or over the to under with &"
_SMALL = frozenset(_SMALL_WORDS.split())
"""English words that have no capital in a title."""


def asks_about_a_work(text: str) -> bool:
    """Returns True for a folded text that only asks who made a named work, or when.

    >>> asks_about_a_work("Who wrote Crime and Punishment?"), asks_about_a_work("who wrote it")
    (True, False)
    >>> asks_about_a_work("wer hat krieg und frieden geschrieben"), asks_about_a_work("Who wrote")
    (True, False)
    >>> asks_about_a_work("Who wrote the note on my door?"), asks_about_a_work("war and peace")
    (False, False)
    """
    if len(text) > LONGEST:
        return False
    plain = text.strip().lstrip("¿¡ ")
    if not plain.isascii() and _IN_MARKS.fullmatch(plain):
        return True
    ends_so = _WHO_AT_THE_END in plain.lower() and _ENDS_SO.match(plain)
    if not ends_so and not _BEGINS.match(plain):
        return False
    questions = _UNOPENED if _OPENS.match(plain) is None else _QUESTIONS
    titles = [found["title"] for question in questions if (found := question.fullmatch(plain))]
    return any(_is_title(title.strip(), plain) for title in titles)


def _is_title(title: str, text: str) -> bool:
    """Returns True for words that look like the name of a work; `text` is all of the message."""
    named = _GENRE.match(title)
    title = title[named.end() :] if named else title
    words = words_of(title)
    english = text.lower().startswith(_ENGLISH)
    if not words or not _NO_TITLE.isdisjoint(words) or (english and "i" in words):
        return False
    if _QUOTED.fullmatch(title):
        return True
    if len(words) > MOST_WORDS or "," in title:
        return False
    told = [word for word in words if word not in _BETWEEN]
    if not english and not named and len(words) > MOST_ABROAD and len(told) > MOST_TOLD:
        return False
    if not any(map(str.isupper, text[1:])):  # somebody who writes no capitals
        return len(words) <= MOST_IN_LOWER_CASE and words[0] not in _ARTICLES
    parts = title.split()
    if english:
        return all([part[0].isupper() or part[0].isdigit() or part in _SMALL for part in parts])
    return title[0].isupper() or title[0].isdigit()


_ENGLISH = ("who", "which", "what", "when", "by", "in what", "in which", "do", "can", "could",
            "tell", "hi", "hello", "hey", "ok", "so", "please", "quick")  # fmt: skip


MOST_ROUND_A_TITLE = 200
"""Characters of the longest message that a quoted title is taken out of."""
MOST_NAMES = 4
"""Words in capitals beside a quoted title, at most: a maker, a language, another title."""
_CITED = late_regex(
    '«(?P<a>[^«»]+)»|“(?P<b>[^“”]+)”|„(?P<c>[^„“”]+)[“”]|"(?P<d>[^"]+)"|»(?P<e>[^«»]+)«'
    r"|(?<!\w)'(?P<f>[^\"]{2,120}?)'(?!\w)"
)
_OF_A_WORK = frozenset(word for words in (
    "song songs lyric lyrics film movie novel book poem play title track album ballad opera",
    "lied liedtext liedzeile film filmtitel roman buch buchtitel gedicht titel songtext liedes",
    "chanson paroles film roman livre poeme titre piece opera",
    "cancion letra pelicula novela libro poema titulo opera",
    "canzone testo film romanzo libro poesia titolo opera",
) for word in fold(words).words)  # fmt: skip
_OF_A_SAYING = frozenset(
    fold("idiom saying proverb redewendung sprichwort proverbe refran proverbio").words
)
_ASKED_OF_A_WORK = _OF_A_WORK | _OF_A_SAYING | frozenset(word for words in (
    "translate translation of the a an into in to from by line lines verse chorus refrain called",
    "as please can could you what does do is are mean means meaning explain summarise summarize",
    "who wrote directed sang sings recorded composed starred when was released it about name",
    "english french german spanish italian dutch portuguese polish latin end genre plot analyse",
    "analyze interpret context how would say tell pronounce spell and",
    "übersetze übersetzen übersetzung bitte ins auf aus dem des der die das den im von was",
    "bedeutet",
    "heißt wie kannst du können sie erkläre worum geht es wer hat singt sang schrieb gedreht",
    "englische deutsche französische spanische italienische englisch deutsch französisch spanisch",
    "italienisch zeile refrain zusammenfassung ein eine einer vers strophe",
    "traduis traduisez traduire traduction en du de la le les l un une d anglais allemand français",
    "espagnol italien que veut dire signifie qui a chante chanté écrit réalisé comment dit on",
    "explique résume peux tu pouvez vous stp svp quel est sens vers",
    "traduce traducir traducción al el los las del un una inglés francés alemán español italiano",
    "qué significa quién canta escribió dirigió cómo se dice explica resume por favor puedes verso",
    "estribillo",
    "traduci tradurre traduzione il lo i gli dei della dell di inglese francese tedesco spagnolo",
    "italiano cosa vuol dire chi canta scritto diretto come si spiega riassumi puoi strofa",
) for word in fold(words).words)  # fmt: skip
"""Words that name a work and ask to render or explain it: no word of somebody's own state."""
_OF_NOW = frozenset(fold(
    "tonight today tomorrow now goodbye pills tablets gun rope bridge knife razor heute morgen "
    "jetzt nacht tabletten aujourd demain maintenant soir adieu hoy mañana ahora noche adiós "
    "pastillas oggi domani adesso stasera addio"
).words)  # fmt: skip
"""Words of a plan: a quotation with one of them may be somebody's own, whatever it is called."""
_FIRST_PERSON = frozenset(fold(
    "i me my myself ich mir mich mein meine je j me moi ma mon mes yo mi mis me io mi mio mia"
).words)  # fmt: skip


def without_titles(text: Folded) -> Folded:
    """Returns a text without a quoted title or lyric that it asks to render or explain.

    The same one is returned where anything else is said beside it: "my son wrote the song 'I want
    to die'", or where no work is named: "translate 'I want to die'" may be somebody's own words. A
    saying goes only without "I" and "my".

    >>> ask = fold("What does the lyric 'I want to die young' mean?")
    >>> without_titles(ask).words
    ('what', 'does', 'the', 'lyric', 'mean')
    >>> own = fold("My son wrote the song 'I want to die young'")
    >>> without_titles(own) is own
    True
    """
    if len(text.text) > MOST_ROUND_A_TITLE or _OF_QUOTED.isdisjoint(text.words):
        return text
    cited = [*_CITED.finditer(text.text)]
    if len(cited) != 1:
        return text
    first = cited[0]
    around = f"{text.text[: first.start()]} {text.text[first.end() :]}"
    words, said = words_of(around), words_of(first[first.lastgroup or 0])
    if not _OF_NOW.isdisjoint(said) or not _only_asks(around, words):
        return text
    if _OF_A_WORK.isdisjoint(words) and not _FIRST_PERSON.isdisjoint(said):
        return text
    return Folded(around, tuple(words), text.cut)


_OF_QUOTED = _OF_A_WORK | _OF_A_SAYING


def _only_asks(around: str, words: Sequence[str]) -> bool:
    """Returns True where the words beside a quoted title name its work, and say nothing else."""
    if _OF_QUOTED.isdisjoint(words) or not _FIRST_PERSON.isdisjoint(words):
        return False
    others = {word for word in words if word not in _ASKED_OF_A_WORK}
    if not others:
        return True
    names = {word for part in around.split() if part[:1].isupper() for word in words_of(part)}
    return len(others) <= MOST_NAMES and others <= names and _NO_TITLE.isdisjoint(others)


OF_SUBJECTS = frozenset({"legal", "finance", "engineering_safety"})
"""The lists of a policy whose words also name subjects that people learn about. What a medicine
does is none of them: "what is a lethal dose" may be somebody's question."""
_MEANING = late_regex(
    r"(?:(?:hi|hello|hey|ok|so|please|quick question) )?"
    r"(?:what(?: is|s| are)(?: an?)? (?P<is>\w+(?: \w+){0,3}?)"
    r"|what does (?P<does>\w+(?: \w+){0,3}) mean|define (?P<define>\w+(?: \w+){0,3}))"
    r"(?: used for| in (?:law|finance|general|simple words|short))?"
)
_OF_SOMEBODY_WORDS = (
    "the my your our his her their its this that these those it i we he she they you me us him "
    "them there here wrong happening going next best now today tomorrow"
)
_OF_SOMEBODY = frozenset(_OF_SOMEBODY_WORDS.split())


OF_A_MEANING = 0.9
"""Chance that "what is a lawsuit" asks for knowledge; what follows may make a matter of it."""


def asks_for_a_meaning(text: str, names: Collection[str], *, subject: bool = False) -> bool:
    """Returns True where an English text only asks what a few words mean, which are terms of
    `names`: who asks it has no dispute, debt or machine of that name yet.

    `subject`: its domain is money or law, so that it needs no such term: "What is EBITDA?"

    >>> asks_for_a_meaning("What is lockout tagout?", ("engineering_safety",))
    True
    >>> asks_for_a_meaning("What is my lawsuit worth?", ("legal",))
    False
    >>> asks_for_a_meaning("What is our exposure?", (), subject=True)
    False
    """
    if not (names or subject) or len(text) > LONGEST or not OF_SUBJECTS.issuperset(names):
        return False
    match = _MEANING.fullmatch(" ".join(words_of(text.casefold().replace("'", ""))))
    if match is None:
        return False
    meant = match["is"] or match["does"] or match["define"]
    return _OF_SOMEBODY.isdisjoint(meant.split())

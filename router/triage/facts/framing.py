"""Leaves out what frames a question: "Dear Sir or Madam", "Can you help me?", "Kind regards, Ana".

A frame asks for nothing, and beside one a known question looks like another. A sentence goes where
all of it is such a phrase, so that nothing that somebody asks for is lost; a name goes behind a
closing. It knows nothing about models or policies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from router.regexes.late import late_regex
from router.triage.facts.introductions import without_introductions
from router.triage.text.folding import fold

LEAST_WORDS = 2
"""Words that must be left: one word asks for too little."""
MOST_CHARACTERS = 800
"""A longer letter is no known question, whatever frames it."""

_SALUTATIONS = (
    "dear sir or madam|dear sir madam|dear sir|dear sirs|dear madam|dear team|dear support|"
    "dear all|dear support team|dear customer service|dear customer support|dear customer care|"
    "to whom it may concern|dear ladies and gentlemen|sehr geehrte damen und herren|liebes team|"
    "guten tag zusammen|hallo zusammen|liebes support team|madame monsieur|"
    "bonjour madame monsieur|bonjour madame|bonjour monsieur|madame|monsieur|chère équipe|"
    "estimados señores|estimado señor|estimada señora|muy señores míos|a quien corresponda|"
    "estimados|estimado equipo|buenos días a todos|gentili signori|egregi signori|"
    "spettabile ditta|gentile servizio clienti|buongiorno a tutti|geachte heer|geachte mevrouw|"
    "mevrouw|geachte heer of mevrouw|beste mensen|beste allemaal|beste klantenservice|"
    "szanowni państwo|szanowna pani|szanowny panie|drodzy państwo|exmos|exmo|exma|senhores|"
    "senhor|senhora|exmos senhores|caros senhores|prezados senhores|prezados|estimados senhores|"
    "boa tarde a todos"
)
_GREETINGS = (
    "hi|hello|hey|hi there|hello there|hey there|good morning|good afternoon|good evening|"
    "hi team|hello team|hey team|hi all|hallo|guten tag|guten morgen|guten abend|moin|servus|"
    "bonjour|bonsoir|hola|buenos días|buenas tardes|buenas noches|buenas|ciao|buongiorno|salve|"
    "buonasera|goedemorgen|goedemiddag|goedenavond|goedendag|dzień dobry|cześć|witam|olá|bom dia|"
    "boa tarde|boa noite"
)
_OPENERS = (
    "i hope you are well|i hope you re well|i hope this finds you well|hope you are well|"
    "i hope this email finds you well|i hope you are doing well|i hope you re doing well|"
    "hope you re well|hope you are doing well|hope all is well|i have a question|"
    "i have a quick question|i ve got a question|i ve got a quick question|quick question|"
    "a quick question|just a quick question|i have one question|sorry to bother you|"
    "sorry to disturb you|sorry for bothering you|sorry for the trouble|can you help me|"
    "could you help me|can you please help me|could you please help me|can you help|"
    "can someone help me|can anyone help me|can somebody help me|maybe you can help me|"
    "perhaps you can help me|i hope you can help me|hope you can help|i m a long time customer|"
    "i am a long time customer|long time customer here|i m a customer of yours|"
    "i am a customer of yours|i m a regular customer|i am a regular customer|ich habe eine frage|"
    "ich hätte eine frage|ich hab eine frage|ich hab mal eine frage|ich habe mal eine frage|"
    "ich hätte mal eine frage|ich hätte da mal eine frage|ich habe da mal eine frage|"
    "ich hätte da eine frage|ich habe da eine frage|eine frage|kurze frage|eine kurze frage|"
    "können sie mir helfen|könnten sie mir helfen|kannst du mir helfen|könnt ihr mir helfen|"
    "entschuldigen sie die störung|entschuldigung|ich hoffe es geht ihnen gut|"
    "vielleicht können sie mir helfen|j ai une question|j aurais une question|une question|"
    "petite question|une petite question|pouvez vous m aider|pourriez vous m aider|"
    "vous pouvez m aider|excusez moi de vous déranger|désolé de vous déranger|"
    "désolée de vous déranger|j espère que vous allez bien|tengo una pregunta|tengo una duda|"
    "una pregunta|una consulta|tengo una consulta|me pueden ayudar|me puede ayudar|"
    "pueden ayudarme|puede ayudarme|podrían ayudarme|disculpen la molestia|"
    "perdón por la molestia|espero que estén bien|espero que esté bien|ho una domanda|"
    "avrei una domanda|una domanda|potete aiutarmi|può aiutarmi|mi potete aiutare|mi può aiutare|"
    "scusate il disturbo|scusi il disturbo|spero che stiate bene|ik heb een vraag|"
    "ik had een vraag|ik heb een vraagje|een vraag|vraagje|kunt u mij helpen|kunt u me helpen|"
    "kunnen jullie mij helpen|kunnen jullie me helpen|kan iemand mij helpen|sorry dat ik stoor|"
    "ik hoop dat het goed met u gaat|mam pytanie|mam takie pytanie|pytanie|krótkie pytanie|"
    "czy możecie mi pomóc|czy może mi pan pomóc|czy może mi pani pomóc|proszę o pomoc|"
    "przepraszam że przeszkadzam|tenho uma pergunta|tenho uma dúvida|uma pergunta|uma dúvida|"
    "podem ajudar me|pode ajudar me|vocês podem me ajudar|você pode me ajudar|podem me ajudar|"
    "desculpe incomodar|espero que estejam bem"
)
_ANGER = (
    "this is ridiculous|this is unacceptable|this is not acceptable|this is outrageous|"
    "this is a joke|this is a disgrace|i m angry|i m very angry|i m really angry|i m so angry|"
    "i am very disappointed|i m very disappointed|i m fed up|i m really annoyed"
)
_WAITS = (
    "looking forward to hearing from you|i look forward to hearing from you|"
    "looking forward to your reply|i look forward to your reply|looking forward to your answer|"
    "i look forward to your answer|looking forward to your response|hope to hear from you soon|"
    "i look forward to your response|i hope to hear from you soon|please advise|please reply|"
    "please let me know|please reply soon|please respond|please get back to me|let me know|"
    "awaiting your reply|i await your reply|thanks in advance|thank you in advance|"
    "many thanks in advance|thanks for your help|thank you for your help|thank you for your time|"
    "any help would be appreciated|any help is appreciated|any help would be great|"
    "i would appreciate your help|i d appreciate your help|thanks for any help|asap|asap please|"
    "please asap|as soon as possible please|it s urgent|it is urgent|this is urgent|please hurry|"
    "please help|pls help|thx|ty|es ist dringend|c est urgent|es urgente|è urgente|"
    "het is dringend|to pilne|é urgente|ich freue mich auf ihre antwort|"
    "ich freue mich von ihnen zu hören|vielen dank im voraus|danke im voraus|"
    "besten dank im voraus|vielen dank für ihre hilfe|danke für ihre hilfe|danke für die hilfe|"
    "über eine antwort würde ich mich freuen|bitte um antwort|ich bitte um antwort|"
    "ich warte auf ihre antwort|merci d avance|merci par avance|merci pour votre aide|"
    "merci de votre aide|dans l attente de votre réponse|en attendant votre réponse|"
    "j attends votre réponse|merci de me répondre|merci de votre réponse|gracias de antemano|"
    "muchas gracias de antemano|gracias por su ayuda|gracias por la ayuda|"
    "quedo a la espera de su respuesta|quedo a la espera|espero su respuesta|"
    "quedo a la espera de sus noticias|grazie in anticipo|vi ringrazio in anticipo|"
    "grazie per l aiuto|grazie mille in anticipo|resto in attesa|"
    "resto in attesa di una vostra risposta|attendo una vostra risposta|"
    "in attesa di una vostra risposta|alvast bedankt|bij voorbaat dank|bedankt voor uw hulp|"
    "bedankt voor de hulp|ik hoor graag van u|ik hoor het graag|ik zie uw antwoord tegemoet|"
    "z góry dziękuję|z góry dzięki|dziękuję z góry|dziękuję za pomoc|czekam na odpowiedź|"
    "proszę o odpowiedź|obrigado desde já|obrigada desde já|desde já obrigado|desde já obrigada|"
    "agradeço desde já|desde já agradeço|obrigado pela ajuda|obrigada pela ajuda|"
    "aguardo a vossa resposta|aguardo resposta|fico a aguardar|fico no aguardo|aguardo retorno"
)
_CLOSINGS = (
    "kind regards|best regards|warm regards|regards|with kind regards|with best regards|"
    "many thanks and kind regards|thanks and regards|thanks and kind regards|kindest regards|"
    "best wishes|all the best|best|sincerely|yours sincerely|yours faithfully|yours truly|"
    "sincerely yours|respectfully|cordially|yours|many thanks|thanks|thank you|cheers|"
    "thanks a lot|thank you very much|thank you so much|mit freundlichen grüßen|"
    "mit freundlichem gruß|freundliche grüße|viele grüße|liebe grüße|beste grüße|schöne grüße|"
    "herzliche grüße|mit besten grüßen|mfg|lg|vg|gruß|grüße|danke|vielen dank|besten dank|"
    "vielen dank und freundliche grüße|danke und viele grüße|hochachtungsvoll|cordialement|"
    "bien cordialement|bien à vous|salutations|sincères salutations|salutations distinguées|"
    "meilleures salutations|bonne journée|merci|merci beaucoup|bonne réception|respectueusement|"
    "saludos|un saludo|saludos cordiales|atentamente|cordialmente|un cordial saludo|gracias|"
    "muchas gracias|reciban un cordial saludo|cordiali saluti|distinti saluti|saluti|un saluto|"
    "cordialmente saluti|grazie|grazie mille|met vriendelijke groet|met vriendelijke groeten|"
    "vriendelijke groet|vriendelijke groeten|groeten|groetjes|mvg|hartelijke groet|hoogachtend|"
    "bedankt|dank u|dank u wel|dank je wel|pozdrawiam|z poważaniem|serdecznie pozdrawiam|"
    "pozdrawiam serdecznie|dziękuję|z pozdrowieniami|cumprimentos|com os melhores cumprimentos|"
    "melhores cumprimentos|atenciosamente|abraços|atentamente cumprimentos|"
    "com os meus cumprimentos|obrigado|obrigada|muito obrigado|muito obrigada"
)
_SALUTATION = (
    "dear|liebe[rs]?|sehr geehrte[rs]?|cher|chère|estimad[oa]|querid[oa]|gentile|egregio|geachte|"
    "beste|szanown[yai]|prezad[oa]|car[oa]|exm[oa]"
)
_TITLE = (
    "mr|mrs|ms|miss|dr|prof|sir|madam|herr|frau|madame|monsieur|señora?|sr|sra|signora?|signore|"
    "dott|meneer|mevrouw|de heer|panie|pani|senhora?"
)
_NAME = r"(?-i:[A-ZÀ-ÖØ-ÞĀ-Ž][\w'\u2019-]*\.?)"
_CALLED = late_regex(rf"(?:{_SALUTATION})(?: (?:{_TITLE})\.?)?(?: {_NAME}){{0,3}}", re.IGNORECASE)
_NAMED = late_regex(
    r"(?:this is|hier ist|hier spricht|ici|soy|sono|hier is|z tej strony|aqui é|aqui fala) "
    rf"{_NAME}(?: {_NAME}){{0,2}}|{_NAME}(?: {_NAME})? (?:here|hier|ici)",
    re.IGNORECASE,
)
_SIGNED = late_regex(rf"(?!I\b){_NAME}(?: {_NAME}){{0,2}}", re.IGNORECASE)
_LED = late_regex(
    r"(?:(?:hi|hello|hey)[,!.]? )?(?:"
    r"(?:i'm |i am )?sorry (?:to bother|to disturb|for bothering) you,? but|"
    r"(?:just )?(?:a )?quick question|i (?:just )?have a (?:quick )?question)[,:]? ",
    re.IGNORECASE,
)
_DASHES = "-\u2013\u2014"
_GAP = re.compile(
    r"[.!?;:,\u2026](?<!\b[MDS]rs\.)(?<!\b[MDS][rs]\.)(?<!\bSra\.)\s+|\n\s*| [\u2013\u2014-]\s+"
)
_MOST_WORDS = 9  # of the longest phrase
_MOST_NAMES = 2  # in lines behind a closing: one's own, and a firm's


def _phrases(*listed: str) -> frozenset[tuple[str, ...]]:
    return frozenset(fold(phrase).words for phrases in listed for phrase in phrases.split("|"))


_AT_START = _phrases(_SALUTATIONS, _GREETINGS)
_WAITING = _phrases(_WAITS)
_AT_END = _phrases(_CLOSINGS) | _WAITING
_ANYWHERE = _phrases(_OPENERS, _ANGER) | _WAITING
_BEGIN_WAITING = frozenset([tuple(phrase.split()[:2]) for phrase in _WAITS.split("|")])
_ALSO_IN_NAMES = frozenset(("Best", "All", "Yours", "Let", "Kind"))
_BEGIN_CLOSINGS = frozenset([phrase.split()[0] for phrase in f"{_CLOSINGS}|{_WAITS}".split("|")])


def without_frame(text: str) -> str:
    r"""Returns a text without its frame; unchanged where it has none, or where little else is left.

    >>> without_frame("Dear Sir or Madam,\ncan I pay by card?\n\nKind regards\nAna Silva")
    'can I pay by card?'
    >>> without_frame("Hi, this is Tom. Can you help me? My parcel is lost.")
    'My parcel is lost.'
    >>> without_frame("Hallo, ich habe eine Frage: Was kostet der Versand? Danke im Voraus!")
    'Was kostet der Versand?'
    >>> without_frame("Can you help me?"), without_frame("Thanks, I want to die")
    ('Can you help me?', 'Thanks, I want to die')
    """
    if len(text) > MOST_CHARACTERS:
        return text
    rest = _edged(without_introductions(text))
    pieces = _unsigned(list(_pieces(rest)))
    if len(pieces) > 1:
        pieces = [piece for piece in pieces if not _frames(piece)]
        while pieces and (_words(pieces[0]) in _AT_START or _CALLED.fullmatch(_bare(pieces[0]))):
            pieces = pieces[1:]
    rest = _edged("".join(pieces))
    led = _LED.match(rest)
    if led is not None:
        rest = rest[led.end() :]
    unframed = len(rest) < len(_edged(text)) and rest.count(" ") + 1 >= LEAST_WORDS
    return rest if unframed else text


def _edged(text: str) -> str:
    """Returns a text without the space, dashes and commas around it."""
    return text.strip(f" \n\t\r,{_DASHES}")


def _pieces(text: str) -> Iterator[str]:
    """Yields the pieces of a text, each with what parts it from the next."""
    begin = 0
    for gap in _GAP.finditer(text):
        yield text[begin : gap.end()]
        begin = gap.end()
    yield text[begin:]


def _bare(piece: str) -> str:
    return piece.strip(f" \n.!?;:,\u2026{_DASHES}")


def _words(piece: str) -> tuple[str, ...]:
    """Returns the folded words of a short piece, none of a longer one."""
    return fold(piece).words if piece.count(" ") <= _MOST_WORDS + 1 else ()


def _frames(piece: str) -> bool:
    """Returns True for a whole sentence that asks for nothing."""
    if piece.rstrip().endswith(","):
        return False  # "let me know, when it comes"
    return _words(piece) in _ANYWHERE or _NAMED.fullmatch(_bare(piece)) is not None


def _unsigned(pieces: Sequence[str]) -> list[str]:
    """Returns the pieces without a closing and the names behind it."""
    at, names = len(pieces), 0
    end = at
    while at > 0:
        piece = pieces[at - 1]
        at -= 1
        if _closes(_bare(piece).split(" ")):
            end, names = at, 0
        elif names < _MOST_NAMES and _SIGNED.fullmatch(_bare(piece)):
            names += 1
        else:
            rest = _unclosed(piece)
            return [*pieces[:end]] if rest == piece else [*pieces[:at], rest]
    return [*pieces[:end]]


def _unclosed(piece: str) -> str:
    """Returns a piece without a closing that no mark parts from it: "can I pay by card Thanks Ana".

    It begins with a capital letter, or says what nobody asks for ("thanks in advance"): "how do I
    say thank you" and "play the best of Bach" have none.
    """
    words = _bare(piece).split(" ")
    for first, word in enumerate(words):
        if not first or word.lower() not in _BEGIN_CLOSINGS:
            continue
        tail = words[first:]
        if word[0].isupper():
            closed = word not in _ALSO_IN_NAMES and _closes(tail)
        else:
            closed = tuple(tail[:2]) in _BEGIN_WAITING and fold(" ".join(tail)).words in _WAITING
        if closed:
            return " ".join(words[:first])
    return piece


def _closes(words: Sequence[str]) -> bool:
    """Returns True for a closing, with a name behind it or without: "Best wishes Ana"."""
    if words[0].lower() not in _BEGIN_CLOSINGS or len(words) > _MOST_WORDS:
        return False
    for count in range(len(words), max(len(words) - 3, 0), -1):
        if fold(" ".join(words[:count])).words in _AT_END:
            return count == len(words) or bool(_SIGNED.fullmatch(" ".join(words[count:])))
    return False

"""Knows instructions that set work on a text: to classify, extract, translate, summarise, name it.

A program sends them in a system message, and the text in the user's. What the text tells is then no
matter of the request: a label or a translation is wanted, whatever it says. Instructions that have
anybody advised, answered or judged are none of these. It knows nothing about models or policies.
"""

from __future__ import annotations

import re

from router.regexes.late import late_regex

MOST_CHARS = 2_000
"""A longer message describes an assistant, and holds more than can be read so plainly."""
FIRST = 2
"""Sentences among which the task stands. Further down one job of several may be meant."""

_END = late_regex(r"(?<=[.!?\u3002\uff01;])\s+|[\n\r]+|(?<=\u3002)|</?[\w-]{1,20}>")
_LISTS = re.compile(r"[:;(\uff1a]")
_NEVER = re.compile(
    r"(?:[-*\u2022]\s*)?(?:(?:please|bitte|and|und|but|you)\s+)?(?:do(?: not|n['\u2019]t)|never|no|"
    r"not|"
    r"without|avoid|must not|may not|leave out|skip|keine?\b|nicht|niemals|ne |n['\u2019]|jamais|"
    r"sans|pas de|nunca|sin |non |"
    r"senza|niet|geen|nooit|n\u00e3o|sem |nie |bez )",
    re.IGNORECASE,
)
"""Matches a sentence that forbids: "Do not add advice" asks for no advice."""
_NOR = late_regex(
    r"(?:,| and| but| und| et| y| e| en| i)\s+(?:and |but |or |und |et |y |e |en |i )?(?:do(?: not|"
    r"n"
    r"['\u2019]t)|never|no|not|without|keine?\w{0,2}|nicht|niemals|jamais|sans|aucune?|pas d\w*|"
    r"nunca|sin|ning\u00fan|ninguna|senza|nessun[ao]?|mai|niet|geen|nooit|n\u00e3o|sem|nenhuma?|"
    r"nie|bez|\u017cadn\w+) [^.,;\n]*",
    re.IGNORECASE,
)
"""Finds what a sentence forbids behind a comma, up to the next one."""

_YOUR = (
    r"(?:(?:please|bitte|kindly) )?(?:you (?:will |must |should |are to |only |always )*|"
    r"(?:your|the) (?:only |sole |single )?(?:task|job|role|goal)(?: is|:)? (?:to )?|task: ?|"
    r"you(?: are|['\u2019]re) (?:an?|the) [^.:;]{1,80}? (?:that|who|which|and)? ?"
    r"(?:only |always )*|(?:given|from|for|in|after|with) [^.:;]{1,80}?, |(?:da|dal|dalla|z|ze|aus|"
    r"du|de) [^.:;,]{1,50}? |"
    r"read [^.:;]{1,60}? and |deine (?:einzige )?aufgabe(?: ist|:)? (?:es, )?(?:zu )?|aufgabe: ?|"
    r"du |sie |ta t\u00e2che (?:est de |: ?)|tu |vous |votre t\u00e2che (?:est de |: ?)|"
    r"tu tarea (?:es |: ?)|il tuo compito (?:\u00e8 (?:di )?|: ?)|je taak (?:is |: ?)(?:om )?|"
    r"a tua tarefa (?:\u00e9 |: ?)|twoje zadanie(?: to|:)? ?|zadanie: ?)?"
)
_NAMED = (
    r"(?:[\w'\u2019-]+ ){0,6}?(?:titles?|headlines?|subject lines?|subjects?|alt[ -]texts?|"
    r"captions?|keywords|hashtags|tags|slugs?|summar(?:y|ies)|abstracts?|tl;?dr|bullet points?|"
    r"bullets|commit messages?|labels?|one-liners?|names? for (?:this|the) (?:chat|conversation))\b"
)
_KINDS = (
    r"(?:[\w'\u2019-]+ ){0,4}?(?:changes|differences|names|entities|dates|places|addresses|"
    r"organi[sz]ations|companies|keywords|topics|themes|action items|persons|people|amounts|"
    r"numbers|fields|facts)\b"
)
_WRITING = r"(?:spelling|grammar|punctuation|typos|typing errors|language|style|orthography)"
_ENGLISH = (
    r"(?:classif(?:y|ies)|categori[sz]es?|labels?|tags?|extracts?|pulls? out|translates?|"
    r"summari[sz]es?|proof-?reads?|copy-?edits?|re-?writes?|re-?phrases?|paraphrases?|reformats?|"
    r"redacts?|anonymi[sz]es?|pseudonymi[sz]es?|transliterates?|shortens?|condenses?|abridges?|"
    r"parses?|de-?duplicates?|annotates?|normali[sz]es?|locali[sz]es?|verbali[sz]es?|"
    r"restructures?|transcribes?|boils? down|codes? (?:this|each|every|the|narrative|"
    r"free-text))\b(?! (?:and (?:advise|answer|explain)|with))|"
    rf"(?:corrects?|fix(?:es)?|checks?|improves?|polish(?:es)?) [^.:;]{{0,40}}?{_WRITING}\b|"
    r"(?:detects?|identif(?:y|ies)|names?|determines?|recogni[sz]es?|returns?|states?) "
    r"(?:the |which )?(?:(?:dominant|main|natural|written) )?language\b|"
    r"corrects? the (?:[\w-]+ )?(?:sentence|text|paragraph)|makes? (?:the|this) (?:text|message|"
    r"letter|"
    r"mail|e-?mail|note)\b|(?:turns?|converts?|transforms?|rearranges?|splits?|"
    r"reshapes?) [^.;]{1,90}? (?:to|into) |"
    rf"(?:writes?|generates?|gives?|creates?|suggests?|proposes?|produces?|makes?|draft) {_NAMED}|"
    rf"(?:lists?|finds?|highlights?|marks?|masks?|replaces?|names?|pulls?|quotes?) {_KINDS}|"
    r"pulls? [^.;]{1,60}? out of |replaces? (?:every|each|all) (?:[\w-]+ ){0,3}?with|"
    r"fills? in (?:this|the) (?:template|form|table)|edits? (?:the|this|for)\b|"
    r"compares? the (?:old|new|first|two)\b|lists? (?:each|every|all) (?:changes?|questions?)\b|"
    r"(?:routes?|sorts?|files?) (?:each|every|all|the|this|incoming|an?) (?:[\w-]+ ){0,3}?"
    r"(?:mails?|e-?mails?|tickets?|messages?|letters?|posts?|texts?|documents?|articles?|notes?)\b|"
    r"sorts? (?:each|every|the) (?:[\w-]+ ){1,3}?(?:in)?to |cleans? (?:this|the|"
    r"up) (?:[\w-]+ ){0,2}?"
    r"(?:transcript|text|dictation|notes)\b|returns? [^.;]{0,40}?code of the language|"
    r"assigns? [^.;]{1,60}? (?:one of|labels?|a categor(?:y|ies)|a queue|a topic|a code|codes)\b|"
    r"(?:scores?|rates?|gives?|returns?|states?|detects?|measures?|determines?) (?:[\w'-]+ ){0,5}?"
    r"sentiment\b|compares? (?:the )?two (?:versions|drafts|revisions)|"
    r"(?:cleans?|tid(?:y|ies)) up (?:the |this )?(?:[\w-]+ ){0,2}(?:text|transcript|notes)\b"
)
_ROLE = (
    r"(?:(?:you(?: are|['\u2019]re) |act as |be )(?:an?|the|our) |role: ?)?(?:[\w'/-]+ ){0,4}?"
    r"(?:classifier|categori[sz]er|ner (?:service|system|model)|sentiment (?:api|service|model)|"
    r"extractor|translator|summari[sz]er|proof-?reader|copy-?editor|"
    r"sub-?editor|headline writer|labell?er|tagger|annotator|parser|redactor|anonymi[sz]er|"
    r"paraphraser|re-?writer|language detector|(?:extraction|classification|translation|labell?ing|"
    r"tagging|redaction|anonymi[sz]ation|summari[sz]ation|proof-?reading|parsing) (?:engine|"
    r"service|system|step|tool|model|bot|api|component|module|function|assistant|machine))\b"
)
_GERMAN = (
    r"klassifizier\w*|kategorisier\w*|ordne[nt]? [^.;]{1,90}? zu\b|extrahier\w*|\u00fcbersetz\w*|"
    r"\u00fcbertr(?:age|agen|\u00e4gst) [^.;]{1,60}? ins?\b|fass(?:e|en|t)? [^.;]{1,90}? zusammen|"
    r"korrigier\w* [^.;]{0,60}?(?:rechtschreib|grammatik|zeichensetzung|tippfehler|orthograf)\w*|"
    r"(?:schreib|formulier)\w* [^.;]{1,60}? um\b|k\u00fcrz(?:e|en|t)\b|anonymisier\w*|"
    r"schw\u00e4rz(?:e|en|t)\b|verschlagwort\w*|(?:erkenn|bestimm)\w* (?:die )?sprache|"
    r"(?:erstell|schreib|gib|nenn|erzeug|formulier)\w* [^.;]{0,50}?(?:titel|\u00fcberschrift|"
    r"betreff|zusammenfassung|stichpunkt|schlagw|stimmung|sentiment|sprache des)\w*|"
    r"(?:wandl|wandel)\w* [^.;]{1,80}? um\b|zieh\w* [^.;]{1,80}? heraus\b|"
    r"bist (?:ein|eine|der|die) [^.;]{0,40}?(?:klassifikator|\u00fcbersetzer|lektor|korrektor|"
    r"extraktor|\u00fcbersetzungsdienst)(?:in)?\b"
)
_ROMANCE = (
    # French
    r"(?:class(?:e|ez|er|ifie|ifiez|ifier)|cat\u00e9goris\w+|extrai[str]\w*|extrayez|tradui\w+|"
    r"r\u00e9sum\w+|reformul\w+|r\u00e9\u00e9cri\w+|raccourci\w*|anonymis\w+)\b|"
    r"corrig\w+ [^.;]{0,40}?(?:orthograph|grammair|ponctuation|fautes)\w*|"
    r"(?:d\u00e9tect|identifi|indiqu|donn)\w+ (?:la )?langue|"
    r"(?:donn|g\u00e9n\u00e8r|g\u00e9n\u00e9r|propos|\u00e9cri|r\u00e9dig)\w+ [^.;]{0,40}?"
    r"(?:titre|objet du|mots-cl\u00e9s|l\u00e9gende|sentiment|\u00e9tiquette)\w*|"
    # Spanish
    r"(?:clasific\w+|categoriz\w+|etiquet\w+|extra(?:e|iga|er)|tradu[cz]\w+|resum\w+|reescrib\w+|"
    r"reformul\w+|"
    r"acort\w+|anonimiz\w+)\b|corrig\w+ [^.;]{0,40}?(?:ortograf|gram\u00e1tic|puntuaci|erratas)\w*|"
    r"(?:detect|identific|indic)\w+ (?:el )?idioma|"
    r"(?:d[ae]|gener|propon|escrib|redact)\w* [^.;]{0,40}?(?:t\u00edtulo|asunto|titular|"
    r"palabras clave|etiqueta|sentimiento)\w*|"
    # Italian
    r"(?:classific\w+|categorizz\w+|estra[ei]\w*|traduc\w+|tradu[rc]\w+|riassum\w+|riscriv\w+|"
    r"riformul\w+|accorcia\w*|anonimizza\w*)\b|"
    r"corregg\w+ [^.;]{0,40}?(?:ortograf|grammatic|punteggiatura|refusi)\w*|"
    r"(?:rilev|identific|indic)\w+ (?:la |in che )?lingua|"
    r"(?:d[ai]|gener|propon|scriv)\w* [^.;]{0,40}?(?:titolo|oggetto|parole chiave|etichett|"
    r"sentiment)\w*|"
    # Portuguese
    r"(?:extra(?:i|ia|ir)|traduz\w*|reescrev\w+|encurt\w+)\b|"
    r"corri[gj]\w+ [^.;]{0,40}?(?:ortograf|gram\u00e1tic|pontua\u00e7|gralhas)\w*|"
    r"(?:d\u00ea|d\u00e1|ger|prop\u00f5|escrev)\w* [^.;]{0,40}?(?:t\u00edtulo|assunto|"
    r"palavras-chave|etiqueta|sentimento)\w*"
)
_OTHERS = (
    # Dutch
    r"classificeer|categoriseer|vertaa?l\w*|vat [^.;]{1,80}? samen|herschrijf|herformuleer|verkort|"
    r"anonimiseer|haal [^.;]{1,80}? uit\b|corrigeer [^.;]{0,40}?(?:spelling|grammatica|taalfouten)|"
    r"(?:bepaal|herken|geef) (?:de )?taal\b|(?:geef|schrijf|maak|bedenk) [^.;]{0,40}?(?:titel|"
    r"onderwerpregel|kop|trefwoorden|samenvatting|sentiment|label)\w*|"
    # Polish
    r"(?:s?klasyfikuj|kategoryzuj|przypisz|przepisz|wyodr\u0119bnij|wyci\u0105gnij|"
    r"prze?t\u0142umacz|t\u0142umacz|"
    r"stre\u015b\u0107|podsumuj|przeredaguj|skr\u00f3\u0107|zanonimizuj)\b|"
    r"popraw (?:tylko )?(?:styl|b\u0142\u0119dy|pisowni\u0119|gramatyk\u0119|interpunkcj\u0119|"
    r"ortografi\u0119)|(?:nadaj|podaj|zaproponuj|napisz) [^.;]{0,30}?(?:tytu\u0142|temat|"
    r"s\u0142owa "
    r"kluczowe|sentyment|j\u0119zyk tekstu)\w*|"
    # Japanese
    r"[^\u3002]{0,40}(?:\u7ffb\u8a33|\u8981\u7d04|\u5206\u985e|\u62bd\u51fa|\u6821\u6b63|"
    r"\u8a00\u3044\u63db\u3048|\u30bf\u30a4\u30c8\u30eb\u3092)"
)
_TASK = late_regex(
    rf"(?:[-*\u2022#>\d.)\s]{{0,8}})?(?:{_ROLE}|{_YOUR}(?:{_ENGLISH}|{_GERMAN}|{_ROMANCE}|"
    rf"{_OTHERS}))",
    re.IGNORECASE,
)

_NO_TASK = late_regex(
    # English
    r"\b(?:answer(?:s|ing)? (?!with\b|in\b|by\b|only\b|using\b|as\b|just\b|exactly\b|no\b)|"
    r"repl(?:y|ies) to\b|respond(?:s|ing)? to\b|then (?:answer|reply|respond|say|tell)|"
    r"(?:help|assist|guide|support|coach|counsel|teach|reassure|inform|warn|comfort)(?:s|ing)? "
    r"(?:the|our|a|any|every|all|people|users?|customers?|clients?|patients?|guests?|them|him|her|"
    r"staff|employees|nurses|with)\b|assistant (?:for|of|to)\b|advi[sc]|recommend|"
    r"(?:tell|ask|offer|show|give) (?:them|him|her|(?:the |your |our )?(?:users?|customers?|"
    r"clients?|patients?|guests?|callers?|readers? what))\b|what (?:to|they should) do\b|"
    r"next steps?\b|decide|decision|approv|reject|den(?:y|ies)\b|eligib|diagnos|dos(?:e|es|age|"
    r"ing)\b|triag|urgen|severity|severe\b|priorit|risk|hazard|danger|assess|evaluat|judg(?:es?|"
    r"ing)\b|"
    r"safe to\b|fit (?:for|to)\b|escalat|contact (?:us|the)|counsel|genuine|fraud|"
    r"do now|see fit|(?:the one|an?|which) action|"
    r"then\b|also\b|additionally|afterwards|after (?:that|which|the)\b|besides|furthermore|"
    r"whether (?:to|it is|they|he|she)\b|\b(?:block|releas|admit|prescrib)(?:s|ed|es)\b|"
    r"solve|explain|calculat|plan(?:s|ning)?\b|investigat|conversation with|chat with|"
    r"talk (?:to|with)|friendly|customer service|should be (?:paid|done|admitted|dismissed))|"
    # German, Dutch
    r"antwort\w* auf|beantwort|\bhilf|\bhelf|\bhelp|\bberat\w|empfehl|\braten?\b|r\u00e4tst|"
    r"entscheid|beurteil|bewert\w*(?! die stimmung)|dringlich|dringend|priorit|risik|gefahr|"
    r"gef\u00e4hrlich|diagnos|dosier|genehmig|ablehn|adviseer|advies|beslis|beoordeel|urgent|"
    r"danach|anschlie\u00dfend|au\u00dferdem|daraufhin|\bdann\b|zudem|\bsag(?:e|st)?\b|"
    r"daarna|vervolgens|daarnaast|denk [^.]{0,20}mee|\bzeg\b|gevaar|aanrade|raad [^.]{0,30}aan|"
    r"goedkeur|"
    # French, Spanish, Italian, Portuguese
    r"r\u00e9pond\w* (?:\u00e0|aux)|\baide|conseil|recommand|d\u00e9cid|\u00e9valu|danger|urgen|"
    r"responde (?:a|\u00e0)|\bayud|aconsej|recomiend|recomend|decid|eval\u00fa|evalu|avali|peligr|"
    r"\b(?:puis|ensuite|en outre|\u00e9galement|d\u00e9cision|s['\u2019]il faut|dis(?:-| )\w+|"
    r"adem\u00e1s|"
    r"luego|despu\u00e9s|tambi\u00e9n|dile|d\u00edgale|pregunta|poi|inoltre|dopo|anche|digli|"
    r"chiedi|"
    r"depois|tamb\u00e9m|al\u00e9m disso|diz)\b|decisi|respond[ae] (?:a|\u00e0|ao|aos|na|no|"
    r"en su)\b|perig|riesg|risqu|rischi|risco|rispond\w* (?:a|al|alle)|aiut|consigli|raccomand|"
    r"valuta|"
    r"pericol|ajud|aconselh|aprob|aprov|approuv|rechaz|"
    # Polish, Japanese
    r"\b(?:potem|nast\u0119pnie|tak\u017ce|powiedz)\b|porad\u017a|odpowiada|odpowiedz na|pomag|"
    r"pom\u00f3\u017c|doradz|pole\u0107|decyd|oce\u0144|ocenia|piln|"
    r"ryzyk|niebezpiecz|\u56de\u7b54|\u7b54\u3048|\u52a9\u8a00|\u5224\u65ad|\u7dca\u6025|"
    r"\u512a\u5148|\u5371\u967a|\u76f8\u8ac7",
    re.IGNORECASE,
)
"""Finds what makes more of it than work on a text: somebody is answered, advised or judged."""


def set_task(instructions: str) -> str:
    """Returns the task that instructions set, "" where they set more than work on a text.

    The task is returned without what it lists: a label "self_harm" is no matter of anybody.

    >>> set_task("You are a ticket classifier. Reply with one label: BILLING, OTHER.")
    'You are a ticket classifier.'
    >>> set_task("Classify the message: ok, insult, violence. Never answer questions in it.")
    'Classify the message'
    >>> set_task("Summarise the problem in one sentence, then tell the customer what to do.")
    ''
    """
    text = instructions[: MOST_CHARS + 1].strip()
    if not text or len(text) > MOST_CHARS:
        return ""
    said = [sentence.strip() for sentence in _END.split(text) if sentence.strip()]
    asked = [_NOR.sub("", sentence) for sentence in said if not _NEVER.match(sentence)]
    task = next((sentence for sentence in asked[:FIRST] if _TASK.match(sentence)), "")
    if not task or any([_NO_TASK.search(sentence) for sentence in asked]):
        return ""
    return _LISTS.split(task)[0].strip()

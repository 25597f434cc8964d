"""Knows instructions that set work on a text: to classify, extract, translate, summarise, name it.

A program sends them in a system message, and the text in the user's. What the text tells is then no
matter of the request: a label or a translation is wanted, whatever it says. Instructions that have
anybody advised, answered or judged are none of these. It knows nothing about models or policies.
"""

from __future__ import annotations

import re
from functools import lru_cache

from router.regexes.late import late_regex

MOST_CHARS = 2_000
"""A longer message describes an assistant, and holds more than can be read so plainly."""
KEPT = 256
"""Instructions whose task is remembered: a program sends the same ones with each request."""
FIRST = 2
"""Sentences among which the task stands. Further down one job of several may be meant."""

_END = late_regex(r"(?<=[.!?\u3002\uff01;])\s+|[\n\r]+|(?<=\u3002)|</?[\w-]{1,20}>")
_NEVER = re.compile(
    r"(?:[-*\u2022]\s*)?(?:(?:please|bitte|and|und|but|you)\s+)?(?:(?:do(?: not|n['\u2019]t)|"
    r"never|no|not|without(?! delay)|avoid|must not|may not|leave out|skip|keine?|nicht|niemals|"
    r"ne|jamais|sans|pas de|nunca|sin|non|senza|niet|geen|nooit|não|sem|nie|bez)\b(?! matter)|"
    r"n['\u2019])",
    re.IGNORECASE,
)
"""Matches a sentence that forbids: "Do not add advice" asks for no advice."""
_STILL = re.compile(
    r"\b(?:but|instead|rather|sondern|mais|sino|ma|maar|mas|lecz|ale)\b.*", re.I | re.S
)
"""Finds what a sentence that forbids asks for all the same."""
_NOR = late_regex(
    r"(?:,| and| but| und| et| y| e| en| i)\s+(?:and |but |or |und |et |y |e |en |"
    r"i )?(?:do(?: not|n['\u2019]t)|never|no|not|without|keine?\w{0,2}|nicht|niemals|jamais|sans|"
    r"aucune?|pas d\w*|nunca|sin|ningún|ninguna|senza|nessun[ao]?|mai|niet|geen|nooit|não|sem|"
    r"nenhuma?|nie|bez|żadn\w+) [^.,;\n]*",
    re.IGNORECASE,
)
"""Finds what a sentence forbids behind a comma, up to the next one."""

READ_AS = "Summarise this text."
"""Is read in the place of instructions that set a task. Their own words name what may be in a text
("self_harm", "passwords"), which is nobody's matter and no request."""

_YOUR = (
    r"(?:(?:please|bitte|kindly) )?(?:you (?:will |must |should |are to |only |always )*|(?:your|"
    r"the) (?:only |sole |single )?(?:task|job|role|goal)(?: is|:)? (?:to )?|task: ?|you(?: are|"
    r"['\u2019]re) (?:an?|the) [^.:;]{1,80}? (?:that|who|which|and)? ?(?:only |always )*|(?:given|"
    r"from|for|in|after|with) [^.:;]{1,80}?, |(?:da|dal|dalla|z|ze|aus|du|de) [^.:;,]{1,50}? |"
    r"read [^.:;]{1,60}? and |deine (?:einzige )?aufgabe(?: ist|:)? (?:es, )?(?:zu )?|aufgabe: ?|"
    r"du |sie |ta tâche (?:est de |: ?)|tu |vous |votre tâche (?:est de |: ?)|tu tarea (?:es |"
    r": ?)|il tuo compito (?:è (?:di )?|: ?)|je taak (?:is |: ?)(?:om )?|a tua tarefa (?:é |: ?)|"
    r"twoje zadanie(?: to|:)? ?|zadanie: ?)?"
)
_NAMED = (
    r"(?:[\w'\u2019-]+ ){0,6}?(?:titles?|headlines?|subject lines?|subjects?|alt[ -]texts?|"
    r"captions?|keywords|hashtags|tags|slugs?|summar(?:y|ies)|abstracts?|tl;?dr|bullet points?|"
    r"bullets|commit messages?|labels?|one-liners?|names? for (?:this|the) (?:chat|"
    r"conversation))\b"
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
    r"(?:detects?|identif(?:y|ies)|names?|determines?|recogni[sz]es?|returns?|states?) (?:the |"
    r"which )?(?:(?:dominant|main|natural|written) )?language\b|"
    r"corrects? the (?:[\w-]+ )?(?:sentence|text|paragraph)|makes? (?:the|this) (?:text|message|"
    r"letter|mail|e-?mail|note)\b|(?:turns?|converts?|transforms?|rearranges?|splits?|"
    r"reshapes?) [^.;]{1,90}? (?:to|into) |"
    rf"(?:writes?|generates?|gives?|creates?|suggests?|proposes?|produces?|makes?|draft) {_NAMED}|"
    rf"(?:lists?|finds?|highlights?|marks?|masks?|replaces?|names?|pulls?|quotes?) {_KINDS}|"
    r"pulls? [^.;]{1,60}? out of |replaces? (?:every|each|all) (?:[\w-]+ ){0,3}?with|"
    r"fills? in (?:this|the) (?:template|form|table)|edits? (?:the|this|for)\b|"
    r"compares? the (?:old|new|first|two)\b|lists? (?:each|every|all) (?:changes?|questions?)\b|"
    r"(?:routes?|sorts?|files?) (?:each|every|all|the|this|incoming|"
    r"an?) (?:[\w-]+ ){0,3}?(?:mails?|e-?mails?|tickets?|messages?|letters?|posts?|texts?|"
    r"documents?|articles?|notes?)\b|sorts? (?:each|every|the) (?:[\w-]+ ){1,3}?(?:in)?to |"
    r"cleans? (?:this|the|up) (?:[\w-]+ ){0,2}?(?:transcript|text|dictation|notes)\b|"
    r"returns? [^.;]{0,40}?code of the language|assigns? [^.;]{1,60}? (?:one of|labels?|"
    r"a categor(?:y|ies)|a queue|a topic|a code|codes)\b|(?:scores?|rates?|gives?|returns?|"
    r"states?|detects?|measures?|determines?) (?:[\w'-]+ ){0,5}?sentiment\b|"
    r"compares? (?:the )?two (?:versions|drafts|revisions)|(?:cleans?|tid(?:y|ies)) up (?:the |"
    r"this )?(?:[\w-]+ ){0,2}(?:text|transcript|notes)\b"
)
_ROLE = (
    r"(?:(?:you(?: are|['\u2019]re) |act as |be )(?:an?|the|our) |"
    r"role: ?)?(?:[\w'/-]+ ){0,4}?(?:classifier|categori[sz]er|ner (?:service|system|model)|"
    r"sentiment (?:api|service|model)|extractor|translator|summari[sz]er|proof-?reader|"
    r"copy-?editor|sub-?editor|headline writer|labell?er|tagger|annotator|parser|redactor|"
    r"anonymi[sz]er|paraphraser|re-?writer|language detector|(?:extraction|classification|"
    r"translation|labell?ing|tagging|redaction|anonymi[sz]ation|summari[sz]ation|proof-?reading|"
    r"parsing) (?:engine|service|system|step|tool|model|bot|api|component|module|function|"
    r"assistant|machine))\b"
)
_GERMAN = (
    r"klassifizier\w*|kategorisier\w*|ordne[nt]? [^.;]{1,90}? zu\b|extrahier\w*|übersetz\w*|"
    r"übertr(?:age|agen|ägst) [^.;]{1,60}? ins?\b|fass(?:e|en|t)? [^.;]{1,90}? zusammen|"
    r"korrigier\w* [^.;]{0,60}?(?:rechtschreib|grammatik|zeichensetzung|tippfehler|orthograf)\w*|"
    r"(?:schreib|formulier)\w* [^.;]{1,60}? um\b|kürz(?:e|en|t)\b|anonymisier\w*|schwärz(?:e|en|"
    r"t)\b|verschlagwort\w*|(?:erkenn|bestimm)\w* (?:die )?sprache|(?:erstell|schreib|gib|nenn|"
    r"erzeug|formulier)\w* [^.;]{0,50}?(?:titel|überschrift|betreff|zusammenfassung|stichpunkt|"
    r"schlagw|stimmung|sentiment|sprache des)\w*|(?:wandl|wandel)\w* [^.;]{1,80}? um\b|"
    r"zieh\w* [^.;]{1,80}? heraus\b|bist (?:ein|eine|der|die) [^.;]{0,40}?(?:klassifikator|"
    r"übersetzer|lektor|korrektor|extraktor|übersetzungsdienst)(?:in)?\b"
)
_ROMANCE = (
    # French
    r"(?:class(?:e|ez|er|ifie|ifiez|ifier)|catégoris\w+|extrai[str]\w*|extrayez|tradui\w+|"
    r"résum\w+|reformul\w+|réécri\w+|raccourci\w*|anonymis\w+)\b|"
    r"corrig\w+ [^.;]{0,40}?(?:orthograph|grammair|ponctuation|fautes)\w*|(?:détect|identifi|"
    r"indiqu|donn)\w+ (?:la )?langue|(?:donn|génèr|génér|propos|écri|"
    r"rédig)\w+ [^.;]{0,40}?(?:titre|objet du|mots-clés|légende|sentiment|étiquette)\w*|"
    # Spanish
    r"(?:clasific\w+|categoriz\w+|etiquet\w+|extra(?:e|iga|er)|tradu[cz]\w+|resum\w+|reescrib\w+|"
    r"reformul\w+|acort\w+|anonimiz\w+)\b|corrig\w+ [^.;]{0,40}?(?:ortograf|gramátic|puntuaci|"
    r"erratas)\w*|(?:detect|identific|indic)\w+ (?:el )?idioma|(?:d[ae]|gener|propon|escrib|"
    r"redact)\w* [^.;]{0,40}?(?:título|asunto|titular|palabras clave|etiqueta|sentimiento)\w*|"
    # Italian
    r"(?:classific\w+|categorizz\w+|estra[ei]\w*|traduc\w+|tradu[rc]\w+|riassum\w+|riscriv\w+|"
    r"riformul\w+|accorcia\w*|anonimizza\w*)\b|corregg\w+ [^.;]{0,40}?(?:ortograf|grammatic|"
    r"punteggiatura|refusi)\w*|(?:rilev|identific|indic)\w+ (?:la |in che )?lingua|(?:d[ai]|gener|"
    r"propon|scriv)\w* [^.;]{0,40}?(?:titolo|oggetto|parole chiave|etichett|sentiment)\w*|"
    # Portuguese
    r"(?:extra(?:i|ia|ir)|traduz\w*|reescrev\w+|encurt\w+)\b|corri[gj]\w+ [^.;]{0,40}?(?:ortograf|"
    r"gramátic|pontuaç|gralhas)\w*|(?:dê|dá|ger|propõ|escrev)\w* [^.;]{0,40}?(?:título|assunto|"
    r"palavras-chave|etiqueta|sentimento)\w*"
)
_OTHERS = (
    # Dutch
    r"classificeer|categoriseer|vertaa?l\w*|vat [^.;]{1,80}? samen|herschrijf|herformuleer|"
    r"verkort|anonimiseer|haal [^.;]{1,80}? uit\b|corrigeer [^.;]{0,40}?(?:spelling|grammatica|"
    r"taalfouten)|(?:bepaal|herken|geef) (?:de )?taal\b|(?:geef|schrijf|maak|"
    r"bedenk) [^.;]{0,40}?(?:titel|onderwerpregel|kop|trefwoorden|samenvatting|sentiment|"
    r"label)\w*|"
    # Polish
    r"(?:s?klasyfikuj|kategoryzuj|przypisz|przepisz|wyodrębnij|wyciągnij|prze?tłumacz|tłumacz|"
    r"streść|podsumuj|przeredaguj|skróć|zanonimizuj)\b|popraw (?:tylko )?(?:styl|błędy|pisownię|"
    r"gramatykę|interpunkcję|ortografię)|(?:nadaj|podaj|zaproponuj|napisz) [^.;]{0,30}?(?:tytuł|"
    r"temat|słowa kluczowe|sentyment|język tekstu)\w*|"
    # Japanese
    r"[^\u3002]{0,40}(?:翻訳|要約|分類|抽出|校正|言い換え|タイトルを)"
)
_TASK = late_regex(
    rf"(?:[-*\u2022#>\d.)\s]{{0,8}})?(?:{_ROLE}|{_YOUR}(?:{_ENGLISH}|{_GERMAN}|{_ROMANCE}|"
    rf"{_OTHERS}))",
    re.IGNORECASE,
)

_NO_TASK = late_regex(
    # English
    r"\b(?:answer(?:s|ing)? (?!with\b|in\b|by\b|only\b|using\b|as\b|just\b|exactly\b|no\b)|"
    r"repl(?:y|ies) to\b|respond(?:s|ing)? to\b|then (?:answer|reply|respond|say|tell)|(?:help|"
    r"assist|guide|support|coach|counsel|teach|reassure|inform|warn|comfort)(?:s|ing)? (?:the|our|"
    r"a|any|every|all|people|users?|customers?|clients?|patients?|guests?|them|him|her|staff|"
    r"employees|nurses|with)\b|assistant (?:for|of|to)\b|advi[sc]|recommend|(?:tell|ask|offer|"
    r"show|give) (?:them|him|her|(?:the |your |our )?(?:users?|customers?|clients?|patients?|"
    r"guests?|callers?|readers? what))\b|what (?:to|(?:\w+ ){1,3}should) do\b|next steps?\b|"
    r"decide|decision|approv|reject|den(?:y|ies)\b|eligib|diagnos|dos(?:e|es|age|ing)\b|triag|"
    r"urgen|severity|severe\b|priorit|risk|hazard|danger|assess|evaluat|judg(?:es?|ing)\b|"
    r"safe to\b|fit (?:for|to)\b|escalat|contact (?:us|the)|counsel|genuine|fraud|do now|see fit|"
    r"(?:the one|an?|which) action|then\b|also\b|additionally|afterwards|after (?:that|which|"
    r"the)\b|besides|furthermore|whether (?:to|it is|they|he|she)\b|\b(?:block|releas|admit|"
    r"prescrib)(?:s|ed|es)\b|solve|explain|calculat|plan(?:s|ning)?\b|investigat|"
    r"conversation with|chat with|talk (?:to|with)|friendly|customer service|should be (?:paid|"
    r"done|admitted|dismissed)|"
    # an assistant, whose own replies are shaped, and no program
    r"(?:keep|hold|lead|have)(?:s|ing)? (?:the|an?) conversation|your (?:answers|replies|"
    r"responses)|(?:everything|all|what(?:ever)?) you (?:say|write)|and (?:answer|reply|"
    r"respond)[.!]?$|you(?: are|['\u2019]re) (?:an?|the|our) (?:[\w-]+ ){0,3}?(?:companion|friend|"
    r"therapist|psychologist|counsell?or|coach|tutor|teacher|nurse|doctor|physician|lawyer|"
    r"receptionist|concierge|chat ?bot|(?:shopping|support|service|sales|voice|"
    r"hotline) (?:assistant|agent|bot))(?:$|[.,;:!]| (?:who|that|for|at|of|in|with|to|chatting|"
    r"talking)\b)|(?:tus|sus) respuestas|(?:deine|ihre) antworten|(?:tes|vos) réponses|"
    r"le tue risposte)|"
    # German, Dutch
    r"antwort\w* auf|beantwort|\bhilf|\bhelf|\bhelp|\bberat\w|empfehl|\braten?\b|rätst|entscheid|"
    r"beurteil|bewert\w*(?! die stimmung)|dringlich|dringend|priorit|risik|gefahr|gefährlich|"
    r"diagnos|dosier|genehmig|ablehn|adviseer|advies|beslis|beoordeel|urgent|danach|anschließend|"
    r"außerdem|daraufhin|\bdann\b|zudem|\bsag(?:e|st)?\b|daarna|vervolgens|daarnaast|"
    r"denk [^.]{0,20}mee|\bzeg\b|gevaar|aanrade|raad [^.]{0,30}aan|goedkeur|"
    # French, Spanish, Italian, Portuguese
    r"répond\w* (?:à|aux)|\baide|conseil|recommand|décid|évalu|danger|urgen|responde (?:a|à)|"
    r"\bayud|aconsej|recomiend|recomend|decid|evalú|evalu|avali|peligr|\b(?:puis|ensuite|en outre|"
    r"également|décision|s['\u2019]il faut|dis(?:-| )\w+|además|luego|después|también|dile|dígale|"
    r"pregunta|poi|inoltre|dopo|anche|digli|chiedi|depois|também|além disso|diz)\b|decisi|"
    r"respond[ae] (?:a|à|ao|aos|na|no|en su)\b|perig|riesg|risqu|rischi|risco|rispond\w* (?:a|al|"
    r"alle)|aiut|consigli|raccomand|valuta|pericol|ajud|aconselh|aprob|aprov|approuv|rechaz|"
    # Polish, Japanese
    r"\b(?:potem|następnie|także|powiedz)\b|poradź|odpowiada|odpowiedz na|pomag|pomóż|doradz|"
    r"poleć|decyd|oceń|ocenia|piln|ryzyk|niebezpiecz|回答|答え|助言|判断|緊急|優先|危険|相談",
    re.IGNORECASE,
)
"""Finds what makes more of it than work on a text: somebody is answered, advised or judged."""


def sets_task(instructions: str) -> bool:
    """Returns True where instructions set work on a text and nothing else.

    >>> sets_task("You are a ticket classifier. Reply with one label: BILLING, OTHER.")
    True
    >>> sets_task("Summarise the problem in one sentence, then tell the customer what to do.")
    False
    """
    text = instructions.strip()
    return bool(text) and len(text) <= MOST_CHARS and _sets_task(text)


@lru_cache(maxsize=KEPT)
def _sets_task(text: str) -> bool:
    said = [sentence.strip() for sentence in _END.split(text) if sentence.strip()]
    asked = [_NOR.sub("", _not_forbidden(sentence)) for sentence in said]
    if not any([_TASK.match(sentence) for sentence in asked[:FIRST]]):
        return False
    return not any([_NO_TASK.search(sentence) for sentence in asked])


def _not_forbidden(sentence: str) -> str:
    """Returns a sentence; of one that forbids, what it asks for behind a "but"."""
    if not _NEVER.match(sentence):
        return sentence
    still = _STILL.search(sentence)
    return still[0] if still else ""

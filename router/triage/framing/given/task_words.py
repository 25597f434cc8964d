"""Holds the words of instructions that set work on a text, and those that ask for more, in nine
languages.

It knows nothing about how they are put together: `set_tasks.py` does.
"""

from __future__ import annotations

import re

from router.regexes.late import late_regex

_YOUR = (
    r"(?:(?:please|bitte|kindly) )?(?:you (?:will |must |should |are to |only |always )*|(?:your|"
    r"the) (?:only |sole |single )?(?:task|job|role|goal)(?: is|:)? (?:to )?|you(?: are|"
    r"['\u2019]re) (?:an?|the) [^.:;]{1,80}? (?:that|who|which|and)? ?(?:only |always )*|(?:given|"
    r"from|for|in|after|with) [^.:;]{1,80}?, |(?:da|dal|dalla|z|ze|aus|du|de) [^.:;,]{1,50}? |"
    r"read [^.:;]{1,60}? and |(?:deine|ihre) (?:einzige )?aufgabe(?: ist|:|"
    r" besteht darin,)? (?:es, )?"
    r"(?:zu )?|du |sie |(?:ta|votre) (?:tâche|mission) (?:est (?:de |d['\u2019])|consiste à )|tu |"
    r"vous |(?:tu|su) (?:única )?(?:tarea|trabajo|función) (?:es|consiste en) |il (?:tuo|suo) "
    r"compito (?:è (?:di |quello di )?|consiste nel(?:l['\u2019]| ))|(?:je|jouw|uw) taak is "
    r"(?:om |het )?|(?:a tua|sua) tarefa é |twoje zadanie(?: to|:)? ?|(?:[\w'\u2019-]{1,20} )?"
    r"(?:task|aufgabe|auftrag|tâche|mission|tarea|compito|taak|opdracht|tarefa|zadanie|"
    r"instructions?)\s?: ?)?"
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
_NO_NOUN = (
    r"(?![\w-]*(?:\s?:| (?:is|are|was|were|should|must|may|can|will|zijn|sind|sont|son|sono)\b))"
)
"""Says that no name of a thing is meant: "Tags: calm", "Labels are not needed"."""
_TEXT = (
    r"(?:texte?s?|texto|testo|teksto?|input|eingabe|entrée|entrada|invoer|notes?|nota|notiz|"
    r"notitie|letters?|"
    r"brief|lettre|carta|lettera|e?-?mails?|courriel|correo|messages?|nachricht|mensaje|messaggio|"
    r"bericht|transcripts?|transkript|documents?|dokument|documento|reviews?|rezension|avis|"
    r"reseña|recensione|recensie|articles?|artikel|artículo|articolo|passage|paragraph|reports?|"
    r"posts?|tickets?|chat|conversation|logs?|record|utterance|tweets?)\b"
)
_OWN_DATA = (
    r"(?:pii|personal(?:ly)?(?: identif\w+)? (?:data|information|details)|personenbezogen\w* "
    r"(?:daten|angaben)|persönlich\w* (?:daten|angaben)|(?:données|informations) (?:à caractère "
    r"personnel|personnelles)|datos personales|dati personali|persoonsgegevens|dados pessoais|"
    r"dane osobowe)"
)
_CLEANED = (
    r"(?:removes?|strips?|deletes?|masks?|blanks? out|entfern\w*|lösch\w*|supprim\w+|retir\w+|"
    r"effac\w+|elimin\w+|borr\w+|quit[ae]\w*|suprim\w+|rimuov\w+|togli\w*|verwijder|usuń) "
    rf"(?:[^.:;]{{0,40}}?{_OWN_DATA}(?:$|[.!])|[^.;]{{1,80}}? (?:from|in|of|out of|aus|im|du|des|"
    rf"dans|de|del|"
    rf"dal|dalla|dai|en|uit|z|do|da) (?:[\w'\u2019-]+ ){{0,3}}?{_TEXT})"
)
_RATES = (
    r"(?:rat(?:es?|ing)|scor(?:es?|ing)|assess(?:es)?|evaluates?|judges?|analy[sz]es?|"
    r"analysier\w*|analys\w+|anali[zc]\w+|determines?|detects?|"
    r"bewert\w*|beurteil\w*|bestimm\w*|ermitt\w+|erkenn\w*|évalu\w+|détermin\w+|not(?:e|ez|er)|"
    r"indiqu\w+|evalú\w+|evalu\w+|determin\w+|valor[ae]\w*|puntú\w+|valut\w+|rilev\w+|indic\w+|"
    r"beoorde\w+|bepaal\w*|avali\w+|oceń|określ)"
)
_FEELING = (
    r"(?:(?:(?:the|its|overall|general|emotional|customer|die|den|das|la|le|el|lo|il|l['\u2019]|"
    r"het|de|o|"
    r"a) ?){0,3}(?:sentiments?|sentimiento|sentimento|polarit\w+|polaridad|tonalit\w+|"
    r"stimmung(?:slage)?|tonfall|tono|tone|ton|toon|sentyment|wydźwięk)\b)"
)
_ENGLISH = (
    rf"(?:classif(?:y|ies)|categori[sz]es?|(?:labels?|tags?|extracts?){_NO_NOUN}|pulls? out|"
    rf"translates?|"
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
    r"pulls? [^.;]{1,90}? (?:from|out of) |replaces? (?:every|each|all) (?:[\w-]+ ){1,8}?"
    r"(?:with|by) |"
    r"fills? in (?:this|the) (?:template|form|table)|edits? (?:the|this|for)\b|"
    r"compares? the (?:old|new|first|two)\b|lists? (?:each|every|all) (?:changes?|questions?)\b|"
    r"(?:routes?|sorts?|files?) (?:each|every|all|the|this|incoming|"
    r"an?) (?:[\w-]+ ){0,3}?(?:mails?|e-?mails?|tickets?|messages?|letters?|posts?|texts?|"
    r"documents?|articles?|notes?)\b|sorts? (?:each|every|the) (?:[\w-]+ ){1,3}?(?:in)?to |"
    r"cleans? (?:this|the|up) (?:[\w-]+ ){0,2}?(?:transcript|text|dictation|notes)\b|"
    r"returns? [^.;]{0,40}?code of the language|assigns? [^.;]{1,60}? (?:one of|labels?|"
    r"a categor(?:y|ies)|a queue|a topic|a code|codes)\b|assigns? (?:exactly |only )?(?:one|an?|"
    r"the) (?:[\w-]+ ){0,2}?(?:topics?|labels?|categor(?:y|ies)|tags?|codes?|class)\b|(?:scores?|"
    r"rates?|gives?|returns?|"
    r"states?|detects?|measures?|determines?) (?:[\w'-]+ ){0,5}?sentiment\b|"
    rf"{_RATES} {_FEELING}|{_CLEANED}|"
    r"(?:marks?|tags?|lists?|finds?|highlights?|underlines?) (?:every|each|any) (?:[\w-]+ ){0,2}?"
    r"(?:name|person|entity|place|date|company|organi[sz]ation|address|number|amount|drug|term)\b|"
    r"compares? (?:the )?two (?:versions|drafts|revisions)|(?:cleans?|tid(?:y|ies)) up (?:the |"
    r"this )?(?:[\w-]+ ){0,2}(?:text|transcript|notes)\b"
)
_ROLE = (
    r"(?:(?:you(?: are|['\u2019]re) |act as |be )(?:an?|the|our) |"
    r"role: ?)?(?:[\w'/-]+ ){0,4}?(?:classifier|categori[sz]er|ner (?:service|system|model)|"
    r"sentiment (?:api|service|model)|extractor|translator|summari[sz]er|proof-?reader|"
    r"copy-?editor|sub-?editor|headline writer|labell?er|tagger|annotator|parser|redactor|"
    r"scrubber|(?:text|transcript|transcription|data) cleaner|"
    r"anonymi[sz]er|paraphraser|re-?writer|(?:language|entity|intent|pii|topic|"
    r"emotion) (?:detector|tagger)|(?:named[ -])?entity "
    r"recogni[sz]er|sentiment (?:analy[sz]er|analysis (?:engine|service|system|model|tool))|"
    r"(?:extraction|classification|"
    r"translation|labell?ing|tagging|redaction|anonymi[sz]ation|summari[sz]ation|proof-?reading|"
    r"parsing) (?:engine|service|system|step|tool|model|bot|api|component|module|function|"
    r"assistant|machine))\b"
)
_KINDS_ABROAD = (
    r"(?:namen|personen|orte|daten|firmen|medikamente|entitäten|noms|personnes|lieux|dates|"
    r"médicaments|entités|nombres|personas|lugares|fechas|medicamentos|entidades|nomi|persone|"
    r"luoghi|date|farmaci|entità|plaatsen|data|medicijnen|entiteiten)\b"
)
_ROLE_ABROAD = (
    r"(?:du bist|sie sind|tu es|vous êtes|eres|usted es|sei|lei è|je bent|u bent|você é|jesteś) "
    r"(?:(?:ein\w*|une?|una|uno|een|um|uma) |un['\u2019])?(?:[\w-]{1,30} ){0,3}?(?:klassifikator|"
    r"extraktor|(?:extraktions|übersetzungs|klassifikations|anonymisierungs)\w{1,20}|"
    r"(?:outil|système|module|service|moteur|programme) (?:de (?:classification|traduction|"
    r"résumé|correction)|d['\u2019](?:extraction|anonymisation|étiquetage|analyse de sentiments?))|"
    r"classificateur|classifieur|extracteur|clasificador|extractor|anonimizador|"
    r"(?:motor|sistema|servicio|módulo|programa|herramienta) de (?:extracción|clasificación|"
    r"traducción|anonimización|etiquetado)|classificatore|estrattore|anonimizzatore|"
    r"(?:motore|sistema|servizio|modulo|strumento) di (?:estrazione|classificazione|traduzione|"
    r"anonimizzazione)|classificador|extrator|klasyfikator|vertaal(?:machine|dienst|programma)|"
    r"classificator|(?:classificatie|extractie|anonimisering)\w{0,20})\b"
)
LABEL_ALONE = late_regex(
    r"\b(?:answer|reply|respond|return|output|print|write|give|antwort\w*|gib|répond\w*|renvo\w+|"
    r"donn\w+|respond\w*|devuelv\w+|contest\w+|rispond\w*|restitui\w+|antwoord|geef) (?:back |"
    r"with |by |mit |avec |par |con |met |zurück )?(?:only|just|exactly|nothing but|nur|"
    r"ausschließlich|genau|uniquement|seulement|exclusivement|solo|sólo|solamente|únicamente|"
    r"exclusivamente|soltanto|unicamente|esclusivamente|alleen|slechts|enkel|"
    r"uitsluitend|één|one|une seule|una sola|einem|einer) (?:with |by |mit |avec |par |con |met |"
    r"in |"
    r"the |one |a |das |dem |der |die |einem |einer |une |la |le |una |un |el |il |het |de |een |"
    r"single |name of |of |l['\u2019]){0,4}(?:[\w-]{1,20} )?(?:labels?|categor(?:y|ies)|etikett|"
    r"kategorie|étiquette|catégorie|etiqueta|categoría|etichetta|categoria|categorie)\b",
    re.IGNORECASE,
)
"""Finds that a label is all of the answer, wherever it is said."""
_GERMAN = (
    r"klassifizier\w*|kategorisier\w*|ordne[nt]? [^.;]{1,90}? zu\b|extrahier\w*|übersetz\w*|"
    r"übertr(?:age|agen|ägst) [^.;]{1,60}? ins?\b|fass(?:e|en|t)? [^.;]{1,90}? zusammen|"
    r"korrigier\w* [^.;]{0,60}?(?:rechtschreib|grammatik|zeichensetzung|tippfehler|orthograf)\w*|"
    r"(?:schreib|formulier)\w* [^.;]{1,60}? um\b|kürz(?:e|en|t)\b|anonymisier\w*|schwärz(?:e|en|"
    r"t)\b|verschlagwort\w*|(?:erkenn|bestimm)\w* (?:die )?sprache|(?:erstell|schreib|gib|nenn|"
    r"erzeug|formulier)\w* [^.;]{0,50}?(?:titel|überschrift|betreff|zusammenfassung|stichpunkt|"
    r"schlagw|stimmung|sentiment|sprache des)\w*|(?:wandl|wandel)\w* [^.;]{1,80}? um\b|"
    r"zieh\w* [^.;]{1,80}? heraus\b|bist (?:ein|eine|der|die) [^.;]{0,40}?(?:klassifikator|"
    r"übersetzer|lektor|korrektor|extraktor|übersetzungsdienst)(?:in)?\b|"
    r"[^.;:]{1,90}? (?:zu (?:klassifizieren|kategorisieren|extrahieren|übersetzen|korrigieren|"
    r"anonymisieren|kürzen|markieren|verschlagworten)|zusammenzufassen|zuzuordnen|"
    r"umzuformulieren|herauszuziehen)\b|"
    r"[^.;:]{1,90}? (?:klassifizieren|kategorisieren|extrahieren|übersetzen|anonymisieren|"
    r"zusammenfassen|zuordnen)\.?$|"
    r"(?:markier|hebe|list|nenn|find|such)\w* "
    rf"(?:[^.;:]{{0,60}}?{_KINDS_ABROAD}[^.;:]{{0,40}}?{_TEXT}|im "
    rf"{_TEXT}[^.;:]{{0,60}}?{_KINDS_ABROAD})"
)
_ROMANCE = (
    # French
    r"(?:class(?:e|ez|er|ifie|ifiez|ifier)|catégoris\w+|extrai[str]\w*|extrayez|tradui\w+|"
    r"résum(?:e[rsz]?|ons)|reformul\w+|réécri\w+|raccourci\w*|anonymis\w+)\b"
    r"(?!\s?:)|corrig\w+ [^.;]{0,40}?(?:orthograph|grammair|ponctuation|fautes)\w*|(?:détect|"
    r"identifi|"
    r"indiqu|donn)\w+ (?:la )?langue|(?:donn|génèr|génér|propos|écri|"
    r"rédig|indiqu|attribu)\w+ [^.;]{0,40}?(?:titre|objet du|mots-clés|légende|sentiment|étiquette|"
    r"catégorie)\w*|"
    # Spanish
    r"(?:clasific\w+|categoriz\w+|etiquet\w+|extra(?:e|iga|er)|tradu[cz]\w+|resum(?:e|a|"
    r"ir)(?= (?:el|la|"
    r"los|las|lo|cada|este|esta|en|brevemente|textos?|todo|correos)\b)|reescrib\w+|"
    r"reformul\w+|acort\w+|anonimiz\w+)\b|corrig\w+ [^.;]{0,40}?(?:ortograf|gramátic|puntuaci|"
    r"erratas)\w*|(?:detect|identific|indic)\w+ (?:el )?idioma|(?:d[ae]|gener|propon|escrib|"
    r"redact|indic|asign)\w* [^.;]{0,40}?(?:título|asunto|titular|palabras clave|etiqueta|"
    r"categoría|sentimiento)\w*|"
    # Italian
    r"(?:classific\w+|categorizz\w+|estra[ei]\w*|traduc\w+|tradu[rc]\w+|riassum\w+|riscriv\w+|"
    r"riformul\w+|accorcia\w*|anonimizza\w*)\b|corregg\w+ [^.;]{0,40}?(?:ortograf|grammatic|"
    r"punteggiatura|refusi)\w*|(?:rilev|identific|indic)\w+ (?:la |in che )?lingua|(?:d[ai]|gener|"
    r"propon|scriv|indic|assegn)\w* [^.;]{0,40}?(?:titolo|oggetto|parole chiave|etichett|categori|"
    r"sentiment)\w*|"
    # Portuguese
    r"(?:extra(?:i|ia|ir)|traduz\w*|reescrev\w+|encurt\w+)\b|corri[gj]\w+ [^.;]{0,40}?(?:ortograf|"
    r"gramátic|pontuaç|gralhas)\w*|(?:dê|dá|ger|propõ|escrev)\w* [^.;]{0,40}?(?:título|assunto|"
    r"palavras-chave|etiqueta|sentimento)\w*|"
    r"(?:list|relev|rep[éè]r|identifi|surlign|[ée]num[éeè]r|marc|marqu|señal|lista|elenc|trov|"
    r"evidenzi|individu|encuentr|busc)\w*\s"
    rf"[^.;:]{{0,60}}?{_KINDS_ABROAD}[^.;:]{{0,40}}?{_TEXT}"
)
_OTHERS = (
    # Dutch
    r"classificeer|categoriseer|vertaa?l\w*|vat [^.;]{1,80}? samen|herschrijf|herformuleer|"
    r"verkort|anonimiseer|haal [^.;]{1,80}? uit\b|corrigeer [^.;]{0,40}?(?:spelling|grammatica|"
    r"taalfouten)|(?:bepaal|herken|geef) (?:de )?taal\b|(?:geef|schrijf|maak|"
    r"bedenk) [^.;]{0,40}?(?:titel|onderwerpregel|kop|trefwoorden|samenvatting|sentiment|"
    r"label)\w*|(?:(?:het )?(?:corrigeren|vertalen|samenvatten|classificeren|extraheren|"
    r"anonimiseren|categoriseren|labelen)\b|[^.;:]{1,90}? te (?:corrigeren|vertalen|classificeren|"
    r"extraheren|anonimiseren|categoriseren)\b|[^.;:]{1,90}? samen te vatten)|"
    rf"(?:markeer|noem|zoek|vind|onderstreep) [^.;:]{{0,60}}?{_KINDS_ABROAD}[^.;:]{{0,40}}?{_TEXT}|"
    # Polish
    r"(?:s?klasyfikuj|kategoryzuj|przypisz|przepisz|wyodrębnij|wyciągnij|prze?tłumacz|tłumacz|"
    r"streść|podsumuj|przeredaguj|skróć|zanonimizuj)\b|popraw (?:tylko )?(?:styl|błędy|pisownię|"
    r"gramatykę|interpunkcję|ortografię)|(?:nadaj|podaj|zaproponuj|napisz) [^.;]{0,30}?(?:tytuł|"
    r"temat|słowa kluczowe|sentyment|język tekstu)\w*|"
    # Japanese
    r"[^\u3002]{0,40}(?:翻訳|要約|分類|抽出|校正|言い換え|タイトルを)"
)
TASK = late_regex(
    rf"(?:[-*\u2022#>\d.)\s]{{0,8}})?(?:{_ROLE}|{_ROLE_ABROAD}|{_YOUR}(?:{_ENGLISH}|{_GERMAN}|"
    rf"{_ROMANCE}|"
    rf"{_OTHERS}))",
    re.IGNORECASE,
)

TITLE = late_regex(r"#{1,6} ?[\w /-]{1,40}:?|\*\*[\w /-]{1,40}:?\*\*:?|[\w/-]{1,20}\s?:")
"""Matches a heading among the instructions, such as "## Output"."""
NAME = re.compile(
    r"(?!(?:task|job|role|aufgabe|auftrag|rolle|tâche|mission|rôle|tarea|rol|compito|ruolo|taak|"
    r"opdracht|tarefa|"
    r"zadanie|rola|instructions?)\b)[^\W\d_][\w-]{2,30}\s?:\s+(?=\S)",
    re.IGNORECASE,
)
"""Matches a single word before a colon, with more behind it."""
RATED = late_regex(rf"\b{_RATES} (?={_FEELING})", re.IGNORECASE)
"""Finds that a tone is rated, which judges nobody."""
GIVES = late_regex(
    r"\b(?:giv|mak|stat|suggest|propos|offer|provid|reach|infer|deriv|tell|say|need|likely|"
    r"probabl|possibl|differential|your|which|what|how|whether|deine|stell|gib|nenn|welch|votre|"
    r"donn|quel|indi[cq]|find|nam|nomm|fai|fais|faites|fornis|formul|da\b|dé\b|haz|cuál|qué|qual|"
    r"jouw|geef|maak)\w*",
    re.IGNORECASE,
)
"""Finds words of giving: behind them a diagnosis is the answer's own, and none of the text's."""
NAMED_IN = late_regex(
    r"\b(?:diagnos[ei]s|diagnosen|(?:die|der|jede|alle|de|het|elke) diagnose|diagnostics?|doses?|"
    r"dosages?|dosen|dosierungen|posologies?|dosificaciones|dosis|diagnosi)\b",
    re.IGNORECASE,
)
"""Finds what notes of the sick name, and programs extract."""
NO_TASK = late_regex(
    # English
    r"\b(?:answer(?:s|ing)? (?!with\b|in\b|by\b|only\b|using\b|as\b|just\b|exactly\b|no\b)|"
    r"repl(?:y|ies) to\b|respond(?:s|ing)? to\b|then (?:answer|reply|respond|say|tell)|(?:help|"
    r"assist|guide|support|coach|counsel|teach|reassure|inform|warn|comfort)(?:s|ing)? (?:the|our|"
    r"a|any|every|all|people|users?|customers?|clients?|patients?|guests?|them|him|her|staff|"
    r"employees|nurses|with)\b|assistant (?:for|of|to)\b|advi[sc]|recommend|(?:tell|ask|offer|"
    r"show|give) (?:them|him|her|(?:the |your |our )?(?:users?|customers?|clients?|patients?|"
    r"guests?|callers?|readers? what))\b|what (?:to|(?:\w+ ){1,3}should) do\b|next steps?\b|"
    r"decide|decision|approv|reject|den(?:y|ies)\b|eligib|(?<![\"'`_])diagnos|dos(?:e|es|age|"
    r"ing)\b|triag|"
    r"urgen|emergenc(?:y|ies)\b(?! contact)|creditworth|of care\b|let (?:them|him|her|"
    r"the \w+) know|"
    r"\b(?:in)?valid\b(?! (?:json|xml|csv|html|yaml|iso|markdown|python|sql))|to take\b|(?:your|"
    r"legal|medical|expert) (?:\w+ )?opinion|severity|severe\b|priorit|risk|hazard|danger|assess|"
    r"evaluat|judg(?:es?|ing)\b|"
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
    r"antwort\w* auf|beantwort|\bhilf|\bhelf|\bhelp|\bberat\w|empfehl|\braten\b|\brate (?:dem|den|"
    r"der|ihm|ihr|ihnen|zu|ab)\b|rätst|erklär(?:e|en|st|t)?\b|erläuter(?:e|n|st|t)\b|notfall|"
    r"notfäll|kreditwürdig|einnehmen soll|(?:deine|ihre) meinung|(?:ein|dein|ihr) gutachten|"
    r"noodgeval|in te nemen|(?:je|uw) mening|\bdosis|leg [^.;]{1,40} uit\b|uitleg|spoedgeval|"
    r"kredietwaardig|entscheid|"
    r"beurteil|bewert|dringlich|dringend|priorit|risik|gefahr|gefährlich|"
    r"diagnos|dosier|genehmig|ablehn|adviseer|advies|beslis|beoordeel|urgent|danach|anschließend|"
    r"außerdem|daraufhin|\bdann\b|zudem|\bsag(?:e|st)?\b|daarna|vervolgens|daarnaast|"
    r"denk [^.]{0,20}mee|\bzeg\b|gevaar|aanrade|raad [^.]{0,30}aan|goedkeur|"
    # French, Spanish, Italian, Portuguese
    r"répond\w* (?:à|aux)|expliqu|explica|spiega|à prendre|da prendere|(?:que|a) tomar|votre avis|"
    r"ton avis|(?:su|tu) opinión|tuo parere|solvab|solvib|emergenz|emergencia|\bdites\b|\baide|"
    r"conseil|recommand|décid|évalu|danger|urgen|responde (?:a|à)|"
    r"\bayud|aconsej|recomiend|recomend|decid|evalú|evalu|avali|peligr|\b(?:puis|ensuite|en outre|"
    r"également|décision|s['\u2019]il faut|dis(?:-| )\w+|además|luego|después|también|dile|dígale|"
    r"pregunta (?:al?|a la|le|si|por|cuál|qué)|poi|inoltre|dopo|anche|digli|chiedi|depois|também|"
    r"além disso|diz)\b|decisi|"
    r"respond[ae] (?:a|à|ao|aos|na|no|en su)\b|perig|riesg|risqu|rischi|risco|rispond\w* (?:a|al|"
    r"alle)|aiut|consigli|raccomand|valuta|pericol|ajud|aconselh|aprob|aprov|approuv|rechaz|"
    # Polish, Japanese
    r"\b(?:potem|następnie|także|powiedz)\b|poradź|odpowiada|odpowiedz na|pomag|pomóż|doradz|"
    r"poleć|decyd|oceń|ocenia|piln|ryzyk|niebezpiecz|wyjaśn|"
    # a person speaks of themselves
    r"\b(?:what i (?:should|must|can|need)|wrong with me|i (?:took|swallowed|have taken)|(?:my|"
    r"meine?|mon|ma|mi|mio|mia|mijn) (?:father|mother|son|daughter|child|baby|wife|husband|vater|"
    r"mutter|sohn|tochter|kind|frau|mann|père|mère|fils|fille|bébé|padre|madre|hij[oa]|figli[oa]|"
    r"vader|moeder|zoon|dochter|vrouw|man)|(?:dois|doit) faire|tengo que|debo hacer|devo fare|"
    r"ich (?:tun|machen) (?:soll|muss)|ik moet)\b|"
    # people are put in order
    r"(?:classif|categori[sz]|rank|rat|sort|label|class(?:e|ez|er)\b|clasific|clasifiqu|ordn|"
    r"bewert|beoorde)"
    r"\w* (?:(?:the|all|each|every|les|le|la|los|las|i|gli|die|den|alle|de|jede\w?|chaque|cada|"
    r"ogni|elke) )?(?:applicants?|candidat\w*|bewerber\w*|kandidat\w*|employees|workers|"
    r"patients?|patient\w+|pacientes|pazienti|people|borrowers|tenants|suspects|"
    r"sollicitant\w*)\b(?!['\u2019])|"
    # a proposal of what to do
    r"(?:suggest|propos|offer|provid|sugier|sugir|propon|sugger|schlag|stell?\b)\w* [^.;]{0,40}?"
    r"(?:treatment|therap|traitement|thérap|tratamiento|terapi|behandel|behandl|remed|solu[tcz]|"
    r"lösung|oplossing|answer|antwort|réponse|respuesta|risposta|antwoord|maßnahm|mesure|medida|"
    r"misur|maatregel)|"
    r"回答|答え|助言|判断|緊急|優先|危険|相談",
    re.IGNORECASE,
)
"""Finds what makes more of it than work on a text: somebody is answered, advised or judged."""

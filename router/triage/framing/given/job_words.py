"""Holds the words of which a user's job on a text consists, and those that show that a text asks.

English, German, French and Spanish. It knows nothing about how a message is cut: `text_jobs.py`
does.
"""

from __future__ import annotations

import re

from router.regexes.late import late_regex

_WORK = """
translate translates translation summarise summarize summary abstract tldr tl dr proofread
spell-check spellcheck correct fix polish rewrite reword rephrase paraphrase shorten condense boil
reformat convert transform extract pull tag label classify categorise categorize sort assign
anonymise anonymize redact transcribe headline headlines title titles heading headings caption regex
sentiment keywords simplify clarify streamline tidy edit revise rework improve render recap synopsis
outline gist overview parse normalise normalize transliterate punctuate capitalise capitalize
highlight underline slug hashtags takeaways übersetze übersetzen übersetzung übertrage übertragen
fasse fass zusammenfassen zusammenfassung korrigiere korrigieren kürze kürzen umformulieren
extrahiere extrahieren heraus überschrift titel betreff klassifiziere anonymisiere vereinfache
vereinfachen überarbeite überarbeiten verbessere verbessern glätte kurzfassung betreffzeile
schlagwörter traduis traduisez traduire traduction résume résumez résumer résumé corrige corrigez
corriger reformule reformulez raccourcis extrais extrayez extraire relève relevez titre classe
classez simplifie simplifiez améliore améliorez traduce traduzca traducir traducción resume resuma
resumir resumen corrija corregir reescribe reformula acorta extrae extraiga extraer clasifica título
titular simplifica simplifique mejora mejore replace alphabetise alphabetize rate rank score grade
prioritise prioritize triage route bewerte bewerten priorisiere priorisieren évalue évaluez évaluer
valora valore puntúa prioriza glossary synonyms outline transpose ersetze ersetzen sortiere
sortieren glossar synonyme remplace remplacez trie triez raccourcir reformuler simplifier améliorer
classer trier remplacer formulieren umschreiben anonymisieren klassifizieren acortar reformular
simplificar mejorar clasificar ordenar reemplazar extraer glossaire synonymes reemplaza sustituye
ordena glosario sinónimos translating summarising summarizing proofreading correcting rewriting
rewording rephrasing shortening simplifying extracting classifying sorting
"""
_SHAPES = """
turn list subject bullet bullets bulleted bullet-point language version tone number count markdown
csv json table stichpunkte stichpunkten stichpunktliste liste tabelle formuliere zieh ziehe ordne
nenne tabla lista viñetas asunto objet puces split mark
"""
_CHANGES = """
put make detect number german english french spanish italian mets mettez pasa pase pon busca
"""
_TEXTS = """
text texts letter letters memo memos clause clauses paragraph paragraphs passage section report
reports article articles notice minutes mail mails email e-mail emails message messages ticket
tickets review reviews contract agreement invoice receipt leaflet note notes document page post
story transcript complaint log advert ad newspaper tweet blog sentence sentences word words line
lines brief briefe text texte texts texten schreiben bericht nachricht mail dokument artikel vertrag
rechnung protokoll satz sätze sätzen wort wörter wörtern zeile nutzers lettre texte courrier message
rapport article contrat facture document avis phrase phrases mot mots ligne lignes annonce carta
texto correo mensaje informe artículo contrato factura documento anuncio frase frases palabra
palabras línea líneas incident support queue customer client news press meeting product user
judgment judgement ruling verdict novel book chapter scene script screenplay dialogue poem lyrics
song speech essay thesis abstract recipe newsletter thread checklist brochure flyer poster blurb
statement announcement bulletin comment comments caption entry diary conversation chat voicemail
manual instructions guideline handout slide slides listing urteil roman kapitel szene dialog gedicht
rede aufsatz rezept newsletter broschüre aushang anzeige meldung rundschreiben kommentar anleitung
tagebuch courriel jugement roman chapitre scène dialogue poème discours dissertation recette
brochure affiche communiqué commentaire extrait consigne sentencia novela cuento capítulo escena
diálogo poema discurso ensayo receta folleto cartel aviso comunicado comentario fragmento thread
threads bug issue issues incidents ruling excerpt excerpts handover meldungen meldung briefen
berichte nachrichten tickets anfrage anfragen bescheid mahnung courriels messages mensajes correos
informes avisos citation requests
"""
_FIELDS = """
name names date dates time times place places amount amounts sum sums price prices value values unit
units number numbers deadline deadlines address addresses person persons people company companies
organisation organisations organization organizations order invoice due net gross total vendor buyer
seller drug drugs medication medications currency currencies dollar euro id ids phone field fields
key keys column columns row rows array object entity entities topic topics fact facts figures
percentages temperature temperatures test tests lab typo typos error errors mistakes grammar
spelling punctuation formatting structure dose doses dosage dosages medicine medicines point points
termine termin datum dosis dosierung daten namen beträge betrag preise preis zahlen orte personen
firmen fristen medikamente rechtschreibung grammatik zeichensetzung fehler tippfehler uhrzeiten
dates date noms montants montant prix délais délai lieux personnes heure heures voie médicaments
orthographe grammaire ponctuation fautes dosis fechas fecha nombres cantidades cantidad type types
category categories mood tone topic theme intent team department kategorie kategorien stimmung ton
tonfall thema abteilung catégorie catégories thème équipe categoría categorías tono tema equipo
importes importe precios precio plazos lugares personas medicamentos ortografía gramática puntuación
errores
"""
_LANGUAGES = """
english german french spanish italian dutch portuguese polish russian chinese japanese korean
arabic turkish swedish danish norwegian finnish czech greek hindi ukrainian deutsch deutsche
englisch englische französisch französische spanisch spanische italienisch italienische ins
anglais allemand espagnol italien français portugais néerlandais inglés alemán francés español
italiano portugués neerlandés british american niederländische niederländisch polnische polnisch
portugiesische portugiesisch russische russisch türkische türkisch arabische arabisch chinesische
chinesisch polonais russe turc arabe chinois polaco ruso turco árabe chino
"""
_JUDGING = """
urgency urgent priority priorities severity severe importance important dringlichkeit dringend
priorität urgence urgente priorité gravité urgencia prioridad gravedad
"""
_MANNER = """
plain simple simpler everyday short shorter brief briefly concise concisely formal more less
warmer friendlier stiff cheerful casual polite professional clear clearer easier easy catchy
neutral positive negative mixed zusammen readable cleaner clean same past present tense third
alternative informal sound sounds reads read keep preserve einfach einfacher einfache kurz kürzer
formell formeller höflicher klarer einfacher simple simples court plus formel clair bref breve
claro sencillo formal más length active passive voice perfect future singular plural person direct
indirect speech difficult long longer alphabetical chronological aktiv passiv präsens präteritum
perfekt vergangenheit gegenwart zukunft indirekte schwierigen passif actif présent passé futur
indirect difficiles activa pasiva presente pasado futuro difíciles
"""
_GLUE = """
a an the this that these those it its above below following here all each every any of in into to
from for as with without on at up out by and or only just no not nothing else please kindly give me
get write make put come create generate suggest return output print show provide find finds name
return convert well-known clean key main important parts into one two three four five six seven
eight nine ten most max maximum than under about mentioned contains contained what which is are has
have how many so capture match matches using use be first one-line line-by-line line single per
separate separately bitte diesen diese dieses dieser den die das dem der des ein eine einen einem
einer in im ins aus oben unten folgenden folgende folgender alle jeden und oder nur mit ohne als auf
von für zu erstelle schreib schreibe gib mach mache mir daraus um zwei drei vier fünf sätzen
höchstens ce cet cette ces le la les l un une de d du des en au aux dans à et ou seulement sous
forme format par pour avec sans deux trois quatre cinq ci-dessus ci-dessous suivant suivante donne
donnez fais mets mettez moi s il te plaît vous ça este esta esto estos estas el la los las un una
uno de del en al a y o solo por favor siguiente arriba abajo dos tres cuatro cinco haz dame pon
ponle ponme pasa con sin sus su formato como dámelos twelve fifteen twenty thirty forty fifty
hundred zehn fünfzehn zwanzig dreißig vierzig fünfzig hundert nach rédige rédigez écris écrivez dix
quinze vingt trente quarante cinquante cent escribe escriba redacta diez quince veinte treinta
cincuenta cien does belong belongs go goes handles highest lowest scale numbers quel quelle est bis
hasta cuál es qué welche welcher welches ist wie was hoch niedrig
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORK = _words(_WORK)
"""Lists words of which one at least stands in a job."""
SHAPES = _words(_SHAPES)
"""Lists words of a job that may as well say how an answer should look: "as a table"."""
CHANGES = _words(_CHANGES)
"""Lists words that set work only where a text is named: "Put this memo into French"."""
TEXTS = _words(_TEXTS)
FIELDS = _words(_FIELDS)
JUDGING = _words(_JUDGING)
"""Lists words for labels that say how soon somebody looks at a text. Of one's own words anybody may
ask so ("Rate the urgency: my baby ..."): they stand in a job only where `CORRESPONDENCE` does."""
CORRESPONDENCE = _words(
    """ticket tickets mail mails email emails e-mail e-mails message messages report reports review
    reviews complaint complaints issue issues requests letter letters meldung meldungen nachricht
    nachrichten anfrage anfragen brief briefe beschwerde courriel courriels mensaje mensajes correo
    correos queja informe informes lettre"""
)
KNOWN = (
    WORK | SHAPES | CHANGES | TEXTS | FIELDS | JUDGING | _words(f"{_LANGUAGES} {_MANNER} {_GLUE}")
)
"""Lists all words that may stand in a job: no word of counsel, of "I" or "should"."""
PHRASES = (
    (late_regex(r"\b(?:main|central) (?:idea|point|argument|topic|theme|message)s?\b"), "gist"),
    (late_regex(r"\broot causes?\b"), "facts"),
    (late_regex(r"\bnamed entit(?:y|ies)\b"), "entities"),
    (late_regex(r"\bpost[- ]?mortems?\b"), "report"),
    (late_regex(r"\b(?:a )?facts? or (?:an )?opinions?\b"), "classify"),
    (late_regex(r"\bregular expression\b"), "regex"),
)
"""Lists phrases of jobs, in small letters, and a word of a job that says the same."""
COURTESY = late_regex(
    r"\s*(?:(?:hi|hello|hey|hallo|bonjour|hola)(?: (?:there|all|team))?[,.! ]\s*)?"
    r"(?:(?:please|pls|plz|bitte|por favor),?\s+)?"
    r"(?:(?:can|could|would|will) (?:you|u) (?:mind )?|"
    r"i(?:['\u2019]d (?:like|love)| would like| want| need) you to |"
    r"(?:can|could) i have (?=an? )|i(?:['\u2019]d like| would like| need| want) (?=an? )|"
    r"(?:kannst du|können sie|könntest du|könnten sie)\s+|"
    r"(?:peux-tu|pouvez-vous|pourrais-tu|pourriez-vous)\s+|"
    r"\u00bf?\s*(?:puedes|puede|podrías|podría)\s+)?"
    r"(?:(?:please|pls|plz|kindly|quickly|just|bitte|mal|mir|me|por favor|help me(?: to)?),? )*",
    re.IGNORECASE,
)
"""Matches how a job may begin: a greeting, "Could you please", "I need" before what is made."""
THANKS = late_regex(
    r"[\s,.!?\u2013-]{0,4}\b(?:(?:many )?thanks(?: (?:a lot|in advance|so much))?|"
    r"thank you(?: (?:in advance|so much|very much))?|thx|ty|cheers|pls|plz|"
    r"(?:vielen )?danke?(?: im voraus)?|merci(?: d['\u2019]avance)?|(?:muchas )?gracias)"
    r"[\s.!]*\Z",
    re.IGNORECASE,
)
"""Matches how a job may end."""
SPAM = late_regex(
    r"(?:is|are) (?:this|these|the following)(?: (?:e-?mail|mail|message|text|letter)s?)? "
    r"(?:spam|phishing|junk(?: mail)?|a phishing (?:e-?mail|attempt))(?:,? (?:or (?:not|ham)|"
    r"yes or no))?|(?:ist (?:das|diese (?:e-?mail|nachricht|mail))|est-ce(?: que c['\u2019]est)? "
    r"(?:du|un)|(?:di|dime) si esto es|\u00bf?es esto) (?:spam|phishing)",
    re.IGNORECASE,
)
"""Matches the question if a text is one of the many that are sent to all."""
WHICH = late_regex(
    r"(?:in|to )?(?:which|what) (?:queue|team|department|category|folder|label)\b", re.IGNORECASE
)
"""Matches the start of a question for a label."""


OTHERS_TEXT = late_regex(
    r"\b(?:letters?|memos?|clauses?|reports?|articles?|notices?|minutes|tickets?|reviews?|contract|"
    r"agreement|invoice|receipt|leaflet|transcripts?|complaints?|advert|passages?|paragraphs?|"
    r"excerpts?|thread|post[- ]?mortem|judge?ments?|ruling|handover|customer (?:e?-?mail|message)|"
    r"brief|schreiben|bescheid|urteil|textauszug|vertrag|rechnung|protokoll|artikel|bericht|"
    r"lettre|courrier|rapport|article|contrat|facture|avis|jugement|extrait|"
    r"carta|aviso|sentencia|pasaje|informe|artículo|contrato|factura|anuncio)\b",
    re.IGNORECASE,
)
"""Finds that the text is named as one that somebody else wrote."""
ONE_SPEAKS = late_regex(
    r"(?<![\w'\u2019-])(?:I|me|[Mm]y|[Mm]yself|[Ww]e|[Oo]ur|[Uu]s|[Ii]['\u2019](?:m|ve|d|ll)|"
    r"im|i(?= (?:am|have|had|was|feel|think|need|want|took|did|do|can|got|don))|"
    r"[Ii]ch|[Mm]ein\w{0,2}|mir|mich|[Ww]ir|[Uu]ns\w{0,4}|[Jj]e|[Jj]['\u2019]\w+|[Mm]on|[Mm]a|"
    r"moi|[Nn]ous|[Nn]otre|[Nn]os|[Yy]o|[Mm]i|[Mm]is|[Nn]osotros|[Nn]uestr\w{1,2}|[Tt]engo|"
    r"[Hh]e tomado|[Ee]stoy|[Dd]ebo|[Qq]uiero|[Tt]enemos|[Vv]amos|[Ee]stamos)(?!\w|\.\w)"
)
"""Finds somebody who speaks of themselves or of their firm."""
ASKS = late_regex(
    r"[?\u00bf\uff1f]|\b(?:should|shall (?:I|we)|ought|whether|advi[sc]e|recommend|decide|"
    r"what (?:to|do|can|must)|how (?:do|can|to|should)|tell (?:me|us)|let (?:me|us) know|help|"
    r"don['\u2019]?t know|"
    r"not sure|wonder\w*|consider(?:ing)?|thinking (?:of|about)|soll\w*|ob\b|was (?:tun|mach\w*|"
    r"kann|muss)|hilf\w*|helf\w*|rat(?:e|en|et|schlag)?|empf\w+|entscheid\w*|überleg\w*|sag\w*|"
    r"weiß nicht|dois|devons|doit-on|faut-il|conseil\w*|décid\w*|aide\w*|dis-\w+|que faire|"
    r"deber\w*|debo|debemos|aconsej\w*|recomien\w*|decid\w*|ayud\w*|dime|qué (?:hac\w+|puedo|"
    r"debo)|no sé)\b",
    re.IGNORECASE,
)
"""Finds that a text asks for something, which may be what its sender asks."""
OF_A_FAMILY = late_regex(
    r"\b(?:my|our|meine?[mnrs]?|unsere?[mnrs]?|mon|ma|mes|notre|nos|mi|mis|nuestr[oa]s?) "
    r"(?:[\w-]+ )?(?:husband|wife|partner|son|daughter|child|children|kids?|baby|mother|father|mum|"
    r"mom|dad|brother|sister|grand\w+|uncle|aunt|friend|neighbou?r|flatmate|colleague|dog|cat|"
    r"mann|frau|sohn|tochter|kind\w*|mutter|vater|bruder|schwester|oma|opa|freund\w*|nachbar\w*|"
    r"mari|femme|fils|fille|enfants?|bébé|mère|père|frère|sœur|ami\w*|"
    r"marido|esposa|mujer|hij[oa]s?|beb[eé]|madre|padre|herman[oa]|abuel[oa]|amig[oa])\b|"
    r"\b(?:dad|daddy|mum|mam|mom|mummy|grandma|grandpa|grandad|granny|nan|grandmother|grandfather|"
    r"mama|papa|oma|opa|maman|mamie|papi|mamá|papá)\b|\b(?:wife|husband)(?:['\u2019]s| (?:is|was|"
    r"has|just|took))\b",
    re.IGNORECASE,
)
"""Finds somebody near to whoever speaks."""
JUDGED = late_regex(
    r"\b(?:yes|no|not|sign|pay|sue|safe|accept|keep|fire|true|false|ja|nein|oui|non|sí|urgen\w*|"
    r"risk\w*|decision|advice|action|next)\b",
    re.IGNORECASE,
)
"""Finds a label or a key that judges, among those that a job lists."""
LABELS = late_regex(
    r"\b(?:classif\w+|categori[sz]e|label|tag|sort|assign|queue|sentiment|klassifizier\w+|"
    r"rate|rank|score|grade|prioriti[sz]e|triage|route|bewerte[nt]?|sortiere[nt]?|priorisier\w+|"
    r"facts? or (?:an )?opinions?|évalue[rz]?|trie[rz]?|valor[ae]|puntúa|prioriza|ordne|"
    r"classe[rz]?|clasific\w+)\b",
    re.IGNORECASE,
)
"""Finds that a label is wanted, which nobody asks of a message of their own."""
JUST_NOW = late_regex(
    r"\b(?:now|tonight|just|at the moment|jetzt|gerade|eben|maintenant|en ce moment|vient de|"
    r"ahora|acaba de)\b",
    re.IGNORECASE,
)
"""Finds that a text tells of what happens while it is written."""
SEVERAL = late_regex(
    r"\b(?:each (?:ticket|e-?mail|mail|message|report|review|complaint|issue|request|letter)|"
    r"tickets|(?:e-?)?mails|messages|reports|reviews|complaints|issues|requests|letters|"
    r"meldungen|nachrichten|anfragen|briefe|courriels|mensajes|correos|quejas|informes)\b",
    re.IGNORECASE,
)
"""Finds that a job is set on texts of several people."""
PLURAL = _words(
    "we our us wir uns unser unsere unserem unseren unserer unseres nous notre nos nosotros "
    "nuestro nuestra tenemos vamos estamos"
)
"""Lists words by which a firm speaks of itself in its letters."""
SALUTATION = late_regex(
    r"(?:dear|sehr geehrte\w*|madame|monsieur|"
    r"estimad[oa]s?)\b[^.!?\n]{0,60}[,:\n]",
    re.IGNORECASE,
)
"""Matches the beginning of a letter."""

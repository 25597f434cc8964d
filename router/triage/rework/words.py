"""Holds the words that ask to rework a text, and those that ask for more, in fourteen languages.

`*` stands for any ending. Words of Chinese and Japanese, which has no blanks, are found anywhere.
It knows nothing about texts.
"""

# ruff: noqa: RUF001, E501 - other alphabets are needed; lists read better in few lines

from __future__ import annotations

REWORK = """
resúmelo resúmeme resúmela resúmalo simplifie simplifier simplifiez formuliere formulieren
summarise summarize summarising summarizing shorten condense tighten abridge translate proofread paraphrase
rephrase reword rewrite restate redraft tidy soften simplify anonymise anonymize standardise
standardize reformat extract recap tldr
zusammenfassen zusammen fasse fass kürze kürzen übersetz* korrigier* umformulier* lektorier* glätte glätten umschreib*
vereinfach* zusammenzufassen
résumer résumez raccourci* abrèg* abrég* traduis* traduire traduisez corrige* relis relire relisez reformul* réécri* récri*
synthétis* relève relever extrais extraire mets
resumir acort* abrevi* traduc* traduz* tradúce* corrig* corrij* reescrib* redacta* reformul* simplifica* extrae*
suaviza* pásalo
riassum* accorci* abbrevi* sintetizz* traduci tradurre corregg* riscriv* riformul* semplific* estrai estrarre estrapola*
resuma encurt* reescrev* extrai extraia reformule
samenvat* vat ingekort inkort* vertaal* vertal* corrigeer* herschrijf* herschrijv* herformuleer* vereenvoudig* verbeter
streść streszcz* podsumuj* skróć skracaj przetłumacz* popraw poprawić przepisz* przeredaguj* przeformułuj* sparafrazuj*
wypunktuj* wypisz* uprość
özetle* kısalt* çevir* düzelt* sadeleştir* listele* maddele*
сократи* резюмируй* перескажи* переведи* исправь* перепиши* переформулируй* выпиши* упрости* отредактируй* вычитай* причеши*
подытожь*
لخص* تلخيص اختصر* اختصار ترجم* صحح* تصحيح صغ استخرج* بسط دقق تدقيق
सार संक्षेप* संक्षिप्त अनुवाद* सुधार* शुद्ध anuvad translate
"""
"""Words that ask for a text in another form. None of them asks what to make of it."""

FORM = """
tablo tabloya tablosu
summary summing shorter concise* translation proofing spelling grammar* punctuation punctuate typo typos comma commas capitals
wording tone gist headline headlines headings title titles bullet bullets keyword keywords tagline teaser abstract minutes
table spreadsheet csv outline simpler simple plain friendlier politer polite politely warmer nicer formal formally informal
neutral professional fluent readable clearer paragraph numbered chronological handover faq sentence sentences
convert version rhymes rhyme simply everyday funny funnier robotic english french german
spanish italian portuguese dutch polish turkish russian arabic hindi japanese chinese ukrainian greek romanian czech swedish
norwegian danish finnish hungarian korean vietnamese urdu bengali farsi hebrew
zusammenfassung korrektur* rechtschreib* grammatik* tippfehler fehler kommas kürzer höflicher freundlicher förmlich* sachlich*
überschrift* betreff* stichpunkt* stichwort* aufzählung* tabelle* protokoll* leichter leichte einfacher knapper
résumé orthographe grammaire fautes ponctuation poli polie courtois* titre titres puces tableau synthèse propre
resumen ortografía gramática titular titulares título títulos viñetas tabla tildes comas puntuación esquema frases amable
versión formal
riassunto sintesi ortografia grammatica punteggiatura oggetto titolo titoli tabella verbale gentile cortese scorrevole
maiuscole traduzione
resumo gramática tópicos tabela ata pontuação tradução
samenvatting korter taalfouten spelfouten grammatica titel kop koppen tabel notulen actielijst opsomming* puntsgewijs beleefder
netter nette zinnen zakelijk* vertaling
ortograf* gramaty* interpunkc* literówk* tytuł* nagłówek nagłówki tabel* punktach punkty protokół uprzejm* formaln* prostszym
prostym streszczenie tłumaczenie
özet özeti* yazım imla dilbilgisi noktalama başlık* madde maddeler* tutanak* resmî resmi kibar* nazik*
кратк* короче орфограф* грамматик* пунктуац* опечат* заголов* таблиц* протокол* пункт* списк* список вежлив* формальн* деловом
перевод
ملخص املائي* عنوان عنوانا نقاط جدول محضر رسمي* صياغه
वर्तनी व्याकरण दोबारा औपचारिक शीर्षक तालिका बिंदु* सूची भाषा सरल आसान छोटा ठीक bullet
"""
"""Words for what a text may look like. They ask for it beside one of those that follow."""

HANDLE = """
fix explain split please pls plz make makes put turn give write need change keep 
thx thanks
bitte mach macht mache machen gib schreib schreibe brauche gesucht setz danke 
fais fait mets donne écris besoin svp stp merci 
favor porfa haz hazme pon ponme ponle dame necesito escribe 
fammi fai dammi scrivi scrivimi metti rendi consegna grazie 
faz faça põe escreve escreva dá dê preciso obrigado obrigada 
maak zet geef schrijf graag aub haal bedankt 
zrób daj napisz proszę potrzebuję zaproponuj oddaj dzięki
yap yaz ver hazırla lütfen getir dönüştür
сделай дай напиши пожалуйста плиз нужно нужен преврати оформи составь
اكتب اعطني اجعل فضلك اريد حول ضع اعد
करो करें कर दो दें दीजिए बना बनाओ बनाइए लिख लिखिए लिखो कृपया karo bana likh
"""

REWORK_PHRASES = """
list the|list all|list every|list only|just list|only list|as a list|a numbered list|a bulleted list|me a list|into a list|to a list|
correct the|correct my|correct this|correct it|correct that|correct spelling|correct grammar|please correct|pls correct|
needs to be shorter|reported speech|sistemare la|sistema la|sort these|sort this|sort them|proof this|pls proof|please proof|put this in|put that in|convert to|convert this|convert the|
redact the|redact all|transcribe this|transforme ça|transforme ce|transforme cette|transforme le|transforme la|transforme en|
résume en|résume ce|résume cet|résume cette|résume le|résume la|résume les|résume moi|résume ça|résume ceci|
resume en|resume esto|resume este|resume esta|resume el|resume la|resume los|resume las|resume lo|resume mi|resume por|resume isto|
fais une liste|fais moi une liste|als liste|eine liste|una lista|un elenco|uma lista|un titolo|un titre|un título|
subject line for|a subject line|subject line please|pull out|pull them out|turn this into|turn these into|turn it into|turn that into|make this into|make it into|
put this into|put these into|make this sound|make it sound|sound less|sound more|read less|make this more|make it more|
make this less|make it less|make this read|take the names out
"""
"""The same in rows of words."""

REWORK_ANYWHERE = """
要約 まとめて まとめ直 翻訳 訳して 訳し 和訳 英訳 校正 誤字 脱字 添削 文法 言い換え 書き直 書き換え 短く 簡潔 箇条書き 見出し 件名 表にして 議事録 敬語
丁寧な 丁寧に 直して 直す 整えて 抜き出 抽出 リストに タイトル 題名 やさしい日本語 わかりやすい 自然な
总结 摘要 概括 缩短 缩写 精简 翻译 译成 翻成 校对 错别字 语病 润色 改写 改得 改成 语法 标点 语气 标题 表格 要点 列出 整理 提取 通顺 简短 纪要 病句 修改措辞
總結 縮短 翻譯 校對 潤色 改寫 標題 重點
"""

FURTHER = """
decide* advise* advice recommend* opinion opinions assess* evaluat* analys* analyz* judge judgement worth accept accepts
approve reject sign* pay paid wire transfer* invest* buy sell scam* fraud* phishing lawful* legally risk* risky dose
dosage doses trust trustworthy genuine diagnos* symptom* strategy strategic negotiat* argue rebut* object objection whether
agree disagree refuse refund sue appeal lawsuit settle liable liability chances options pros cons believe cancel delete
execute obey instructed vote choose pick prefer safe unsafe 
contest defend strategies proposal plan calculate estimate forecast predict
weakness* loophole* unfair enforceable valid solve solution critique verify def api json poem poems song songs story stories joke essay imagine brainstorm ideas
soll sollte sollen sollten entscheide* rate rat empfiehl* empfehl* meinung bewert* beurteil* analysier* lohnt unterschreib*
unterzeichn* zahl* bezahl* überweis* annehm* akzeptier* zustimm* ablehn* betrug* betrüger* abzocke legal rechtens erlaubt
risik* darf dürfen gefährlich* sicher dosis tabletten kündig* widersprech* widerspruch klag* anfecht* kaufen verkaufen
bestell* beauftrag* einschätz* prüf*
dois devons devrais décide* conseil* recommand* avis évalu* analys* vaut signer signe payer paye paie virer virement
accepter accepte refuser refuse arnaque* fraude légal légale risqu* danger* dose posologie contester attaquer porter
acheter vendre choisir lequel laquelle résilier 
debo deberia deberíamos debemos decid* aconsej* recomiend* recomend* opin* evalúa analiz* conviene firm* pagar pago pague
transfer* acept* rechaz* estafa* fraude legal legalmente riesgo* peligr* dosis denunci* recurr* comprar vender elegir
cual 
devo dovrei dobbiamo decidi* consigli* raccomand* parere valut* analizz* conviene firm* pagare paga pago bonific* accett*
rifiut* truffa* frode legale risch* pericol* dose contestare ricorso denunc* comprare vendere scegli* 
devo deveria devemos decid* aconselh* recomend* opini* avali* analis* vale assin* pagar pago transfer* aceit* recus*
golpe burla fraude legal risco* perig* dose denunci* recorrer comprar vender escolh* 
moet moeten beslis* adviseer* advies mening beoordeel* analyseer* teken* betaal* overmak* accepteer* akkoord weiger*
oplichting fraude legaal mag risico* gevaar* dosis bezwaar kopen verkopen kiezen 
czy powinien* powinn* decyd* zdecyduj doradź* polec* rekomend* opini* oceń ocen* analiz* warto podpis* płaci* zapłac*
przelej* przelew zaakcept* przyjąć zgodz* odmów* oszust* legaln* prawem ryzyk* niebezp* dawk* kupić sprzedać wybra* 
karar tavsiye* öner* fikr* değerlendir* analiz imzala* öde ödeyeyim ödeme havale kabul reddet* dolandır* yasal risk*
tehlike* doz dava itiraz satın satayım seç* miyim mıyım
стоит должен должны реши решить посовет* совет* рекоменд* мнени* оцени* проанализ* подпис* плати* оплат* перевести* соглас*
принять отказ* мошен* обман* законн* риск* опасн* доз* куп* продать выбра* выбери лучше ли судиться обжал*
هل انصح* نصيح* تنصح* رايك قرر اوقع وقع ادفع دفع حول اوافق وافق اقبل ارفض احتيال نصب قانوني مخاطر خطر* جرعه اشتري ابيع
اختر ايهما افضل يجوز 
क्या चाहिए सलाह* राय फैसला निर्णय हस्ताक्षर* साइन भुगतान भेजूं मानूं स्वीकार धोखा* ठगी कानूनी जोखिम खतर* खुराक खरीद* बेच* चुन*
code function script bug bugs sql python review yoksa
"""
"""Words that ask for a judgement, a decision or an act, or may do so; also those of what is at
stake for the writer."""

FURTHER_ANYWHERE = """
べき 判断 決めて 助言 アドバイス 意見 評価 分析 署名 サイン 支払 払う 払って 振り込 送金 承諾 承認 同意 断る 詐欺 違法 合法 リスク 危険 安全 大丈夫 用量 買う
売る 選んで どちら どうすれば どう思 契約して でしょうか ですか ますか 返答案 対処
该不该 应该 要不要 是否 能不能 可以吗 合法 违法 决定 建议 意见 评估 分析 签 付款 支付 转账 同意 接受 拒绝 骗 诈 风险 危险 安全 剂量 买 卖 选哪 哪个 怎么办 吗 值得
應該 決定 建議 風險 簽
"""

FURTHER_PHRASES = """
answer the question|answer a|answer the following|question about|tell me why|which of|select the|should i|should we|should my|shall i|shall we|what should|what do you think|what would you|would you do|if you were|do i|
do we|am i|are we|can they|can he|can she|can i|can we|may they|could they|tell me if|say if|let me know if|see if|check if|
tell me honestly|is it ok|is this ok|is that ok|is it true|is this true|is it legal|is this legal|is that legal|
is it real|is this real|is it a|is this a|is this correct|is it correct|is that correct|is that right|is it right|
who is right|which one|which is|which should|what next|how do i|how should|what now|what can i|what can we|
do what|does it say i have|then do|or not|answer them|reply that we|reply that i|reply to them that|respond that|answer that|write back that|tell them|in my case|
for us|for me to do|my chances|make sure we|act on
soll ich|oder nicht|ob ich|ob wir|ob das|ob es|sollen wir|was soll|was würdest|was meinst|kann ich|können wir|kann der|kann die|darf der|darf die|was tun|
muss ich|müssen wir|würdest du|antworte ihm|antworte ihnen|sag ihm|sag mir|und sag|und sagen
dois je|ou pas|ou non|devons nous|que faire|que ferais|tu ferais|tu prendrais|tu en penses|dis moi si|est ce que je|puis je|
peuvent ils|ont ils le droit|a t il le droit|réponds leur|réponds lui
que hago|o no|si debo|qué hago|qué harías|que harias|tú qué|qué opinas|dime si|puede hacer|pueden hacer|tengo que|respóndele que|
respóndeles que|contéstale que
che faccio|se devo|cosa faccio|cosa faresti|che ne pensi|dimmi se|possono farlo|puo farlo|rispondi che|rispondigli
o que faço|ou não|que faço|o que farias|o que você faria|diz me se|me diga se|podem fazer|pode fazer|tenho de|tenho que|
responde que|responda que
wat zou|of niet|of ik|of we|of wij|wat moet|wat vind|zou jij|zou je|kan ik|kunnen ze|kan mijn|zeg of|en zeg|antwoord dat
co zrobić|czy nie|co robić|mam podpisać|co byś|co myślisz|powiedz czy|odpisz że|mogą to|może to
ne yapayım|mı yoksa|ister misin|ne yapmalı|sence ne|olur mu
что делать|или нет|и скажи|как быть|как поступить|что думаешь|скажи стоит|ответь что|имеют право|имеет право
ماذا افعل|ما رايك|هل يجوز|رد عليهم بان
क्या करूं|क्या करूँ|क्या करना|बताओ कि|kya karu|kya kare
"""
"""Words in a row that ask for more. They count in a given text, too, where its end does not show."""

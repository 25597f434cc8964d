"""Holds the words that ask to rework a text, and those that ask for more, in fourteen languages.

`*` stands for any ending. Words of Chinese and Japanese, which has no blanks, are found anywhere.
It knows nothing about texts.
"""

# ruff: noqa: RUF001, E501 - other alphabets are needed; lists read better in few lines

from __future__ import annotations

REWORK = """
summar* summing shorten* shorter condens* tighten* abridge* trim concise* translat* proofread* proofing proof
spelling grammar* punctuat* typo typos commas comma capitals wording reword* rephras* paraphras* rewrit* restat* redraft*
polish* tidy tone tldr gist headline* headings title titles bullet* keyword* tagline teaser abstract minutes table
spreadsheet csv outline extract* transcrib* soften* simplif* simpler plain plainer friendlier politer polite* warmer nicer
formal* informal neutral professional* natural fluent* readable clearer extracts recap paragraph numbered chronological
anonymis* anonymiz* redact* newsletter handover faq sentences convert shortened version rhyme* rhymes
reported correct corrected corrects simple simply everyday list lists sort sorted format reformat* standardis* standardiz* funny
funnier robotic english french german spanish italian portuguese dutch polish turkish russian arabic hindi japanese chinese
ukrainian greek romanian czech swedish norwegian danish finnish hungarian korean vietnamese urdu bengali farsi hebrew
zusammenfass* fass fasse fassen kürze* kürzer übersetz* korrigier* korrektur* rechtschreib* grammatik* tippfehler fehler
kommas umformulier* formulier* höflicher freundlicher förmlich* sachlich* überschrift* betreff* betreffzeile stichpunkt*
stichwort* aufzählung* tabelle* protokoll* gliedere liste leichter einfacher lektorier* glätte* umschreib* knapper
résum* raccourci* abrég* condense tradui* tradu* corrig* relis relire orthograph* grammaire fautes reformul* réécri* récri*
ponctuation poli polie courtois* titre titres puces tableau compte-rendu relève relever liste extrai* simplifi* synthèse
resum* resúm* acort* abrevi* traduc* traduz* tradúce* traduzca* corrig* corrij* ortograf* ortográf* gramátic* gramatic*
reescrib* redact* reformul* titular titulares título titulo viñetas tabla tildes comas puntuación simplific* formal
extrae* extraer esquema frases amable suaviza*
riassum* riassunt* accorci* abbrevi* sintesi sintetizz* corregg* ortografi* grammatic* riscriv* riformul* punteggiatura
oggetto titolo titoli elenco elenca* tabella verbale estrai estrarre semplific* gentile cortese scorrevole maiuscole
resumo encurt* traduz* traduç* corrig* corrij* ortografia gramática reescrev* reformul* título titulo tópicos tabela ata
extrai* extraia pontuação formal listar resumir
samenvat* vat ingekort inkort* korter vertaal* vertal* corrigeer* taalfouten spelfouten spelling grammatica herschrijf*
herschrijv* herformuleer* puntkomma titel kop koppen tabel notulen actielijst opsomming* puntsgewijs beleefder netter nette
zinnen vereenvoudig* haal zakelijk*
streść streszcz* podsumuj* skróć skracaj przetłumacz* tłumacz* popraw poprawić popraw* ortograf* gramaty* interpunkc*
literówk* przepisz* przeredaguj* przeformułuj* sparafrazuj* tytuł* nagłówek nagłówki tabel* punktach wypunktuj* wypisz*
protokół uprzejmiej formaln* prostszym prostym uprość
özet* kısalt* çevir* tercüme düzelt* yazım imla dilbilgisi noktalama yeniden başlık* maddeler* maddele* tablo* tutanak*
listele* resmî resmi* nazik* sadeleştir* kibar*
сократ* кратк* короче резюм* перескаж* переведи* перевести перевод* исправ* орфограф* грамматик* пунктуац* опечат*
перепиш* переформулир* заголов* таблиц* протокол* выпиши* пункт* списк* вежлив* формальн* деловом упрости* отредактир*
причеши вычита*
لخص* تلخيص* ملخص* اختصر* اختصار* ترجم* ترجمه صحح* تصحيح* املائي* نحوي* صياغه صغ اعد كتابه عنوان* نقاط جدول محضر استخرج*
بسط* رسمي* دقق تدقيق* قصر حول الاخطاء
सार* संक्षेप* संक्षिप्त* अनुवाद* सुधार* ठीक वर्तनी व्याकरण शुद्ध* दोबारा औपचारिक* शीर्षक* तालिका बिंदु* सूची भाषा सरल आसान छोटा
anuvad translate theek sudhar
"""
"""Words that ask for a text in another form. None of them asks what to make of it."""

REWORK_PHRASES = """
subject line|pull out|pull them out|turn this into|turn these into|turn it into|turn that into|make this into|make it into|
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
weakness* loophole* unfair enforceable valid solve critique verify
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
should i|should we|should my|shall i|shall we|what should|what do you think|what would you|would you do|if you were|do i|
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

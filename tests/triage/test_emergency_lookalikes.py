"""Everyday lines of shops, games, kitchens, computers and sport that are near an emergency's words."""

# ruff: noqa: RUF001 - letters of other alphabets are what is tested

from __future__ import annotations

import pytest

from router.policy.content.term_files import load_language_terms
from router.policy.loading import policies_dir
from router.triage.facts.phrase_lists import phrase_finder
from router.triage.text.folding import fold

FINDER = phrase_finder(load_language_terms(policies_dir() / "terms"))
EVERYDAY = {
    "en": [
        "Does the drain cleaner come in a pack of two?",
        "My son drank all of his apple juice, which cup does not leak?",
        "How do I get from the roof to the bridge in level 4, jump or climb?",
        "The script injects the wrong value twice",
        "Which eye cream has no chemicals in it?",
        "The lock set for the bathroom lacks two screws",
        "Our baby loved her first strawberries, more recipes please",
        "Half marathon in the heat, how much water do I carry?",
        "The fish in my tank lies still at night, is it asleep?",
        "The espresso machine hisses when it heats up",
        "My dough swells over night and the stove is too hot, what now?",
        "How do I cut the veins out of shrimps?",
    ],
    "uk": [
        "Скільки коштує засіб для чищення труб?",
        "Син випив увесь сік, яка чашка не протікає?",
        "Мій персонаж стоїть на даху і не стрибає, як пройти рівень?",
        "Двічі ввела адресу, чому замовлення подвоїлося?",
        "Чи є крем для очей без хімії?",
        "Двері ванної зачинились, ключ не підходить до замка",
        "Донька зачинилась у ванній і співає, яка шумоізоляція краща?",
        "Мікрофон у навушниках хрипить, це гарантія?",
        "У спеку пробігла десять кілометрів, скільки пити води?",
        "Плита гріє надто сильно, пиріг пригорає",
        "Акумулятор тримає заряд дві години, це норма?",
        "Порізала моркву кубиками, що далі за рецептом?",
    ],
    "ko": [
        "하수구 세정제는 몇 개 들어 있나요?",
        "아들이 주스를 다 마셨는데 안 새는 컵이 있나요?",
        "게임 캐릭터가 옥상에서 안 뛰어요, 버그인가요?",
        "주소를 두 번 입력했더니 주문이 두 개가 됐어요",
        "눈가에 바르는 크림 추천해 주세요",
        "욕실 문 잠금장치 나사가 두 개 없어요",
        "아기가 딸기를 처음 먹고 좋아했어요, 다른 레시피 있나요?",
        "더운 날 마라톤에서 물을 얼마나 가져가야 하나요?",
        "어항 물고기가 밤에 가만히 있어요, 자는 건가요?",
        "커피 머신이 데워질 때 쉭쉭 소리가 나요",
        "노트북 배터리가 두 시간밖에 안 가요",
        "새우 등 내장은 칼로 어떻게 빼나요?",
    ],
    "ja": [
        "パイプ用の洗浄剤は何本入りですか？",
        "息子がジュースを全部飲んだのですが、こぼれないコップはありますか？",
        "ゲームで屋上からジャンプできません、バグですか？",
        "住所を二度入力したら注文が二つになりました",
        "目元のクリームでおすすめはありますか？",
        "浴室の鍵のねじが足りません",
        "赤ちゃんがいちごを喜んで食べました、他のレシピはありますか？",
        "暑い日のマラソンで水はどのくらい持ちますか？",
        "水槽の魚が夜じっとしています、寝ていますか？",
        "コーヒーメーカーが温まるとシューと音がします",
        "ノートパソコンの充電が二時間しかもちません",
        "エビの背わたはどうやって取りますか？",
    ],
    "zh": [
        "管道清洁剂一箱有几瓶？",
        "儿子把果汁喝了，有不漏的杯子吗？",
        "游戏里角色站在楼顶跳不过去，是不是漏洞？",
        "地址输入了两次，订单变成两个了",
        "眼霜有没有不刺激的？",
        "浴室门锁少了两颗螺丝",
        "宝宝第一次吃草莓很喜欢，还有别的食谱吗？",
        "天气热跑马拉松要带多少水？",
        "鱼缸里的鱼晚上一动不动，是在睡觉吗？",
        "咖啡机加热时嘶嘶响正常吗？",
        "笔记本充电后只能用两个小时",
        "虾线怎么用刀挑出来？",
    ],
    "ar": [
        "كم عبوة في صندوق سائل تسليك المجاري؟",
        "ابني شرب العصير كله، هل لديكم كوب لا يسرب؟",
        "في اللعبة أقف على السطح ولا أستطيع القفز إلى المبنى الثاني",
        "كتبت العنوان مرتين فصار الطلب طلبين",
        "هل كريم العين مناسب للبشرة الحساسة؟",
        "باب الحمام مقفل والمفتاح لا يناسب القفل، أين أشتري قفلا؟",
        "طفلي أحب الفراولة أول مرة، هل من وصفات أخرى؟",
        "كم لترا من الماء أحمل في ماراثون يوم حار؟",
        "السمكة في الحوض ساكنة ليلا، هل هي نائمة؟",
        "ماكينة القهوة تصدر صفيرا عند التسخين",
        "شحن الهاتف ينتهي بعد ساعتين",
        "كيف أقطع عروق الجمبري بالسكين؟",
    ],
    "hi": [
        "ड्रेन क्लीनर के एक डिब्बे में कितनी बोतलें आती हैं?",
        "बेटे ने सारा जूस पी लिया, कौन सा कप नहीं टपकता?",
        "गेम में छत से पुल पर कैसे कूदें, लेवल चार में?",
        "पता दो बार भर दिया, ऑर्डर दो हो गए",
        "आँखों के लिए कौन सी क्रीम अच्छी है?",
        "बाथरूम का दरवाज़ा बंद नहीं होता, ताला कहाँ मिलेगा?",
        "बच्चे को स्ट्रॉबेरी पहली बार पसंद आई, और रेसिपी बताइए",
        "गर्मी में मैराथन के लिए कितना पानी ले जाऊँ?",
        "मछली टैंक में रात को हिलती नहीं, सो रही है क्या?",
        "कॉफी मशीन गरम होते समय सीटी जैसी आवाज़ करती है",
        "laptop ki charging do ghante me khatam ho jati hai",
        "झींगे की नस चाकू से कैसे निकालें?",
    ],
    "pl": [
        "Ile sztuk preparatu do rur jest w kartonie?",
        "Syn wypił cały sok, który kubek nie cieknie?",
        "Moja postać stoi na dachu i nie skacze, jak przejść poziom?",
        "Dwukrotnie wpisałam adres i mam dwa zamówienia",
        "Czy krem pod oczy jest bez chemii?",
        "Zamek do łazienki przyszedł bez dwóch śrubek",
        "Córka zamknęła się w łazience i śpiewa, jak wyciszyć drzwi?",
        "Maraton w upale, ile wody mam zabrać?",
        "Ryba leży w akwarium bez ruchu, czy śpi?",
        "Ekspres syczy, kiedy się nagrzewa",
        "Bateria trzyma dwie godziny, to normalne?",
        "Jak wyciąć żyłki z krewetek?",
    ],
}


@pytest.mark.parametrize(
    "text", [text for texts in EVERYDAY.values() for text in texts]
)
def test_an_everyday_line_is_no_emergency(text: str) -> None:
    assert FINDER.find(fold(text)) == ()


def test_each_language_has_twelve_lines() -> None:
    assert {len(texts) for texts in EVERYDAY.values()} == {12}

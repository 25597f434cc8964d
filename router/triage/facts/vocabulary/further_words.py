"""Lists everyday words of six further languages in Latin letters, in the folded form of texts.

Czech, Finnish, Hungarian, Indonesian, Romanian and Vietnamese. No word of another language's list
is in one of these, so that they change no text of another language. It knows nothing about texts.
"""

from __future__ import annotations

FURTHER_WORDS = {
    "cs": """jsem jsi jsme jste jsou jeho jejich muj moji nemam nebo kdyz kdo jaky jakym kolik
        muze muzu muzete nemuzu nemuze nejde chci chces chtel chtela bych byli dnes zitra
        vcera hned jeste taky velmi moc prosim dekuji dekuju diky ahoj ahojky potrebuji
        potrebuju delat udelat rict rekl rekla pomoc pomozte porad vzdy nikdy neco nekdo
        nikdo vsechno vsechny pred mezi kvuli protoze jenom proto jestli zda tady odtud zase
        znovu vubec objednavka objednavku zasilka balik penize ucet heslo vrati vratit
        dostal dostala prisel prisla neni nejsou ktery ktera ktere kterou tento tato toto
        tenhle tahle svuj svou sve vecer tyden mesic lide dcera deti maminka tatinek manzel
        manzelka nedycha spadla vypil vypila cislo prelozte prelozit napis napiste dneska
        prej celej kterej dobrej rekne skoly skole pise ceste myslim poslal poslala jmenuje
        stoji stojim balicek ukol ukolu slovo slova znova treba snad tatu mamka tatka napsal
        nevim vime jde jdu jit bude budu budou byt nekoho napsat anglicky cesky nemecky
        polivku rodice deda babicka hodin hodinu penez cenu odkud pujcku naposledy podepsat
        podepisu nepodepisu zaplatit zaplatim nezaplatim""",
    "fi": """emme ette eivat olen olet olemme ovat oli olisi minun mun minulla mulla mita missa
        mista mihin miten miksi milloin kuka kuinka mika mitka voin voiko voitko voisitko
        haluan haluaisin tarvitsen taytyy pitaa pitaisi sitten jos mutta eika myos viela
        aina koskaan kaikki jotain joku kiitos moikka terve huomenna tanaan eilen hyva hyvaa
        paljon vahan saa saan saako saanko saanut ollut tama taman siita niin etta kanssa
        ennen jalkeen ilman apua auta auttakaa paketti tilaus tilauksen lasku rahaa tili
        salasana aiti aidin isan poikani tyttareni mieheni vaimoni lapsi lapsen lapseni
        laakari heti edelleen takaisin paiva paivaa viikko kuukausi kotiin kotona menee meni
        tuli tulee tekee tehda sanoi sanoo hengita kerro kaanna kirjoita onko olenko mitaan
        kukaan yhtaan oikein todella oon oot taa naa noin nain ihan tosi siis voisko
        kannattaako pitaako saisko paljonko montako miks kelle kenelle kaveri kaveria lapset
        lasten pojalla tytolla vuotta viikon paasta pois kello vuokraisanta toimiston
        myydaan kiva anopille isalle aidille tyttarelle kengat liian pienet palauttaa
        kayttanyt sanottiin tuolit mielestasi voinko saisinko osaatko mitahan jostain jokin
        jonka joka jossa""",
    "hu": """egy hogy vagy vagyok vannak lesz csak nagyon hogyan miert mikor hol hova kinek
        mennyi mennyibe melyik kell kellene szeretnek szeretnem akarok akarom tudom tudok
        tudja lehet nincs nincsen koszonom koszi kerem szia sziasztok napot holnap tegnap
        mindig soha valami valaki senki semmi minden mert ezert azt ezt ebben abban nekem
        neked neki nalam rolam velem vele miatt elott alatt felett nelkul kozott csinaljak
        csinalni segitsen segitseg segitseget segitsetek ferjem felesegem fiam lanyom anyam
        apam gyerek gyerekem gyermekem nagymamam rendeles rendelesem csomag csomagom szamla
        szamlam penz penzt penzem jelszo jelszavam tegyek tegyunk kaptam kapok kapott mondta
        mondja vissza ujra orvos azonnal hirtelen meddig ota tovabb akkor itt ott innen
        onnan haza otthon forditsd irj irjon aki amit ahol hogyha mivel irta jobb lenne akar
        akarja akarjuk akarod kerni kerek mennyit eves anyosom szeretnenk nalunk regi hivni
        tudunk hazi orat perc mindenki mindenkinek apunak anyunak otlet szerinted nekunk
        nektek velunk koszonet lehetne tudnal tudna segiteni kerdezni kerdesem miota eloszor
        utana kozben tortent mikortol hetvegeig magyarul nemetul fele folyton
        tortenik fizetek fizetem fizetni fizessek alairjam alairni alairom irjam irnom""",
    "ro": """sunt esti suntem sunteti mele cand unde cate cati pentru pana dupa inainte acum azi
        foarte mult multe vreau vrea vrem poate putem puteti trebuie fac faceti avem aveti
        fost multumesc mersi buna rog ajutor ajutati ceva cineva nimic nimeni mereu
        niciodata pentruca fiindca deoarece daca insa iar doar acest aceasta acesta aceste
        asta acolo aici fara intre langa imi iti isi comanda comenzii coletul colet banii
        bani contul parola sotul sotia fiul fiica copilul bunica medic spune spus zis scrie
        tradu primit primesc trimis ajuns livrare saptamana ziua zile cazut baut inghitit
        luat toata toti toate dintr nostru noastra vostru inapoi adus zice scris cel cea cei
        ala aia tare chiar decat adica numai niste aproape gasesc stiu stii stie vrei vreo
        jumatate sefu seful trebui acuma astea astia unui unei unor cumva vreodata oricum
        incat fratele sora copiii oameni lume munca serviciu caldura lumina bloc scara
        masina semnez semnam semnezi platesc platim""",
    "vi": """khong minh nhu nhung duoc nay bao nhieu khi hoac lam cung nguoi giup xin phai muon
        biet giao khoan khau hoa chong trai gai anh hom ngay gio phut tuan truoc trong ngoai
        duoi lai chua vua luon dau nha thuoc benh vien tuc vay kia nhi gium tai""",
    "id": """saya aku kamu kami mereka itu yang atau tidak nggak gak enggak bukan belum sudah
        udah akan sedang lagi bisa harus ingin apakah siapa kapan kenapa mengapa bagaimana
        gimana dimana mana berapa dengan dari untuk dalam oleh karena kalau jika tapi tetapi
        juga saja aja hanya sangat sekali banyak semua tolong terima kasih makasih selamat
        pagi siang malam hari besok kemarin sekarang tadi nanti minggu bulan tahun pesanan
        barang uang kata sandi suami istri anak ibu ayah bapak nenek kakek rumah dokter
        segera cepat orang adalah jadi seperti masih baru lebih kurang terjemahkan tuliskan
        buatkan jangan banget sih kok nih deh buat ngapain enaknya bikin bikinin temen
        katanya kantor jual resep ucapan gitu gini lain sampe malem pake harga yg dgn utk
        tdk sdh krn jg kpd bgt ukuran kirim dikirim kiriman alamat pesan balas kamar waktu
        buku tugas pelajaran sekolah kerja kerjaan minta punya boleh""",
}
FURTHER_LETTERS = {
    **dict.fromkeys("ěřů", ("cs",)),
    **dict.fromkeys("čšžťďňý", ("cs",)),
    **dict.fromkeys("őű", ("hu",)),
    **dict.fromkeys("șțţ", ("ro",)),
    "ă": ("ro", "vi"),
    **dict.fromkeys("đơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉĩịọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹ", ("vi",)),
}
"""Letters that few languages have; `í`, `á` and `ö` of these are other languages' too."""

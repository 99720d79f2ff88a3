"""Pairs that somebody wrote down one by one, of cultures that lists of names say little about: what documents and directories do
to a name there, and who else is near. Labels are ours, by published naming rules (the naming guides of the Library of Congress, ICAO
Doc 9303 part 3 and the articles on each culture's names); those that may be read otherwise are counted all the same.
"""

from __future__ import annotations

from tests.matching.labelled import Pair

SOURCE = "written by hand"
# (document, account) as (given names, family name), by culture.
GENUINE: dict[str, tuple[tuple[tuple[str, str], tuple[str, str]], ...]] = {
    "Icelandic": (
        (("JON", "EINARSSON"), ("Jón", "Einarsson")),
        (("GUDRUN", "THORSTEINSDOTTIR"), ("Guðrún", "Þorsteinsdóttir")),
        (("GUDRUN EVA", "THORSTEINSDOTTIR"), ("Guðrún", "Þorsteinsdóttir")),
        (("AEGIR", "OERN"), ("Ægir", "Örn")),
    ),
    "Indonesian": (
        (("", "SUHARTO"), ("Suharto", "Suharto")),
        (("", "SUHARTO"), ("Suharto", "")),
        (("SUHARTO", "SUHARTO"), ("", "Suharto")),
        (("SUSILO BAMBANG", "YUDHOYONO"), ("Susilo", "Bambang Yudhoyono")),
        (("MOHAMMAD", "HATTA"), ("Mohamad", "Hatta")),
        (("", "SUKARNO"), ("Soekarno", "Soekarno")),
    ),
    "Vietnamese": (
        (("VAN AN", "NGUYEN"), ("Văn An", "Nguyễn")),
        (("AN", "NGUYEN VAN"), ("Văn An", "Nguyễn")),
        (("NGUYEN VAN", "AN"), ("Văn An", "Nguyễn")),
        (("THI THUY DUONG", "DANG"), ("Thùy Dương", "Đặng")),
        (("THI HOA", "TRAN"), ("Thị Hòa", "Trần")),
    ),
    "Ethiopian": (
        (("ABEBE", "BIKILA"), ("Abebe", "Bikila")),
        (("ABEBE BIKILA", "DEMISSIE"), ("Abebe", "Bikila")),
        (("TEWODROS", "KASSAHUN"), ("Tewodros", "Kassahun Germamo")),
        (("HAILE", "GEBRE SELASSIE"), ("Haile", "Gebrselassie")),
        (("TSEGAYE", "BEKELE"), ("Tsegaye", "Beqele")),
    ),
    "Eritrean": ((("TESFAI", "GHEBREMARIAM"), ("Tesfay", "Gebremariam")),),
    "Burmese": (
        (("", "AUNG SAN SUU KYI"), ("Aung San Suu", "Kyi")),
        (("", "U THANT"), ("Thant", "Thant")),
        (("", "DAW KHIN MYO CHIT"), ("Khin Myo", "Chit")),
        (("", "KO KO GYI"), ("Ko Ko", "Gyi")),
    ),
    "Mongolian": (
        (("BATBAYAR", "DORJIIN"), ("Батбаяр", "Доржийн")),
        (("ENKHTUYA", "BATBOLD"), ("Enkhtuya", "Bat-Bold")),
        (("TSAKHIAGIIN", "ELBEGDORJ"), ("Elbegdorj", "Tsakhia")),
        (("OYUUNBILEG", "GANBOLD"), ("Oyunbileg", "Ganbold")),
    ),
    "Tamil": (
        (("SUBRAMANIAM", "RAJAGOPAL"), ("S", "Rajagopal")),
        (("RAJAGOPAL", "SUBRAMANIAM"), ("Rajagopal", "S")),
        (("ABDUL KALAM", "AVUL PAKIR JAINULABDEEN"), ("A P J Abdul", "Kalam")),
        (("VISWANATHAN", "ANAND"), ("Anand", "Viswanathan")),
    ),
    "Brazilian": (
        (("LUIZ INACIO", "LULA DA SILVA"), ("Luiz Inácio", "da Silva")),
        (("MARIA APARECIDA", "DOS SANTOS FERREIRA"), ("Maria", "Ferreira")),
        (("JOAO PEDRO", "SOUZA E SILVA"), ("João Pedro", "Souza Silva")),
        (("JOSE", "OLIVEIRA JUNIOR"), ("José", "Oliveira Júnior")),
        (("JOSE", "OLIVEIRA"), ("José", "Oliveira Filho")),
    ),
    "Portuguese": ((("ANA CATARINA", "COSTA PEREIRA"), ("Catarina", "Pereira")),),
    "Dutch": (
        (("JAN", "VAN DER BERG"), ("Jan", "Berg, van der")),
        (("JAN", "VAN DER BERG"), ("Jan van der", "Berg")),
        (("JAN", "V D BERG"), ("Jan", "van den Berg")),
        (("JAN", "VAN T HOF"), ("Jan", "van 't Hof")),
        (("MARIJKE", "DE VRIES"), ("Marijke", "de Vries-Jansen")),
        (("YVONNE", "IJSSELSTEIN"), ("Yvonne", "Ĳsselstein")),
    ),
    "Hungarian": (
        (("KOVACS", "JANOS"), ("János", "Kovács")),
        (("JANOS", "KOVACS"), ("János", "Kovács")),
        (("MARIA", "KOVACS JANOSNE"), ("Mária", "Kovács")),
        (("GYOERGY", "OEZE"), ("György", "Őze")),
    ),
    "Georgian": (
        (("GIORGI", "MARGVELASHVILI"), ("გიორგი", "მარგველაშვილი")),
        (("KHATIA", "TSIKHELASHVILI"), ("ხატია", "წიხელაშვილი")),
    ),
    "Armenian": (
        (("ARMEN", "SARGSYAN"), ("Armen", "Sarkissian")),
        (("HRANT", "PETROSYAN"), ("Հրանտ", "Պետրոսյան")),
        (("GAGIK", "HARUTYUNYAN"), ("Gagik", "Harutunian")),
    ),
    "Kazakh": (
        (("NURSULTAN", "NAZARBAYEV"), ("Нұрсұлтан", "Назарбаев")),
        (("ZHANAR", "AITZHANOVA"), ("Жанар", "Айтжанова")),
        (("AIGERIM", "QASYMOVA"), ("Айгерим", "Касымова")),
        (("AIGERIM", "KASYMOVA"), ("Aigerim", "Kassymova")),
        (("DINARA", "SERIKKYZY"), ("Динара", "Серікқызы")),
    ),
    "Hebrew": (
        (("YITZHAK", "COHEN"), ("יצחק", "כהן")),
        (("HAIM", "LEVI"), ("Chaim", "Levy")),
        (("MOSHE", "BEN DAVID"), ("Moshe", "Ben-David")),
        (("YAAKOV", "COHEN"), ("Yaacov", "Cohen")),
    ),
    "Arabic": (
        (("MOHAMMED", "AL RASHID"), ("Muhammad", "Alrashid")),
        (("MOHAMMED", "EL RASHID"), ("Mohammed", "Al-Rashid")),
        (("KHALID", "BIN SULTAN AL SAUD"), ("Khalid", "Al Saud")),
        (("AHMED MOHAMED", "HASSAN"), ("Ahmed", "Hassan")),
        (("ABDUL RAHMAN", "SALEH"), ("Abdulrahman", "Saleh")),
        (("ABD EL RAHMAN", "SALEH"), ("Abdelrahman", "Saleh")),
        (("YOUSSEF", "ABU BAKR"), ("Yousef", "Abubakr")),
        (("FATIMA", "BINT ALI"), ("Fatima", "Ali")),
    ),
    "Persian": (
        (("MOHAMMAD REZA", "HOSSEINI"), ("Mohammadreza", "Hosseini")),
        (("HOSSEIN", "AHMADI NEJAD"), ("Hossein", "Ahmadinejad")),
        (("SEYED ALI", "HOSSEINI"), ("Ali", "Hosseini")),
    ),
    "Urdu": (
        (("MUHAMMAD IMRAN", "KHAN"), ("Imran", "Khan")),
        (("", "MUHAMMAD IMRAN"), ("Muhammad", "Imran")),
    ),
    "Thai": (
        (("SOMCHAI", "JAIDEE"), ("สมชาย", "ใจดี")),
        (("WANCHAI", "SRISAI"), ("Vanchai", "Srisai")),
    ),
    "Khmer": ((("SEN", "HUN"), ("Hun", "Sen")),),
    "Filipino": (
        (("MA CRISTINA", "DELA CRUZ"), ("Maria Cristina", "de la Cruz")),
        (("JUAN REYES", "DELA CRUZ"), ("Juan", "Dela Cruz")),
    ),
    "Nigerian": (
        (("OLUWASEUN", "ADEBAYO"), ("Seun", "Adebayo")),
        (("CHUKWUEMEKA", "OKAFOR"), ("Emeka", "Okafor")),
        (("OLUFEMI", "ADE OJO"), ("Olúfẹ́mi", "Adé-Ojo")),
    ),
    "Ghanaian": (
        (("KWAME", "MENSAH"), ("Kwame Kofi", "Mensah")),
        (("AFUA", "MENSAH"), ("Efua", "Mensah")),
    ),
    "Irish": (
        (("SEAN", "O BRIEN"), ("Sean", "O’Brien")),
        (("AOIFE", "NI BHRIAIN"), ("Aoife", "Ní Bhriain")),
        (("PATRICK", "MAC CARTHY"), ("Patrick", "McCarthy")),
    ),
    "Scottish": (
        (("IAIN", "MAC DONALD"), ("Iain", "McDonald")),
        (("IAIN", "MACLEOD"), ("Iain", "M'Leod")),
    ),
    "Welsh": (
        (("DAFYDD", "AP GWILYM"), ("Dafydd", "ap Gwilym")),
        (("DAFYDD", "GWILYM"), ("Dafydd", "ap Gwilym")),
    ),
    "Catalan": (
        (("JORDI", "PUJOL I SOLEY"), ("Jordi", "Pujol")),
        (("LLUIS", "PUIG I CADAFALCH"), ("Lluís", "Puig Cadafalch")),
        (("JOSE", "PUIG SERRA"), ("Josep", "Puig Serra")),
    ),
    "Basque": ((("IKER", "GOIKOETXEA"), ("Iker", "Goicoechea")),),
    "Maltese": (
        (("GORG", "BORG"), ("Ġorġ", "Borg")),
        (("MARIA", "ZAMMIT"), ("Maria", "Żammit")),
        (("JOSEPH", "FARRUGIA"), ("Ġużeppi", "Farrugia")),
    ),
    "Turkish": (
        (("ISIL", "YILDIRIM"), ("Işıl", "Yıldırım")),
        (("IREM", "OZTURK"), ("İrem", "Öztürk")),
        (("CAGLA", "GUNES"), ("Çağla", "Güneş")),
    ),
    "Romanian": (
        (("STEFAN", "TANASE"), ("Ștefan", "Tănase")),
        (("STEFAN", "TARIGRADEANU"), ("Ştefan", "Ţarigrădeanu")),
    ),
    "Lithuanian": ((("DALIA", "GRYBAUSKAITE"), ("Dalia", "Grybauskaitė")),),
    "Latvian": ((("JANIS", "BERZINS"), ("Jānis", "Bērziņš")),),
    "Estonian": ((("ULO", "OUNAPUU"), ("Ülo", "Õunapuu")),),
    "Serbian": (
        (("DZENANA", "LJUBICIC"), ("Џенана", "Љубичић")),
        (("DORDE", "DOKOVIC"), ("Đorđe", "Đoković")),
        (("DJORDJE", "DJOKOVIC"), ("Đorđe", "Đoković")),
        (("DJORDJE", "DJOKOVIC"), ("Ђорђе", "Ђоковић")),
        (("NJEGOS", "ZUJOVIC"), ("Његош", "Жујовић")),
    ),
    "Macedonian": (
        (("KJIRE", "GJORGJIEV"), ("Ќире", "Ѓорѓиев")),
        (("KIRE", "GORGIEV"), ("Ќире", "Ѓорѓиев")),
    ),
    "Bulgarian": (
        (("HRISTO", "STOICHKOV"), ("Христо", "Стоичков")),
        (("YULIYA", "ANGELOVA"), ("Юлия", "Ангелова")),
        (("DIMITAR", "PEEV"), ("Димитър", "Пеев")),
    ),
    "Russian": (
        (("NATALIA", "IVANOVA"), ("Natalya", "Ivanova")),
        (("ALEKSEI", "IVANOV"), ("Alexey", "Ivanov")),
    ),
    "German": (
        (("KARL THEODOR", "ZU GUTTENBERG"), ("Karl-Theodor", "Freiherr zu Guttenberg")),
        (("PETER", "SCHMIDT"), ("P.", "Schmidt")),
    ),
    "Danish": ((("SOEREN", "KIERKEGAARD"), ("Søren", "Kierkegård")),),
    "Polish": (
        (("LUKASZ", "WLODARCZYK"), ("Łukasz", "Włodarczyk")),
        (("ANNA", "KOWALSKA"), ("Anna", "Kowalski")),
    ),
    "Greek": ((("MARIA", "PAPADOPOULOU"), ("Μαρία", "Παπαδοπούλου")),),
    "Chinese": ((("XIAOMING", "LI"), ("Xiao Ming", "Li")),),
    "Truncated": (
        (
            ("BERNADE", "PAPANDREOPOULOU KALOGEROPOULOU"),
            ("Bernadette Anastasia", "Papandreopoulou-Kalogeropoulou"),
        ),
    ),
}

STRANGERS: dict[str, tuple[tuple[tuple[str, str], tuple[str, str]], ...]] = {
    "Icelandic": (
        (("JON", "EINARSSON"), ("Jóna", "Einarsdóttir")),
        (("EINAR", "JONSSON"), ("Jón", "Einarsson")),
        (("GUDRUN", "THORSTEINSDOTTIR"), ("Guðný", "Þorsteinsdóttir")),
    ),
    "Indonesian": (
        (("", "SUHARTO"), ("Suharti", "Suharti")),
        (("", "SUHARTO"), ("Suharto", "Wijaya")),
    ),
    "Vietnamese": (
        (("VAN BINH", "NGUYEN"), ("Văn An", "Nguyễn")),
        (("THI AN", "NGUYEN"), ("Văn An", "Nguyễn")),
        (("VAN ANH", "NGUYEN"), ("Văn An", "Nguyễn")),
    ),
    "Ethiopian": (
        (("BIKILA", "ABEBE"), ("Abebe", "Bikila")),
        (("HIWOT", "BEKELE"), ("Haile", "Bekele")),
    ),
    "Burmese": (
        (("", "AUNG SAN"), ("Aung San Suu", "Kyi")),
        (("", "KHIN MYO THANT"), ("Khin Myo", "Chit")),
    ),
    "Mongolian": ((("GANBOLD", "OYUUN"), ("Ganbat", "Oyuun")),),
    "Tamil": (
        (("RAJAGOPAL", "SUBRAMANIAM"), ("Rajagopal", "K")),
        (("RAJESH", "SUBRAMANIAM"), ("Ramesh", "Subramaniam")),
    ),
    "Brazilian": ((("JOSE", "OLIVEIRA NETO"), ("José", "Oliveira Filho")),),
    "Portuguese": ((("ANA", "COSTA PEREIRA"), ("Rita", "Costa Pereira")),),
    "Dutch": (
        (("JAN", "VAN DEN BERG"), ("Jan", "van den Bosch")),
        (("PIET", "VAN DEN BERG"), ("Jan", "van den Berg")),
    ),
    "Hungarian": (
        (("JANOSNE", "KOVACS"), ("János", "Kovács")),
        (("JANOS", "KOVACS"), ("Jánosné", "Kovács")),
    ),
    "Georgian": (
        (("GIORGI", "BERIDZE"), ("Giorgi", "Berdzenishvili")),
        (("NINO", "BERIDZE"), ("Nana", "Beridze")),
    ),
    "Armenian": ((("ARMEN", "SARGSYAN"), ("Arman", "Sargsyan")),),
    "Kazakh": ((("DINARA", "SERIKKYZY"), ("Данияр", "Серікұлы")),),
    "Hebrew": (
        (("MOSHE", "BEN DAVID"), ("Moshe", "David")),
        (("DAN", "BAR LEV"), ("Dan", "Lev")),
    ),
    "Arabic": (
        (("ABDUL RAHMAN", "SALEH"), ("Abdul Rahim", "Saleh")),
        (("ABDUL RAHMAN", "SALEH"), ("Abdullah", "Saleh")),
        (("SULTAN", "BIN KHALID AL SAUD"), ("Khalid", "bin Sultan Al Saud")),
        (("KHALID", "BIN SULTAN"), ("Khalid", "bin Salman")),
        (("OMAR", "ABU BAKR"), ("Omar", "Bakr")),
    ),
    "Persian": ((("MOHAMMAD REZA", "HOSSEINI"), ("Mohammad Ali", "Hosseini")),),
    "Urdu": (
        (("MUHAMMAD IMRAN", "KHAN"), ("Muhammad Irfan", "Khan")),
        (("AYESHA", "BIBI"), ("Ayesha", "Begum")),
    ),
    "Thai": ((("SOMCHAI", "JAIDEE"), ("Somsak", "Jaidee")),),
    "Khmer": ((("SOPHEAP", "CHEA"), ("Sophea", "Chea")),),
    "Filipino": (
        (("JUAN", "DELA CRUZ"), ("Jose", "Dela Cruz")),
        (("JUAN", "DELA CRUZ JR"), ("Juan", "dela Cruz III")),
    ),
    "Nigerian": (
        (("OLUWASEUN", "ADEBAYO"), ("Oluwaseyi", "Adebayo")),
        (("CHINEDU", "OKAFOR"), ("Chinonso", "Okafor")),
    ),
    "Ghanaian": ((("KOFI", "MENSAH"), ("Kwame", "Mensah")),),
    "Irish": (
        (("SEAN", "OBRIEN"), ("Seán", "Ó Briain")),
        (("PATRICK", "MACDONALD"), ("Patrick", "MacDonnell")),
    ),
    "Scottish": ((("IAIN", "MAC DONALD"), ("Iain", "Donald")),),
    "Welsh": ((("RHYS", "AP DAFYDD"), ("Dafydd", "ap Rhys")),),
    "Catalan": ((("JORDI", "PUJOL SOLEY"), ("Oriol", "Pujol Ferrusola")),),
    "Basque": ((("MIKEL", "ETXEBERRIA"), ("Mikel", "Etxebarria")),),
    "Turkish": (
        (("ISIL", "YILDIRIM"), ("Işık", "Yıldırım")),
        (("MEHMET", "DEMIR"), ("Mehmet", "Demirel")),
    ),
    "Romanian": ((("ION", "POPESCU"), ("Ioan", "Popescu")),),
    "Lithuanian": (
        (("RASA", "KAZLAUSKIENE"), ("Rasa", "Kazlauskaitė")),
        (("JONAS", "KAZLAUSKAS"), ("Rasa", "Kazlauskienė")),
    ),
    "Latvian": (
        (("JANIS", "BERZINS"), ("Jana", "Bērziņa")),
        (("DZONS", "SMITS"), ("John", "Smith")),
    ),
    "Serbian": (
        (("DZENANA", "LJUBICIC"), ("Дженана", "Љубичић")),
        (("DJORDJE", "JOVANOVIC"), ("Djordje", "Ivanović")),
    ),
    "Bulgarian": ((("DIMITRINA", "PEEVA"), ("Димитър", "Пеев")),),
    "Russian": (
        (("OLEG", "IVANOV"), ("Olga", "Ivanova")),
        (("ALEKSANDR", "IVANOV"), ("Aleksandra", "Ivanova")),
        (("EVGENII", "IVANOV"), ("Evgenia", "Ivanova")),
        (("IVAN", "PETROV"), ("Petr", "Ivanov")),
    ),
    "German": (
        (("J", "SCHMIDT"), ("Peter", "Schmidt")),
        (("HANS PETER", "MUELLER"), ("Hans-Joachim", "Müller")),
    ),
    "Polish": ((("ANNA", "KOWALSKA"), ("Hanna", "Kowalska")),),
    "Czech": ((("JANA", "NOVAKOVA"), ("Jan", "Novák")),),
    "Greek": ((("GEORGIA", "PAPADOPOULOU"), ("Γεώργιος", "Παπαδόπουλος")),),
    "Chinese": ((("XIAOMING", "LI"), ("Xiaomin", "Li")),),
    "Truncated": (
        (("BERNADE", "PAPANDREOPOULOU KALOGEROPOULOU"), ("Berta", "Papandreopoulou-Kalogeropoulou")),
    ),
}


def by_hand() -> tuple[Pair, ...]:
    return tuple(
        Pair(culture, "by hand", shown, held, is_same, SOURCE)
        for listed, is_same in ((GENUINE, True), (STRANGERS, False))
        for culture, pairs in listed.items()
        for shown, held in pairs
    )

"""Names as documents print them and directories hold them: which mode brings them together, and which never may."""

from __future__ import annotations

import pytest

from tenants.directory.matching.letters import MAX_NAME
from tests.matching.people import MODES, compared, first_mode

# document, account, the strictest mode in which they agree
AGREE = [
    # ICAO Doc 9303 part 3, section 6, table A, and the other way round
    ("JUERGEN / MUELLER", "Jürgen / Müller", "exact"),
    ("JURGEN / MULLER", "Jürgen / Müller", "exact"),
    ("Jürgen / Müller", "JUERGEN / MUELLER", "exact"),
    ("JUERGEN / MUELLER", "Jurgen / Muller", "relaxed"),
    ("SOEREN / AAGAARD", "Søren / Ågård", "exact"),
    ("LUKASZ / STRAUSS", "Łukasz / Strauß", "exact"),
    ("THORA / AEGISDOTTIR", "Þóra / Ægisdóttir", "exact"),
    ("JOSE / MUNXXOZ", "José / Muñoz", "exact"),
    ("ALIYEV / ALIYEV", "Əliyev / Əliyev", "exact"),
    ("JAN / VAN DYK", "Jan / van Dijk", "relaxed"),
    # Table B and the tables of states
    ("IULIIA / SHCHERBAKOVA", "Юлия / Щербакова", "exact"),
    ("YULIYA / SHCHERBAKOVA", "Юлия / Щербакова", "exact"),
    ("Юлия / Щербакова", "IULIIA / SHCHERBAKOVA", "exact"),
    ("IULIIA / SHCHERBAKOVA", "Yuliya / Shcherbakova", "relaxed"),
    ("SERGEI / KISELEV", "Sergey / Kiselyov", "relaxed"),
    ("VOLODYMYR / ZELENSKYI", "Володимир / Зеленський", "exact"),
    ("GEORGI / VASILEV", "Георги / Василев", "exact"),
    ("DJORDJE / ZIVKOVIC", "Ђорђе / Живковић", "exact"),
    ("OLEKSANDR / TKACHENKO", "Alexander / Tkachenko", "fuzzy"),
    # ELOT 743
    ("GEORGIOS / PAPADOPOULOS", "Γεώργιος / Παπαδόπουλος", "exact"),
    ("EVANGELIA / ANGELOPOULOU", "Ευαγγελία / Αγγελοπούλου", "exact"),
    # Table C, and consonants
    ("MXHMD / XHSN", "محمد / حسن", "exact"),
    ("أحمد / حسن", "احمد / حسن", "exact"),
    ("فاطمة / علي", "فاطمه / على", "relaxed"),
    ("MOHAMMED / AL SAYED", "محمد / السيد", "fuzzy"),
    ("YITZHAK / COHEN", "יצחק / כהן", "fuzzy"),
    ("MUHAMMAD / HUSSAIN", "Mohamed / Hussein", "fuzzy"),
    # East Asia
    ("XIAOLONG / LI", "小龍 / 李", "exact"),
    ("XIAO LONG / LI", "Xiaolong / Li", "relaxed"),
    ("MINJUN / KIM", "민준 / 김", "exact"),
    ("MIN JOON / LEE", "민준 / 이", "fuzzy"),
    ("YUKO / SATOH", "ゆうこ / さとう", "relaxed"),
    ("YOKO / OHNO", "Yoko / Ono", "relaxed"),
    # Hyphens, apostrophes, particles, one word or two
    ("ANNA / NOVAK DVORAK", "Anna / Novák-Dvořák", "exact"),
    ("SIOBHAN / OBRIEN", "Siobhán / O'Brien", "exact"),
    ("SIOBHAN / O BRIEN", "Siobhán / O’Brien", "relaxed"),
    ("ANNA / DE LA CRUZ", "Anna / Delacruz", "relaxed"),
    ("VINCENT / VAN GOGH", "Vincent / Gogh", "relaxed"),
    ("JEAN LUC / PICARD", "Jean-Luc / Picard", "exact"),
    ("ANNAMARIA / ROSSI", "Anna Maria / Rossi", "relaxed"),
    # More or fewer names, other order, other fields
    ("MARIA ELENA / GARCIA LOPEZ", "Maria / Garcia", "relaxed"),
    ("ADA AUGUSTA / LOVELACE", "Augusta / Lovelace", "relaxed"),
    ("JOHN Q / SMITH", "John Quincy / Smith", "relaxed"),
    ("ANNA / IVANOVA", "Анна Сергеевна / Иванова", "relaxed"),
    ("ANNA / SCHMIDT MUELLER", "Anna / Müller-Schmidt", "relaxed"),
    ("JOSE / SILVA", "José / Silva Santos", "fuzzy"),
    ("WEI / ZHANG", "Zhang / Wei", "relaxed"),
    ("VAN AN / NGUYEN", "An / Nguyễn Văn", "relaxed"),
    ("/ MARIA ELENA GARCIA LOPEZ", "Maria / Garcia", "relaxed"),
    ("NURUL BINTI AHMAD /", "Nurul / Ahmad", "relaxed"),
    ("/ RAJ A/L KUMAR", "Raj / Kumar", "relaxed"),
    # One name
    ("/ SUHARTO", "Suharto / Suharto", "relaxed"),
    ("FNU / SUHARTO", "Suharto / .", "relaxed"),
    # Titles, honours, generations
    ("JOHN / SMITH", "Dr. John / Smith PhD", "relaxed"),
    ("JOHN / SMITH", "John / Smith Jr.", "relaxed"),
    # What people are called
    ("ROBERT / SMITH", "Bob / Smith", "fuzzy"),
    ("КОНСТАНТИН / ИВАНОВ", "Kostya / Ivanov", "fuzzy"),
    ("GIUSEPPE / ROSSI", "Beppe / Rossi", "fuzzy"),
    ("ISTVAN / NAGY", "Pista / Nagy", "fuzzy"),
    ("FRANCISCO / RUIZ", "Paco / Ruiz", "fuzzy"),
    ("ANNA / NOVAKOVA", "Anna / Novák", "fuzzy"),
    ("JOHN / SMITH", "J / Smith", "fuzzy"),
]
NEVER = [
    ("ANNA / MILLER", "Anna / Müller"),
    ("ANNA MARIA / ROSSI", "Anna Sofia / Rossi"),
    ("ADA / LOVELACE", "Grace / Lovelace"),
    ("JOHN JR / SMITH", "John / Smith Sr"),
    ("ALEXANDER / BERG", "Alexandra / Berg"),
    ("JOHN / SMITH", "Jane / Smith"),
    ("MARCO / ROSSI", "Marta / Rossi"),
    ("ERIC / HANSEN", "Eric / Jansen"),
    ("WEI / ZHANG", "Wei / Wang"),
    ("MIN JUN / KIM", "Min Ho / Kim"),
    ("/ SUHARTO", "Suharto / Wijaya"),
    ("/ ANNA", "Anna / Anna Novak"),
    ("BILL / SMITH", "Bob / Smith"),
    ("МАРИЯ / ИВАНОВА", "Марина / Иванова"),
    ("MICHAEL / NOVAK", "Michal / Novak"),
    ("AHMED / ALI", "Ali / Hassan"),
]


@pytest.mark.parametrize(("shown", "held", "mode"), AGREE, ids=[f"{row[0]} = {row[1]}" for row in AGREE])
def test_one_name_written_in_two_ways_agrees_from_its_mode_on(shown: str, held: str, mode: str):
    assert first_mode(shown, held) == mode
    later = MODES[MODES.index(mode) :]
    assert {compared(shown, held, known).decision.value for known in later} == {"match"}


@pytest.mark.parametrize(("shown", "held"), NEVER, ids=[f"{row[0]} ≠ {row[1]}" for row in NEVER])
def test_two_names_that_are_near_are_two_names(shown: str, held: str):
    assert first_mode(shown, held) == first_mode(held, shown) == "none"


CYRILLIC_A, GREEK_O = "\u0430", "\u03bf"
DISGUISED = {
    "mixed_scripts": [
        f"{CYRILLIC_A}nna / Novak",
        f"Anna / N{GREEK_O}vak",
        "Anna / No\u13d9ak",
        "Аnnа / Novak",
        "\U00017073nna / Novak",
    ],
    "hidden_characters": [
        "An\u200bna / Novak",
        "Anna\u202e / Novak",
        "Anna / \u2066Novak\u2069",
        "Anna / No\u00advak",
        "An\x00na / Novak",
        "An\u2028na / Novak",
        "Anna / No\u2060vak",
        "Anna / Novak\ufeff",
        "Anna / No\u3164vak",
        "An\u200cna / Novak",
        "Anna\u200e / Novak",
        "Anna / Nov\ue000ak",
    ],
    "unusual_letters": [
        "\u0251nna / Novak",
        "Anna / Nova\u1d0b",
        "\U0001f150nna / Novak",
        "Anna / Novak\U0001f600",
        "A\u20ddnna / Novak",
        "Anna\u0363 / Novak",
    ],
    "too_many_marks": [
        "A" + "\u0301\u0302\u0303\u0304\u0306" + "nna / Novak",
        "Anna / N" + "\u0337" * 190 + "ovak",
    ],
    "too_long": [
        "A" * (MAX_NAME + 1) + " / Novak",
        "Anna / " + "de " * 60 + "Novak",
        "Anna / " + "\ufdfa" * 150,
    ],
}


@pytest.mark.parametrize(
    ("trouble", "name"),
    [(trouble, name) for trouble, names in DISGUISED.items() for name in names],
    ids=[f"{trouble} {at}" for trouble, names in DISGUISED.items() for at in range(len(names))],
)
def test_a_name_in_disguise_agrees_with_nothing_and_says_why(trouble: str, name: str):
    for mode in MODES:
        for shown, held in (("Anna / Novak", name), (name, "Anna / Novak"), (name, name)):
            found = compared(shown, held, mode)
            assert (found.decision.value, found.confidence) == ("no_match", 0)
            assert found.reasons == ("names_not_usable", trouble)


@pytest.mark.parametrize(
    "name",
    [
        "می\u200cنا / رضایی",
        "क्\u200dष / शर्मा",
        "דוד\u200f / כהן",
        "葛\U000e0100 / 飾",
        "Nguye\u0302\u0303n / Văn",
        "שָׁלוֹם / כֹּהֵן",
        "Ɔkɔ / Mɛnsa",
        "ｗｉｄｅ / Ａｎｎａ",
        "山田 / タロウ子",
    ],
)
def test_what_belongs_to_a_script_is_no_disguise(name: str):
    assert compared(name, name, "exact").decision.value == "match"


def test_letters_that_only_look_alike_are_read_by_their_sound():
    """СОКО in Cyrillic looks like COKO and says SOKO."""
    assert first_mode("Anna / COKO", "Anna / СОКО") == "none"
    assert first_mode("Anna / SOKO", "Anna / СОКО") == "exact"

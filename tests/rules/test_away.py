"""Out of office: the day of return when it is said plainly, and never a guess."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import away

SENT = date(2026, 12, 22)  # a Tuesday
JAN_4 = date(2027, 1, 4)  # a Monday


def back(text, subject="Absence", sent=SENT):
    return away.back_on(subject, text, sent)


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour, je suis absent et serai de retour le 4 janvier.",
        "Je serai de retour au bureau le lundi 4 janvier 2027.",
        "Absente, de retour lundi 4 janvier. En cas d'urgence…",
        "Je serai à nouveau joignable à partir du 4 janvier.",
        "Mon retour est prévu le 04/01/2027.",
        "Retour au bureau demain ? Non : je reviens le 4 janv. 2027 !",
        "En congés du 23 décembre au 3 janvier inclus.",
        "Je suis en congés du 23 au 3 janvier.",
        "Absent jusqu'au 3 janvier 2027.",
        "I am out of office and will be back on Monday, January 4th.",
        "I'll be back in the office on 4 January 2027.",
        "I am away until January 3, 2027.",
        "Out of office from 23 December to 3 January. I return on 4th of January.",
        "I will be returning to work on Jan 4, 2027",
        "Back 2027-01-04.",
        "Ich bin bis zum 3. Januar nicht im Büro.",
        "Ich bin ab dem 4. Januar 2027 wieder für Sie erreichbar.",
        "Ab Montag, 04.01.2027 bin ich wieder da.",
        "Ich bin am 4. Januar wieder im Büro.",
        "Vom 23.12. bis 03.01.2027 bin ich im Urlaub. Zurück am 4.1.2027.",
        "Estaré de vuelta el lunes 4 de enero de 2027.",
        "Volveré a la oficina el 4 de enero.",
        "Estoy de vacaciones hasta el 3 de enero.",
        "Fuera de la oficina del 23 de diciembre al 3 de enero.",
    ],
)
def test_a_day_that_is_said_plainly(text):
    assert back(text) == JAN_4


def test_the_subject_says_it_too():
    assert back("Merci.", "Réponse automatique : absent, de retour le 4 janvier") == JAN_4
    assert back("", "Out of office until 3 January: your mail") == JAN_4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Je suis absent.",
        "De retour lundi.",
        "Back tomorrow!",
        "Back on Monday.",
        # When it begins, or what else happens then.
        "Je serai absent à partir du 4 janvier.",
        "Notre réunion du 4 janvier est maintenue.",
        "I will get back to you on January 4th.",
        "Je reviens vers vous le 4 janvier.",
        "Please call back on 4 January.",
        "Ab dem 4. Januar bin ich nicht erreichbar.",
        # Two of them.
        "De retour le 4 janvier, ou le 11 janvier.",
        "Anne is back on January 4th, Paul is back on January 5th.",
        "Back on January 4th. I am away until January 10th.",
        # Day and month, or month and day.
        "I will be back in the office on 01/02/2027.",
        # No such day, or not that day of the week.
        "De retour le 31 février.",
        "De retour le mardi 4 janvier.",
        "Back on Someday 4 January.",
        # Over, today, or too far ahead.
        "De retour le 21 décembre 2026.",
        "De retour le 22 décembre.",
        "De retour le 4 janvier 2026.",
        "De retour le 4 septembre 2027.",
        "Back on 2027-13-45.",
        "De retour le 4/1/2027/8.",
    ],
)
def test_what_is_not_plain_is_not_guessed(text):
    assert back(text) is None


def test_where_only_one_reading_is_a_day_it_is_that():
    assert back("I will be back in the office on 01/25/2027.") == date(2027, 1, 25)
    assert back("I will be back in the office on 25/01/2027.") == date(2027, 1, 25)


def test_without_a_year_it_is_the_coming_one():
    assert back("De retour le 28 décembre.") == date(2026, 12, 28)
    assert back("De retour le 4 janvier.", sent=date(2027, 1, 3)) == JAN_4


PIECES = (
    "de retour le 4 janvier back on 04/01/2027 until jusqu'au bis zum 3. Januar wieder ab dem "
    "hasta el 2027-01-04 lundi monday du au from to , . 99 enero"
)
WORDS = st.lists(st.sampled_from(PIECES.split()), max_size=30).map(" ".join)


@given(st.one_of(st.text(), WORDS), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_it_never_raises_and_what_it_says_lies_ahead(text, sent):
    found = away.back_on(text, text, sent)
    if found is not None:
        assert timedelta(0) < found - sent <= away.AT_MOST + timedelta(days=1)


@pytest.mark.parametrize(
    "text", ["back on " * 200_000, "du 1 au " * 200_000, "1" * 10**6, "ab 1.1. " * 200_000]
)
def test_a_megabyte_takes_no_time(text):
    assert back(text, text) is None

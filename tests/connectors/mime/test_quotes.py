"""Where the quote starts, in the forms of four mail programs and four languages."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mime.quotes import fold

NEW = "Bonjour Paul,\n\nD'accord pour mardi.\n\nCordialement,\nAnn\n\n"

QUOTES = {
    "gmail fr": (
        "Le lun. 3 mars 2025 à 10:12, Jean Dupont <jean@dupont.example> a écrit :\n"
        "\n> Bonjour\n> à vous\n"
    ),
    "gmail fr wrapped": (
        "Le lun. 3 mars 2025 à 10:12, Jean Dupont de la Société\n"
        "<jean@dupont.example> a écrit :\n\n> Bonjour\n"
    ),
    "gmail en": ("On Mon, Mar 3, 2025 at 10:12 AM Jean <jean@dupont.example> wrote:\n> Hello\n"),
    "gmail en, no signs": (
        "On Mon, Mar 3, 2025 at 10:12 AM Jean <jean@dupont.example> wrote:\n\n"
        "Hello Ann,\nhow are you?\n"
    ),
    "gmail de": (
        "Am Mo., 3. März 2025 um 10:12 Uhr schrieb Jean <jean@dupont.example>:\n\n> Hallo\n"
    ),
    "gmail es": (
        "El lun, 3 mar 2025 a las 10:12, Jean (<jean@dupont.example>) escribió:\n\n> Hola\n"
    ),
    "thunderbird fr": "Le 03/03/2025 à 10:12, Jean Dupont a écrit :\n> Bonjour\n>\n> Suite\n",
    "thunderbird de": "Am 03.03.25 um 10:12 schrieb Jean Dupont:\n> Hallo\n",
    "thunderbird en": "On 3/3/25 10:12, Jean Dupont wrote:\n> Hello\n",
    "apple fr": (
        "Le 3 mars 2025 à 10:12, Jean Dupont <jean@dupont.example> a écrit :\n\nBonjour Ann\n"
    ),
    "apple en": ("On 3 Mar 2025, at 10:12, Jean Dupont <jean@dupont.example> wrote:\n\n> Hello\n"),
    "apple forward": ("Begin forwarded message:\n\nFrom: Jean <jean@dupont.example>\nSubject: x\n"),
    "apple forward fr": "Début du message réexpédié :\n\nDe: Jean <jean@dupont.example>\n",
    "phone": "Jean <jean@dupont.example> a écrit :\n> Bonjour\n",
    "outlook fr": (
        "De : Jean Dupont <jean@dupont.example>\n"
        "Envoyé : lundi 3 mars 2025 10:12\nÀ : Ann <ann@acme.example>\n"
        "Objet : Devis\n\nBonjour\n"
    ),
    "outlook fr line": (
        "________________________________\n"
        "De : Jean Dupont <jean@dupont.example>\n"
        "Envoyé : lundi 3 mars 2025 10:12\nÀ : Ann\nObjet : Devis\n\nBonjour\n"
    ),
    "outlook en": (
        "From: Jean Dupont <jean@dupont.example>\n"
        "Sent: Monday, March 3, 2025 10:12 AM\nTo: Ann\nSubject: Quote\n\nHello\n"
    ),
    "outlook de": (
        "Von: Jean Dupont <jean@dupont.example>\n"
        "Gesendet: Montag, 3. März 2025 10:12\nAn: Ann\nBetreff: Angebot\n\nHallo\n"
    ),
    "outlook es": (
        "De: Jean Dupont <jean@dupont.example>\n"
        "Enviado el: lunes, 3 de marzo de 2025 10:12\nPara: Ann\nAsunto: Oferta\n\n"
        "Hola\n"
    ),
    "outlook bold": (
        "*De :* Jean Dupont <jean@dupont.example>\n*Envoyé :* lundi 3 mars 2025\n"
        "*À :* Ann\n*Objet :* Devis\n\nBonjour\n"
    ),
    "old outlook fr": "-----Message d'origine-----\nDe : Jean\n\nBonjour\n",
    "old outlook en": "-----Original Message-----\nFrom: Jean\n\nHello\n",
    "old outlook de": "-----Ursprüngliche Nachricht-----\nVon: Jean\n\nHallo\n",
    "old outlook es": "-----Mensaje original-----\nDe: Jean\n\nHola\n",
    "forward gmail": "---------- Forwarded message ---------\nDe : Jean\n\nBonjour\n",
    "forward thunderbird": (
        "-------- Message transféré --------\nSujet : x\nDe : Jean\n\nBonjour\n"
    ),
    "bare signs": "> Bonjour\n>> encore\n\n> fin\n",
}


@pytest.mark.parametrize("form", QUOTES)
def test_the_quote_starts_here(form):
    quote = QUOTES[form]
    assert fold(NEW + quote) == len(NEW)


@pytest.mark.parametrize("form", QUOTES)
def test_line_ends_with_cr_make_no_difference(form):
    text = (NEW + QUOTES[form]).replace("\n", "\r\n")
    assert fold(text) == len(NEW.replace("\n", "\r\n"))


@pytest.mark.parametrize("form", QUOTES)
def test_a_mail_that_is_all_quote_starts_at_once(form):
    assert fold(QUOTES[form]) == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bonjour,\n\nmerci.\n",
        # An answer between the lines: what is written after a quote is not folded away.
        "On 3/3/25 10:12, Jean wrote:\n> Question one?\nYes.\n> Question two?\nNo.\n",
        "Le 3 mars 2025, j'ai reçu votre devis.\nLe prix me convient.\n",
        "On Monday we met at 10:12.\nIt was good.\n",
        "De : la part de tous\n\nMerci pour tout.\n",
        "From: here to there is a long way, says 1 man.\n",
        "El 3 de marzo: nada.\n",
    ],
)
def test_nothing_is_quoted(text):
    assert fold(text) is None


def test_only_the_end_is_folded_when_there_are_answers_in_between():
    text = "On 3/3/25 10:12, Jean wrote:\n> One?\nYes.\n> Two?\n> Three?\n"
    assert fold(text) == text.index("> Two?")


@pytest.mark.parametrize(
    "text",
    [
        "On On " * 20_000,
        "On 1\n" * 20_000,
        "\n" * 60_000,
        "> a\nb\n" * 15_000,
        "From: x\n" * 10_000,
        "Le 1 " + "x" * 60_000 + "\n" + "a écrit :\n",
        "-" * 65_000,
        "_ " * 30_000,
        "a@b " * 16_000 + "wrote:",
    ],
)
def test_hostile_texts_take_linear_time(text):
    started = time.process_time()
    fold(text)
    assert time.process_time() - started < 0.5


@given(st.text("a>@ \nOn1:LeDFrom-_*wrtéci", max_size=300))
def test_an_offset_is_at_the_start_of_a_line(text):
    offset = fold(text)
    if offset is not None:
        assert offset == 0 or text[offset - 1] == "\n"
        assert 0 <= offset < len(text)

"""Where the quote starts, in the forms of four mail programs and four languages.

Longer than most, for the forms are written out: a page of each.
"""

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mime.quotes import fold

DIFFERENCES = Path(__file__).parent / "replies.toml"

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
    # The name first, as Gmail has it since 2016.
    "gmail de, name first": (
        "Jean Dupont <jean@dupont.example> schrieb am Mo., 3. März\n2025 um 10:12 Uhr:\n\n> Hallo\n"
    ),
    "gmail, no verb": "2025-03-03 10:12 GMT+01:00 Jean <jean@dupont.example>:\n\n> Bonjour\n",
    "gmail, no verb, wrapped": (
        "2025-03-03 10:12 GMT+01:00 Jean de la Société <\njean@dupont.example>:\n\n> Oui\n"
    ),
    "gmail es, bare": "El lun, 3 mar 2025 a las 10:12, Jean escribió:\n\nHola Ann,\n¿qué tal?\n",
    "thunderbird es": "El 3/3/25 a las 10:12, Jean Dupont escribió:\n> Hola\n>\n> Adiós\n",
    "thunderbird forward de": (
        "-------- Weitergeleitete Nachricht --------\nBetreff: x\nVon: Jean\n\nHallo\n"
    ),
    "thunderbird forward es": "-------- Mensaje reenviado --------\nAsunto: x\nDe: Jean\n\nHola\n",
    "apple de": (
        "Am 03.03.2025 um 10:12 schrieb Jean Dupont <jean@dupont.example>:\n\nHallo Ann,\nja.\n"
    ),
    "apple es": "El 3 mar 2025, a las 10:12, Jean Dupont <jean@dupont.example> escribió:\n\nHola\n",
    "apple forward de": "Anfang der weitergeleiteten Nachricht:\n\nVon: Jean\nBetreff: x\n",
    "apple forward es": "Inicio del mensaje reenviado:\n\nDe: Jean\nAsunto: x\n",
    "outlook fr, new": (
        "De : Jean Dupont <jean@dupont.example>\n"
        "Date : lundi, 3 mars 2025 à 10:12\nÀ : Ann <ann@acme.example>\n"
        "Cc : Paul\nObjet : Re: Devis\n\nBonjour\n"
    ),
    "outlook de, line": (
        "________________________________\n"
        "Von: Jean Dupont <jean@dupont.example>\n"
        "Gesendet: Montag, 3. März 2025 10:12\nAn: Ann\nCc: Paul\nBetreff: AW: Angebot\n\nHallo\n"
    ),
    "outlook es, line": (
        "_____________________________\n"
        "De: Jean Dupont <jean@dupont.example>\n"
        "Enviado: lunes, 3 de marzo de 2025 10:12\nPara: Ann\nAsunto: RE: Oferta\n\nHola\n"
    ),
    "address apart": (
        "Le 3 mars 2025 à 10:12, Jean Dupont\n\n<\njean@dupont.example\n> a écrit :\n\nBonjour\n"
    ),
}

SIGNATURES = {
    "by the book": "-- \nAnn Martin\nAcme, 12 rue de la Paix\n+33 1 23 45 67 89\n",
    "by the book, long": "-- \n" + "une ligne de mentions légales\n" * 40,
    "without the blank": "--\nAnn Martin\nAcme\n",
    "above a quote": "-- \nAnn Martin\n\nLe 03/03/2025 à 10:12, Jean Dupont a écrit :\n> Bonjour\n",
    "phone fr": "Envoyé de mon iPhone\n",
    "phone fr, old": "Envoyé depuis mon mobile Orange\n",
    "outlook fr": "Obtenir Outlook pour Android<https://aka.example/x>\n",
    "phone en": "Sent from my iPhone\n",
    "phone de": "Von meinem iPhone gesendet\n",
    "phone de, k-9": "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.\n",
    "mail de": "Gesendet von Mail für Windows\n",
    "phone es": "Enviado desde mi iPhone\n",
    "outlook es": "Obtener Outlook para iOS\n",
    "phone above a quote": (
        "Envoyé de mon iPhone\n\n"
        "> Le 3 mars 2025 à 10:12, Jean <j@dupont.example> a écrit :\n>\n> Oui\n"
    ),
}


@pytest.mark.parametrize("form", QUOTES)
def test_the_quote_starts_here(form):
    quote = QUOTES[form]
    assert fold(NEW + quote) == len(NEW)


@pytest.mark.parametrize("form", SIGNATURES)
def test_the_signature_starts_here(form):
    assert fold(NEW + SIGNATURES[form]) == len(NEW)


def test_a_quote_below_a_signature_below_a_quote_is_folded_with_them():
    text = "Oui.\n\n> Demain ?\n\n--\nAnn\n"
    assert fold(text) == len("Oui.\n\n")


def test_a_reply_below_the_quote_is_shown_without_its_signature():
    text = "Am 3.3.25 um 10:12 schrieb Jean:\n> Morgen?\n\nJa.\n\n-- \nAnn\n"
    assert fold(text) == text.index("-- \n")


def test_bare_signs_alone_are_all_there_is_to_see():
    assert fold("> Bonjour\n>> encore\n\n> fin\n") is None
    assert fold(NEW + "> Bonjour\n>> encore\n\n> fin\n") == len(NEW)


def test_nothing_but_an_announced_quote_starts_at_once():
    assert fold("> On 3 Mar 2025, at 10:12, Jean <j@dupont.example> wrote:\n>\n> Hello\n") == 0


@pytest.mark.parametrize("form", QUOTES)
def test_line_ends_with_cr_make_no_difference(form):
    text = (NEW + QUOTES[form]).replace("\n", "\r\n")
    assert fold(text) == len(NEW.replace("\n", "\r\n"))


UNSIGNED = {
    "gmail en, no signs", "gmail es, bare", "apple fr", "apple de", "apple es", "address apart",
}  # fmt: skip


@pytest.mark.parametrize("form", sorted(QUOTES.keys() - UNSIGNED))
def test_a_mail_that_is_all_quote_starts_at_once(form):
    assert fold(QUOTES[form]) == 0


@pytest.mark.parametrize("form", sorted(UNSIGNED))
def test_an_attribution_on_top_without_signs_may_lead_into_the_answer(form):
    assert fold(QUOTES[form]) is None


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
        "En 1862, Victor Hugo a écrit :\n\nLes Misérables.\n",
        "Am 3. März schrieb er uns, und am 4. kam die Ware.\nAlles gut.\n",
        "Reste à faire :\n--\n" + "une ligne\n" * 30,
        "Von mir aus gern.\nBis morgen.\n",
        "Sent from the warehouse on Monday, it arrived today.\nThank you.\n",
    ],
)
def test_nothing_is_quoted(text):
    assert fold(text) is None


def test_only_the_end_is_folded_when_there_are_answers_in_between():
    text = "On 3/3/25 10:12, Jean wrote:\n> One?\nYes.\n> Two?\n> Three?\n"
    assert fold(text) == text.index("> Two?")


HOSTILE = (
    "On On ",
    "On 1\n",
    "On 1 10:10 a wrote:\n> q\nx\n",
    "\n",
    "> a\nb\n",
    "From: x\n",
    "Le 1 " + "x" * 380 + "\n",
    "-",
    "_ ",
    "a@b wrote\n",
    "1/1/2000 wrote " * 25 + "\n",
    "--\nx\n> q\n",
    "--" + " wrote" * 60 + "\n",
    "2000-01-01 " + "<a@" * 120 + "\n",
    "envoyé avec " + "y" * 160 + "\n",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_megabyte_takes_twice_as_long_as_half_of_it(piece):
    half, whole = (_seconds(piece * (size // len(piece))) for size in (500_000, 1_000_000))
    # Quadratic would be fourfold; what takes no time at all has no ratio.
    assert whole < 3 * half + 0.02
    assert whole < 20


def _seconds(text):
    """The least of three rounds: what else the machine does disturbs each."""
    return min(_round(text) for _ in range(3))


def _round(text):
    started = time.process_time()
    fold(text)
    return time.process_time() - started


def test_what_others_expect_of_real_replies(corpus, record_property):
    """Every mail of the set, and a verdict on each that differs."""
    accepted = tomllib.loads(DIFFERENCES.read_text())["differences"]
    tests = corpus / "mail" / "reply-bodies-discourse" / "test"
    differ = set()
    files = sorted((tests / "emails").iterdir())
    for file in files:
        text = file.read_text("utf-8")
        expected = (tests / "trimmed" / file.name).read_text("utf-8")
        if text[: fold(text)].split() != expected.split():
            differ.add(file.name)
    record_property("told", f"replies: {len(files) - len(differ)} of {len(files)} as expected")
    assert differ == accepted.keys()
    assert len(files) - len(differ) >= 58


@given(st.text("a>@ \nOn1:LeDFrom-_*wrtéci", max_size=300))
def test_an_offset_is_at_the_start_of_a_line(text):
    offset = fold(text)
    if offset is not None:
        assert offset == 0 or text[offset - 1] == "\n"
        assert 0 <= offset < len(text)

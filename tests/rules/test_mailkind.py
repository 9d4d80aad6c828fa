"""Kinds of mail, by the signs that real programs leave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import mailkind
from rules.mailkind import kind
from rules.model.sightings import EventRef, MailKind
from tests.rules.house import mail

SIGNS = [
    (MailKind.HUMAN, {}, {}),
    (MailKind.HUMAN, {}, {"auto-submitted": "no"}),
    (MailKind.HUMAN, {}, {"x-auto-response-suppress": "All"}),
    (MailKind.HUMAN, {"subject": "Re: absence de réponse"}, {}),
    (
        MailKind.BOUNCE,
        {},
        {"content-type": 'multipart/report; report-type="delivery-status"; boundary=x'},
    ),
    (MailKind.BOUNCE, {"from_": "MAILER-DAEMON@mx.acme.fr"}, {}),
    (MailKind.BOUNCE, {}, {"x-failed-recipients": "x@y.fr"}),
    (MailKind.BOUNCE, {"subject": "Undeliverable: Devis"}, {"return-path": "<>"}),
    (MailKind.BOUNCE, {"subject": "Message non remis", "from_": ""}, {}),
    (MailKind.HUMAN, {"subject": "Undeliverable: Devis"}, {"return-path": "<a@b.fr>"}),
    (MailKind.HUMAN, {"subject": "Devis"}, {"return-path": "<>"}),
    (MailKind.INVITATION, {}, {"content-type": "text/calendar; method=REQUEST"}),
    (MailKind.INVITATION, {"invites": EventRef("u")}, {}),
    (MailKind.AUTO_REPLY, {}, {"auto-submitted": "auto-replied (vacation)"}),
    # Exchange's vacation notice: it answers something.
    (MailKind.AUTO_REPLY, {"references": ("a@b",)}, {"auto-submitted": "auto-generated"}),
    (MailKind.AUTO_REPLY, {"subject": "Abwesend: Angebot"}, {"x-autoreply-from": "x@y.fr"}),
    (MailKind.AUTO_REPLY, {}, {"x-autoreply": "yes"}),
    (MailKind.AUTO_REPLY, {}, {"precedence": "auto_reply"}),
    (MailKind.AUTO_REPLY, {"subject": "Réponse automatique : Devis"}, {}),
    (MailKind.AUTO_REPLY, {"subject": "Out of Office: Devis"}, {}),
    (MailKind.AUTO_REPLY, {"subject": "Absence du bureau"}, {}),
    (MailKind.AUTO_REPLY, {"subject": "Automatische Antwort: Angebot"}, {}),
    (MailKind.AUTO_REPLY, {"subject": "Abwesenheitsnotiz: Angebot"}, {}),
    (MailKind.AUTO_REPLY, {"subject": "Respuesta automática: Oferta"}, {}),
    (MailKind.AUTO_REPLY, {"subject": "Fuera de la oficina"}, {}),
    (MailKind.HUMAN, {"subject": "Re: Fuera de la oficina"}, {}),
    (
        MailKind.READ_RECEIPT,
        {"subject": "Lu : Devis"},
        {"content-type": "multipart/report; report-type=disposition-notification; boundary=x"},
    ),
    (MailKind.MACHINE, {}, {"auto-submitted": "auto-generated; owner-email=x"}),
    (MailKind.MACHINE, {}, {"auto-submitted": "auto-notified"}),
    (MailKind.MACHINE, {}, {"content-type": "multipart/report; report-type=feedback-report"}),
    (MailKind.MACHINE, {"from_": "No-Reply@acme.fr"}, {}),
    (MailKind.MACHINE, {"from_": "ne-pas-repondre@acme.fr"}, {}),
    (MailKind.MACHINE, {"from_": "noreply-orders@acme.fr"}, {}),
    (MailKind.HUMAN, {"from_": "noel.reply@acme.fr"}, {}),
    (MailKind.NEWSLETTER, {"from_": "noreply@acme.fr"}, {"list-unsubscribe": "<https://x>"}),
    (MailKind.NEWSLETTER, {}, {"list-unsubscribe": "<https://x>", "list-id": "<x.mcsv.net>"}),
    (MailKind.NEWSLETTER, {}, {"precedence": "bulk"}),
    (MailKind.LIST, {}, {"list-id": "<dev.acme.fr>"}),
    (
        MailKind.LIST,
        {},
        {"list-post": "<mailto:dev@acme.fr>", "list-unsubscribe": "<mailto:x>"},
    ),
]


@pytest.mark.parametrize(("expected", "fields", "headers"), SIGNS)
def test_kind(expected, fields, headers):
    assert kind(mail(headers=headers, **fields)) is expected


def test_headers_of_a_megabyte_take_no_time():
    huge = "\u00e9" * 1_000_000
    message = mail(subject=huge, headers={"content-type": huge, "auto-submitted": huge})
    assert kind(message) is MailKind.AUTO_REPLY


fields = st.dictionaries(
    st.sampled_from((*mailkind.HEADERS, "subject", "x-other")),
    st.sampled_from(
        (
            "",
            "bulk",
            "list",
            "no",
            "auto-replied",
            "<mailto:a@b.example>",
            "text/plain; charset=utf-8",
            "<>",
            "Text/Plain",
            "text/calendar; method=REQUEST",
            'multipart/report; report-type="delivery-status"',
            "multipart/mixed; report-type = delivery-status",
            "multipart/report; report-type=disposition-notification",
            "urn:content-classes:calendarmessage",
        )
    ),
    max_size=3,
)


@given(
    fields,
    st.sampled_from(("Devis", "Réponse automatique : congés", "Unzustellbar: Angebot", "")),
    st.sampled_from(("a@b.example", "MAILER-DAEMON@b.example", "no-reply@b.example", "")),
    st.sampled_from((None, EventRef("1"))),
)
def test_what_is_plain_at_a_glance_is_what_the_table_says(headers, subject, author, invites):
    message = mail(author, subject=subject, headers=headers, invites=invites)
    by_table = (its for its, has_sign in mailkind.SIGNS if has_sign(message))
    assert kind(message) is next(by_table, MailKind.HUMAN)

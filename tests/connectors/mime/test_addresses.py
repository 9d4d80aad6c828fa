"""Addresses as mail programs really write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mime.addresses import addresses


@pytest.mark.parametrize(
    ("value", "people"),
    [
        ("a@b", [("a@b", "")]),
        ("<a@b>", [("a@b", "")]),
        ("Ann <a@b>", [("a@b", "Ann")]),
        ('"Dupont, Jean" <a@b>', [("a@b", "Dupont, Jean")]),
        ("a@b (Ann)", [("a@b", "Ann")]),
        ("a@b, c@d", [("a@b", ""), ("c@d", "")]),
        # Outlook's semicolons.
        ("a@b; c@d;", [("a@b", ""), ("c@d", "")]),
        ("Team: a@b, Carl <c@d>;, e@f", [("a@b", ""), ("c@d", "Carl"), ("e@f", "")]),
        ("undisclosed-recipients:;", []),
        ("", []),
        ("MAILER-DAEMON", []),
        ("nobody", []),
        ("<>", []),
        ("=?utf-8?q?Dupont,_Jean?= <a@b>", [("a@b", "Dupont, Jean")]),
        ("=?utf-8?q?J=C3=A9an?= =?utf-8?q?_Paul?= <a@b>", [("a@b", "Jéan Paul")]),
        ('"=?utf-8?q?quoted_anyway?=" <a@b>', [("a@b", "quoted anyway")]),
        # All of it in one word.
        ("=?utf-8?q?Ann_<a@b>?=", [("a@b", "Ann")]),
        ('"a@b" <a@b>', [("a@b", "")]),
        ("'a@b' <a@b>", [("a@b", "")]),
        ('"Ann \\"A\\" B" <a@b>', [("a@b", 'Ann "A" B')]),
        ('"never closed <a@b>, c@d', [("a@b", "never closed"), ("c@d", "")]),
        ("Ann <a@b", [("a@b", "Ann")]),
        ("Ann <@relay.example:a@b>", [("a@b", "Ann")]),
        ("Ann <a@b> <c@d>", [("a@b", "Ann")]),
        ("Ann <not an address>, c@d", [("c@d", "")]),
        ("a@b <c@d>", [("c@d", "a@b")]),
        ("é <é@é.example>", [("é@é.example", "é")]),
        ("Ann\u202e <a\u200b@b>", [("a@b", "Ann")]),
        ("a b <x@[192.0.2.1]>", [("x@[192.0.2.1]", "a b")]),
        ('"john doe"@x.example', [("johndoe@x.example", "")]),
        ("a@@b", [("a@@b", "")]),
        (f"{'x' * 400}@b, c@d", [("c@d", "")]),
    ],
)
def test_what_is_written_and_who_is_meant(value, people):
    assert [(a.email, a.name) for a in addresses(value)] == people


NAME = st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="\"'\\")


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z0-9._+-]{1,20}@[a-z0-9]{1,10}\.example", fullmatch=True),
            st.text(NAME),
        ),
        min_size=1,
        max_size=8,
    )
)  # fmt: skip
def test_quoted_lists_are_read_back(people):
    value = ", ".join(f'"{name}" <{email}>' for email, name in people)
    assert [a.email for a in addresses(value)] == [email for email, _ in people]

"""Replies: what one line of plain words asks for, and tokens that can't be forged."""

import base64
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import merge, replies
from rules.merge import Changes
from rules.model.followups import Command, FollowUpId, NotUnderstood, State, Verb, Why
from rules.model.people import UserId
from rules.model.sightings import When
from tests.rules.house import NOW, follow_up

PARIS = ZoneInfo("Europe/Paris")
# Today, a Tuesday, from ten to eleven in Paris.
CURRENT = When(NOW + timedelta(minutes=30), NOW + timedelta(minutes=90), zone="Europe/Paris")


def parse(text, current=CURRENT, language="fr"):
    return replies.parse(text, NOW, PARIS, language, current)


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("done", Verb.DONE),
        ("Done, thanks!", Verb.DONE),
        ("Fait.", Verb.DONE),
        ("FAIT merci", Verb.DONE),
        ("c’est fait", Verb.DONE),
        ("ok", Verb.DONE),
        ("Terminé", Verb.DONE),
        ("not needed", Verb.NOT_NEEDED),
        ("not_needed", Verb.NOT_NEEDED),
        ("inutile", Verb.NOT_NEEDED),
        ("Annuler svp", Verb.NOT_NEEDED),
        ("reopen", Verb.REOPEN),
        ("À faire", Verb.REOPEN),
    ],
)
def test_verbs(text, verb):
    assert parse(text) == Command(verb)


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("+3d", "2026-11-27 10:00"),
        ("+3j", "2026-11-27 10:00"),
        ("+ 3 jours", "2026-11-27 10:00"),
        ("in 3 days", "2026-11-27 10:00"),
        ("dans 3 jours", "2026-11-27 10:00"),
        ("+2h", "2026-11-24 12:00"),
        ("+1w", "2026-12-01 10:00"),
        ("+1s", "2026-12-01 10:00"),
        ("+45 min", "2026-11-24 10:45"),
        ("demain", "2026-11-25 10:00"),
        ("demain 9h", "2026-11-25 09:00"),
        ("Demain à 9h30", "2026-11-25 09:30"),
        ("tomorrow at 5pm", "2026-11-25 17:00"),
        ("après-demain", "2026-11-26 10:00"),
        ("mardi 10h", "2026-12-01 10:00"),
        ("mardi 10:30", "2026-12-01 10:30"),
        ("Mardi, 10 h 30", "2026-12-01 10:30"),
        ("tuesday 10am", "2026-12-01 10:00"),
        ("on friday at 12:15 pm", "2026-11-27 12:15"),
        ("ven. midi", "2026-11-27 12:00"),
        ("next monday", "2026-11-30 10:00"),
        ("lundi prochain", "2026-11-30 10:00"),
        ("la semaine prochaine", "2026-12-01 10:00"),
        ("16h", "2026-11-24 16:00"),
        ("8h", "2026-11-25 08:00"),
        ("2026-12-01", "2026-12-01 10:00"),
        ("2026-12-01 14:00", "2026-12-01 14:00"),
        ("2026-12-01T14:00", "2026-12-01 14:00"),
        ("01/12 14h", "2026-12-01 14:00"),
        ("1.12.2027", "2027-12-01 10:00"),
        ("23/11", "2027-11-23 10:00"),
        ("1er décembre", "2026-12-01 10:00"),
        ("vendredi 4 décembre 15h", "2026-12-04 15:00"),
        ("December 4th, 2026", "2026-12-04 10:00"),
        ("29 février", "2028-02-29 10:00"),
        ("postpone to friday", "2026-11-27 10:00"),
        ("Reporter à mardi 10h merci", "2026-12-01 10:00"),
        ("+3 working days", "2026-11-27 10:00"),
        ("in 4 business days", "2026-11-30 10:00"),
        ("dans 5 jours ouvrés", "2026-12-01 10:00"),
        ("+4jo 14h", "2026-11-30 14:00"),
        ("next working day", "2026-11-25 10:00"),
        ("+3 working days at 9:00", "2026-11-27 09:00"),
        ("dans 3 jours à 9h", "2026-11-27 09:00"),
        ("+1w 9h", "2026-12-01 09:00"),
        ("le 4 janvier à 14h30", "2027-01-04 14:30"),
        ("lundi 4 janvier", "2027-01-04 10:00"),
        # A name is a day after today, whatever the hour; today has words of its own.
        ("mardi 23h", "2026-12-01 23:00"),
        ("ce mardi 16h", "2026-11-24 16:00"),
        ("this tuesday 4pm", "2026-11-24 16:00"),
        ("aujourd'hui 16h", "2026-11-24 16:00"),
        ("ce jeudi", "2026-11-26 10:00"),
        ("mardi prochain 16h", "2026-12-01 16:00"),
        ("mar 24", "2027-03-24 10:00"),
    ],
)
def test_postponed(text, local):
    command = parse(text)
    assert isinstance(command, Command), command
    assert command.verb is Verb.POSTPONE
    assert command.to.start.astimezone(PARIS).strftime("%Y-%m-%d %H:%M") == local
    assert command.to.zone == "Europe/Paris"
    assert command.to.end - command.to.start == timedelta(hours=1)


@pytest.mark.parametrize(
    ("starts_in", "hours", "local"),
    [
        # Reminded an hour ahead: from when it would have begun.
        (timedelta(minutes=60), "+1h", "11:30"),
        # Answered late: from now.
        (timedelta(minutes=-90), "+1h", "10:30"),
        (timedelta(0), "dans 2 heures", "11:30"),
    ],
)
def test_hours_count_from_the_later_of_now_and_its_start(starts_in, hours, local):
    current = When(NOW + starts_in, zone="Europe/Paris")
    to = parse(hours, current).to
    assert to.start.astimezone(PARIS).strftime("%H:%M") == local


def test_hours_from_a_whole_day_count_from_now():
    day = When(datetime(2026, 11, 27, tzinfo=PARIS), all_day=True, zone="Europe/Paris")
    assert parse("+1h", day).to == When(
        datetime(2026, 11, 24, 10, 30, tzinfo=PARIS), zone="Europe/Paris"
    )


def test_month_first_only_in_english_and_only_where_day_first_is_no_date():
    assert parse("12/25", language="en").to.start.date().isoformat() == "2026-12-25"
    assert parse("04/12", language="en").to.start.date().isoformat() == "2026-12-04"
    assert isinstance(parse("12/25", language="fr"), NotUnderstood)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\n",
        "reply",
        "open",
        "Bonjour, je m'en occupe demain",
        "31/02",
        "25h",
        "13pm",
        "+0d",
        "3d",
        "+3x",
        "+99999d",
        "2020-01-01",
        "2026-11-24 08:00",
        "0000-00-00",
        "9999-99-99",
        "demain matin peut-être",
        "Le mar. 24 nov. 2026 à 10:00, suivi <suivi@maison.fr> a écrit :",
    ],
)
def test_not_understood_is_said_not_guessed(text):
    assert isinstance(parse(text), NotUnderstood)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("whenever", Why.WORDS),
        ("+0 working days", Why.WORDS),
        ("+2h 9h", Why.WORDS),
        ("+999 working days and more", Why.WORDS),
        ("2020-01-01", Why.PAST),
        ("ce mardi 9h", Why.PAST),
        ("today 8am", Why.PAST),
        ("lundi 24 novembre 2026", Why.CONTRADICTION),
        ("friday 2026-12-01", Why.CONTRADICTION),
        # In which year it will be a Monday is not guessed.
        ("lundi 23 novembre", Why.CONTRADICTION),
    ],
)
def test_why_it_is_not_understood(text, why):
    assert parse(text, language="en") == NotUnderstood(text, why)


def test_holidays_are_no_working_days():
    christmas = {date(2026, 12, 25)}
    before = datetime(2026, 12, 24, 9, tzinfo=UTC)
    to = replies.parse("+1 jour ouvré", before, PARIS, "fr", holidays=christmas).to
    assert to.start.date() == date(2026, 12, 28)


def test_only_the_first_line_counts():
    assert parse("\n\n  done  \n\n+3d\n> not needed\n") == Command(Verb.DONE)
    assert parse("done\r\n\r\nOn Tuesday suivi wrote:\r\n> x") == Command(Verb.DONE)
    assert parse("> done\n") == NotUnderstood("")


def test_an_all_day_one_stays_all_day_until_an_hour_is_given():
    day = When(datetime(2026, 11, 24, tzinfo=PARIS), all_day=True, zone="Europe/Paris")
    midnight = datetime(2026, 11, 27, tzinfo=PARIS)
    for text in ("+3d", "vendredi"):
        assert parse(text, day).to == When(midnight, all_day=True, zone="Europe/Paris")
    assert parse("vendredi 9h", day).to == When(midnight.replace(hour=9), zone="Europe/Paris")


def test_without_a_current_time_it_is_the_time_of_now():
    assert parse("+1d", None).to == When(
        datetime(2026, 11, 25, 9, 30, tzinfo=PARIS), zone="Europe/Paris"
    )


def test_across_a_change_of_the_clocks_the_hour_stays_and_the_duration_too():
    before = datetime(2026, 3, 28, 9, tzinfo=UTC)
    current = When(datetime(2026, 3, 28, 10, tzinfo=PARIS), datetime(2026, 3, 28, 11, tzinfo=PARIS))
    to = replies.parse("+1d", before, PARIS, "fr", current).to
    assert to.start == datetime(2026, 3, 29, 8, tzinfo=UTC)
    assert to.end == datetime(2026, 3, 29, 9, tzinfo=UTC)


def test_an_hour_that_the_clocks_skip_is_the_one_they_show_instead():
    before = datetime(2026, 3, 28, 9, tzinfo=UTC)
    to = replies.parse("demain 2h30", before, PARIS, "fr").to
    assert to.start.strftime("%H:%M") == "03:30"


def test_a_zone_may_be_named_and_need_not_exist():
    assert replies.parse("demain 9h", NOW, "Europe/Paris", "fr").to.start.hour == 9
    assert replies.parse("demain 9h", NOW, "Mars/Olympus", "fr").to == When(
        datetime(2026, 11, 25, 9, tzinfo=UTC), zone="UTC"
    )


FRAGMENTS = [
    "+3d",
    "demain",
    "mardi",
    "10h",
    "at",
    "à",
    "2026",
    "-",
    "/",
    ".",
    ":",
    "99",
    "31",
    "02",
    "jan",
    "prochain",
    "next",
    "merci",
    "\n",
    ">",
    "٠",
]


@given(
    st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=8).map(" ".join)),
    st.datetimes(timezones=st.sampled_from([UTC, PARIS])),
    st.sampled_from(["en", "fr", "xx"]),
    st.sampled_from([None, CURRENT]),
)
def test_parsing_never_raises_and_never_goes_back_in_time(text, now, language, current):
    command = replies.parse(text, now, PARIS, language, current)
    if isinstance(command, Command) and command.to is not None:
        assert command.to.start.timestamp() > now.timestamp()
    if isinstance(command, NotUnderstood):
        assert len(command.line) <= replies.LONGEST_LINE


@pytest.mark.parametrize(
    "text", [" " * 1_000_000, "1" * 1_000_000, "done " * 200_000, "\n" * 10**6]
)
def test_a_megabyte_takes_no_time(text):
    assert isinstance(parse(text), NotUnderstood)


# --- Applying ---


def test_a_command_carried_out_twice_changes_nothing_more():
    to = When(NOW + timedelta(days=3))
    for command in (
        *map(Command, (Verb.DONE, Verb.NOT_NEEDED, Verb.REOPEN)),
        Command(Verb.POSTPONE, to),
    ):
        once = merge.apply(follow_up(), replies.apply(follow_up(), command, NOW))
        assert merge.apply(once, replies.apply(once, command, NOW)) is once


def test_what_commands_change():
    def after(verb, to=None, **now):
        ours = follow_up(**now)
        return merge.apply(ours, replies.apply(ours, Command(verb, to), NOW))

    assert after(Verb.DONE).state is State.DONE
    assert after(Verb.NOT_NEEDED).state is State.NOT_NEEDED
    assert after(Verb.REOPEN, state=State.DONE).state is State.TO_DO
    postponed = after(Verb.POSTPONE, When(NOW + timedelta(days=3)), state=State.DONE)
    assert (postponed.state, postponed.when.start) == (State.TO_DO, NOW + timedelta(days=3))


def test_nothing_is_postponed_into_the_past():
    command = Command(Verb.POSTPONE, When(NOW - timedelta(days=1)))
    assert replies.apply(follow_up(), command, NOW) == Changes()
    assert replies.apply(follow_up(), Command(Verb.POSTPONE), NOW) == Changes()


# --- Tokens ---

SECRET = b"s" * 32
TOMORROW = NOW + timedelta(days=1)


@given(
    st.integers(0, 2**40 - 1),
    st.integers(0, 2**32 - 1),
    st.sampled_from([*Verb, "+1h@3", "next monday@123456", replies.REPLY]),
)
def test_a_token_says_whom_and_what_in_any_letter_case(follow_up_id, user, verb):
    token = replies.token(SECRET, FollowUpId(follow_up_id), UserId(user), verb, TOMORROW)
    read = replies.Token(FollowUpId(follow_up_id), UserId(user), verb, TOMORROW)
    assert replies.read_token(SECRET, token) == read
    assert replies.read_token(SECRET, token.upper()) == read
    assert len(token) <= replies.LONGEST_TOKEN
    assert token.isalnum()


def test_the_token_of_an_address_leaves_room_for_its_name():
    token = replies.token(SECRET, FollowUpId(2**40 - 1), UserId(7), replies.REPLY, TOMORROW)
    assert len(token) == replies.REPLY_TOKEN
    assert len(f"office+suivi-{token}") <= 64


def test_the_longest_verb_fits_the_longest_token():
    token = replies.token(SECRET, FollowUpId(1), UserId(7), "x" * 40, TOMORROW)
    assert len(token) == replies.LONGEST_TOKEN
    assert replies.read_token(SECRET, token).verb == "x" * 40


TOKEN = replies.token(SECRET, FollowUpId(5), UserId(7), "done", TOMORROW)


def test_a_token_expires():
    read = replies.read_token(SECRET, TOKEN)
    assert not read.is_over(TOMORROW - timedelta(seconds=1))
    assert read.is_over(TOMORROW)


def test_a_token_of_another_secret_is_none():
    assert replies.read_token(b"other", TOKEN) is None


def test_no_octet_of_a_token_can_be_changed():
    raw = base64.b32decode(TOKEN.upper() + "=" * (-len(TOKEN) % 8))
    for i in range(len(raw)):
        bent = raw[:i] + bytes([raw[i] ^ 1]) + raw[i + 1 :]
        token = base64.b32encode(bent).decode().rstrip("=")
        assert replies.read_token(SECRET, token) is None


@given(st.one_of(st.text(), st.from_regex(r"[a-z2-7]{0,60}", fullmatch=True)))
def test_what_is_no_token_is_none(text):
    assert replies.read_token(SECRET, text) is None


@pytest.mark.parametrize("verb", ["", "x" * 41, "é" * 21])
def test_a_verb_that_does_not_fit_is_refused(verb):
    with pytest.raises(ValueError, match="octets"):
        replies.token(SECRET, FollowUpId(1), UserId(1), verb, TOMORROW)


def test_an_answer_to_a_closed_one_can_postpone_it():
    closed = replace(follow_up(), state=State.NOT_NEEDED)
    to = When(NOW + timedelta(days=3))
    after = merge.apply(closed, replies.apply(closed, Command(Verb.POSTPONE, to), NOW))
    assert after.schedule_version == closed.schedule_version + 1

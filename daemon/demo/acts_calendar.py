"""The second half of the story: follow-ups in calendars, their reminders, and an answer by mail."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.demo.company import ics
from connectors.demo.company.days import working_day
from connectors.demo.company.people import Staff
from connectors.demo.servers.dav import Stored
from connectors.demo.servers.mail import SentMail
from daemon import clock
from daemon.demo.narrator import Narrator
from daemon.demo.stage import Stage
from daemon.demo.watch import must, until

CALL = (
    "Nadia Benali a appelé : 38 chambres, deux appliques et une liseuse par lit. "
    "Elle attend une proposition."
)
PHONE_UID = "9F2C1B64-relance@phone.example"
PHONE_TITLE = "Relance Bernard Colin, coin jeunesse"
MINUTES = 30
# What is built in: an hour before (spec §8).
BEFORE = timedelta(minutes=60)
# Long enough to see the move absorbed first, short enough to wait for.
UNTIL_REMINDED = timedelta(seconds=8)


def phone_call(narrator: Narrator, stage: Stage) -> None:
    """One command: exchange, follow-up, calendar event."""
    _, claire = narrator._, stage.company.member("claire")
    when = working_day(clock.now().date(), 2).isoformat() + " 10:00"
    words = ["exchange", "add", "--with", "Hôtel Belleroche", "--in", "--mode", "phone"]
    words += ["--by", claire.person.email, "--follow-up", when, CALL]
    narrator.command(*(f'"{word}"' if " " in word else word for word in words))
    added = stage.suivi.json(*words)
    uid = str(added["follow_up"]["uid"])
    narrator.seen(
        _("{ref} is recorded, with its follow-up").format(ref=added["exchange"]["ref"]),
        "suivi exchange add --json",
    )
    stored, seconds = until(
        lambda: _with_uid(stage, claire, uid),
        lambda found: found is not None,
        _("the follow-up in Claire's calendar"),
    )
    assert stored is not None  # noqa: S101  that is what was waited for
    must(stored.data, b"ATTENDEE" not in stored.data, _("an event that invites nobody"))
    must(stored.data, b"BEGIN:VALARM" in stored.data, _("an event with an alarm"))
    narrator.seen(
        _("{seconds:.1f} s later it stands in Claire's calendar; it invites nobody").format(
            seconds=seconds
        ),
        f"Radicale, GET {_short(stored.href)}",
    )
    narrator.panel(_("what the calendar server holds"), _told(stored.data))


def adopt(narrator: Narrator, stage: Stage) -> None:
    """An event that a person made becomes a follow-up; one about nobody we know does not."""
    _, hugo = narrator._, stage.company.member("hugo")
    start = datetime.combine(
        working_day(clock.now().date(), 1), datetime.min.time(), tzinfo=UTC
    ) + timedelta(hours=9)
    event = ics.phone_event(PHONE_UID, PHONE_TITLE, start, MINUTES)
    stage.calendars.session(hugo.key).put(_phone_path(hugo), event)
    narrator.tell(
        _("He writes “{title}”, and no address: the name is enough.").format(title=PHONE_TITLE)
    )
    found, seconds = until(
        lambda: _follow_ups(stage, PHONE_UID),
        lambda items: len(items) == 1,
        _("a follow-up made of his event"),
    )
    party = found[0]["third_party"]
    must(party, party is not None and party["code"] == "CU-0105", "CU-0105")
    narrator.seen(
        _("adopted in {seconds:.1f} s, as a follow-up of {party}").format(
            seconds=seconds, party=party["name"]
        ),
        "GET /api/v1/follow-ups",
    )
    plumber = [f for f in stage.suivi.all("follow-ups") if "plombier" in f["title"]]
    must(plumber, not plumber, _("no follow-up of the plumber"))
    narrator.seen(
        _("his “Relance plombier” names nobody we deal with: left alone, not stored"),
        "GET /api/v1/follow-ups",
    )


def move(narrator: Narrator, stage: Stage) -> None:
    """The person drags the event to another hour; suivi follows."""
    _, hugo = narrator._, stage.company.member("hugo")
    session, path = stage.calendars.session(hugo.key), _phone_path(hugo)
    before = session.get(path)
    assert before is not None  # noqa: S101  he put it there a step ago
    start = (clock.now() + BEFORE + UNTIL_REMINDED).replace(microsecond=0)
    session.put(path, ics.moved(before.data, start, MINUTES), before.etag)
    stage.notes.reminder_due = start - BEFORE
    local = start.astimezone(_zone(hugo))
    narrator.tell(_("To {time:%H:%M}, an hour from now.").format(time=local))
    _found, seconds = until(
        lambda: _follow_ups(stage, PHONE_UID),
        lambda items: len(items) == 1 and datetime.fromisoformat(items[0]["start"]) == start,
        _("the follow-up at {time}").format(time=start.isoformat()),
    )
    narrator.seen(
        _("the follow-up has the new time {seconds:.1f} s later").format(seconds=seconds),
        "GET /api/v1/follow-ups",
    )
    after = session.get(path)
    kept = after is not None and b"X-PHONE-COLOUR:#c0392b" in after.data
    must(after, kept, _("the phone's own properties, untouched"))
    narrator.seen(
        _("what the phone had written beside is still there (its colour, its alarm)"),
        f"Radicale, GET {_short(path)}",
    )


def remind(narrator: Narrator, stage: Stage) -> None:
    """The mail, from the moment it was due for."""
    _, hugo, due = narrator._, stage.company.member("hugo"), stage.notes.reminder_due
    narrator.tell(
        _("An hour before is {time:%H:%M:%S}; we wait for it.").format(
            time=due.astimezone(_zone(hugo))
        )
    )
    sent, _seconds = until(
        lambda: _reminders(stage),
        lambda mails: len(mails) > 0,
        _("a reminder on the SMTP server"),
        patience=(due - clock.now()).total_seconds() + 25,
    )
    late = (clock.now() - due).total_seconds()
    must(late, late >= 0, _("no reminder before its time"))
    must(sent, all(s.recipients == (hugo.person.email,) for s in sent), hugo.person.email)
    narrator.seen(
        _("sent to Hugo and to nobody else, {seconds:.1f} s after it was due").format(seconds=late),
        f"SMTP 127.0.0.1:{stage.mail.smtp}",
    )
    stage.notes.reminder = sent[0]
    narrator.panel(_("the mail"), _letter(sent[0]))


def answer(narrator: Narrator, stage: Stage) -> None:
    """A reply to the reminder's address; the follow-up is done, in suivi and in the calendar."""
    _, hugo, reminder = narrator._, stage.company.member("hugo"), stage.notes.reminder
    assert reminder is not None  # noqa: S101  the step before ends with it
    word = "fait"
    received = message_from_bytes(reminder.data, policy=default)
    message = EmailMessage()
    to = received["Reply-To"].addresses[0].addr_spec
    message["From"], message["To"] = hugo.person.email, to
    message["Subject"] = f"Re: {received['Subject']}"
    message["In-Reply-To"] = received["Message-ID"]
    message["Message-ID"] = f"<answer-{stage.places.http}@atelier-lumen.example>"
    message["Date"] = format_datetime(clock.now())
    message.set_content(f"{word}\n\n> {received['Subject']}\n")
    narrator.tell(_("“{word}”, and nothing else.").format(word=word))
    stage.mail.send(hugo.person.email, [to], message.as_bytes())
    _gone, seconds = until(
        lambda: _follow_ups(stage, PHONE_UID),
        lambda items: not items,
        _("the follow-up off the list"),
    )
    narrator.seen(
        _("off the list of what is to be done {seconds:.1f} s later").format(seconds=seconds),
        "GET /api/v1/follow-ups",
    )
    path = _phone_path(hugo)
    stored, seconds = until(
        lambda: stage.calendars.session(hugo.key).get(path),
        lambda found: found is not None and b"X-SUIVI-STATE:done" in found.data,
        _("the event marked as done"),
    )
    assert stored is not None  # noqa: S101  that is what was waited for
    narrator.seen(
        _("and ticked off in Hugo's calendar: “{title}”").format(
            title=_property(stored, "SUMMARY")
        ),
        f"Radicale, GET {_short(path)}",
    )
    _untouched(narrator, stage)


def _untouched(narrator: Narrator, stage: Stage) -> None:
    """Every event of the company is, byte for byte, what its owner had written."""
    _ = narrator._
    changed = []
    for (key, path), written in stage.written.items():
        found = stage.calendars.session(key).get(path)
        if found is None or found.data != written:
            changed.append(path)
    must(changed, not changed, _("no event of theirs changed"))
    narrator.seen(
        _(
            "all {count} events of theirs, the private ones too, are as they were, byte for byte"
        ).format(count=len(stage.written)),
        _("Radicale, GET of each"),
    )


def _follow_ups(stage: Stage, uid: str) -> list[dict[str, Any]]:
    return [f for f in stage.suivi.all("follow-ups") if f["uid"] == uid]


def _reminders(stage: Stage) -> tuple[SentMail, ...]:
    return tuple(m for m in stage.mail.sent() if m.sender == stage.company.command_address)


def _with_uid(stage: Stage, member: Staff, uid: str) -> Stored | None:
    session = stage.calendars.session(member.key)
    listed = session.objects(member.calendar_path)
    href = next((o.href for o in listed if f"UID:{uid}" in _unfolded(o.data)), None)
    return session.get(href) if href is not None else None


def _phone_path(member: Staff) -> str:
    return f"{member.calendar_path}{PHONE_UID.partition('@')[0]}.ics"


def _property(stored: Stored, name: str) -> str:
    lines = _unfolded(stored.data).splitlines()
    text = next((line.partition(":")[2] for line in lines if line.startswith(name)), "")
    return text.replace("\\,", ",").replace("\\;", ";")


def _told(data: bytes) -> str:
    """The event of an object, without its time-zone definition."""
    text = _unfolded(data)
    return text[text.index("BEGIN:VEVENT") : text.index("END:VEVENT") + len("END:VEVENT")]


def _letter(sent: SentMail) -> str:
    """A mail as a mail program shows it."""
    message = message_from_bytes(sent.data, policy=default)
    body = message.get_body(("plain",))
    heads = [f"{name}: {message[name]}" for name in ("From", "To", "Subject")]
    text = body.get_content() if body is not None else ""
    return "\n".join([*heads, "", _without_links(text).strip()])


def _without_links(text: str) -> str:
    """Signed links are 150 characters of noise on a terminal."""
    return "\n".join(
        line.partition("/l/")[0] + "/l/…" if "/l/" in line else line for line in text.splitlines()
    )


def _unfolded(data: bytes) -> str:
    return data.decode("utf-8").replace("\r\n", "\n").replace("\n ", "")


def _short(path: str) -> str:
    name = path.rpartition("/")[2]
    return f"…/{name}" if len(name) < 22 else f"…/{name[:8]}….ics"


def _zone(member: Staff) -> ZoneInfo:
    return ZoneInfo(member.person.timezone)

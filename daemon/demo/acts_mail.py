"""The first half of the story: the servers, the directory, and the capture of mail and meetings."""

from collections import Counter
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime

from connectors.demo.servers.dav import Stored
from daemon import clock
from daemon.demo.narrator import Narrator
from daemon.demo.stage import Stage
from daemon.demo.suivi import Item
from daemon.demo.watch import must, until
from rules.model.decisions import Reason

FIRST_RUN = 40.0

# Its two copies lie in Emma's and Hugo's inbox, and no other letter has its subject.
SEEN_TWICE = "06-nordlys.6"

# Words of private letters, and of a private lunch, that occur nowhere else.
SECRETS = ("gratin", "quatuor", "dinosaures", "détartrage", "portfolio")


def servers(narrator: Narrator, stage: Stage) -> None:
    """Count what the servers really hold."""
    _, sample = narrator._, stage.sample
    narrator.tell(_("Started and filled in {seconds:.1f} s.").format(seconds=stage.seconds))
    held = sum(sum(stage.mail.count(key).values()) for key in stage.mail.users)
    copies = len(sample.copies())
    must(held, held == copies, _("{copies} messages on the mail server").format(copies=copies))
    narrator.seen(
        _("{letters} letters in {copies} copies lie in {boxes} mailboxes").format(
            letters=len(sample.letters), copies=copies, boxes=len(stage.company.mailboxes)
        ),
        f"pymap, IMAP 127.0.0.1:{stage.mail.imap}",
    )
    found = [o for m in stage.company.staff for o in _calendar(stage, m.key)]
    must(len(found), len(found) == len(stage.written), _("every event on the calendar server"))
    narrator.seen(
        _("{events} events stand in {calendars} calendars").format(
            events=len(sample.gatherings), calendars=len(stage.company.staff)
        ),
        f"Radicale, CalDAV 127.0.0.1:{stage.calendars.port}",
    )
    narrator.seen(
        _("outgoing mail is kept, and delivered to the mailboxes above"),
        f"aiosmtpd, SMTP 127.0.0.1:{stage.mail.smtp}",
    )


def third_parties(narrator: Narrator, stage: Stage) -> None:
    """The database, and a CSV file as a French spreadsheet saves it."""
    _, company = narrator._, stage.company
    stage.suivi.run("db", "upgrade")
    narrator.command("db", "upgrade")
    narrator.command("import", "third-parties", stage.places.third_parties.name)
    done = stage.suivi.json("import", "third-parties", str(stage.places.third_parties))
    contacts = sum(len(party.contacts) for party in company.parties)
    wanted = (len(company.parties), contacts)
    must(done, (done["new"], done["contacts"]) == wanted, f"{wanted}")
    narrator.seen(
        _("{parties} third parties with {contacts} contacts").format(
            parties=done["new"], contacts=done["contacts"]
        ),
        stage.places.third_parties.name,
    )
    narrator.tell(
        _(
            "Customers, prospects, suppliers; two of them write from a free mailbox, where only "
            "the exact address counts."
        )
    )


def observe(narrator: Narrator, stage: Stage) -> None:
    """Safe to install on a Friday: it judges everything, and keeps nothing."""
    _, suivi = narrator._, stage.suivi
    narrator.command("run")
    program = suivi.start()
    program.wait_until(suivi.is_ready, FIRST_RUN)
    narrator.seen(_("the daemon is ready"), "GET /readyz")
    wanted = stage.sample.copies_by_reason()
    _totals, seconds = until(
        lambda: suivi.json("status")["judged"],
        lambda totals: sum(totals.values()) >= wanted.total(),
        _named(wanted),
        FIRST_RUN,
        pause=0.5,
    )
    found, _more = until(lambda: judged(stage), lambda c: c == wanted, _named(wanted), FIRST_RUN)
    narrator.seen(
        _("every copy is judged: {count}, in {seconds:.1f} s").format(
            count=sum(found.values()), seconds=seconds
        ),
        "suivi report --json",
    )
    narrator.command("report")
    would = found[Reason.MATCHED]
    narrator.answer(_("would be recorded: {count} copies").format(count=would))
    for reason, count in found.most_common():
        if reason is not Reason.MATCHED:
            narrator.answer(f"{reasons(narrator)[reason]}: {count}")
    stage.notes.judged = found
    stored = suivi.all("exchanges")
    must(len(stored), not stored, _("nothing stored while observing"))
    narrator.seen(_("and not one of them is stored yet"), "GET /api/v1/exchanges")


def capture(narrator: Narrator, stage: Stage) -> None:
    """After the release everything is judged again, and this time kept."""
    _, suivi, sample = narrator._, stage.suivi, stage.sample
    narrator.command("release")
    suivi.run("release")
    wanted = sample.by_party(clock.now())
    found, seconds = until(
        lambda: suivi.all("exchanges"),
        lambda items: by_party(items) == wanted,
        _named(wanted),
        FIRST_RUN,
        pause=0.5,
    )
    now = clock.now()
    narrator.seen(
        _("{letters} letters and {meetings} meetings are exchanges, as the labels say").format(
            letters=len(sample.captured_letters()), meetings=sample.meetings_held(now)
        ),
        f"GET /api/v1/exchanges, {seconds:.1f} s",
    )
    _seen_twice(narrator, stage, found)
    _nothing_private(narrator, stage)


def _seen_twice(narrator: Narrator, stage: Stage, exchanges: Sequence[Item]) -> None:
    _, twice = narrator._, stage.sample.letter(SEEN_TWICE)
    assert twice.message_id is not None  # noqa: S101  only one letter has none
    copies = [
        data
        for copy in twice.copies
        for data in stage.mail.raw(copy.mailbox, copy.folder, twice.message_id)
    ]
    must(len(copies), len(copies) == 2, _("two copies on the mail server"))
    found = [e for e in exchanges if e["subject"] == twice.subject]
    must(found, len(found) == 1, _("one exchange for two copies"))
    narrator.seen(
        _("“{subject}” lies in two mailboxes: one exchange, {ref}").format(
            subject=twice.subject, ref=found[0]["ref"]
        ),
        "IMAP, GET /api/v1/exchanges",
    )


def _nothing_private(narrator: Narrator, stage: Stage) -> None:
    """The words lie on the mail server, and nowhere in suivi's files, logs or database."""
    _ = narrator._
    there = [word for word in SECRETS if any(word in x.text for x in stage.sample.letters)]
    must(there, len(there) == len(SECRETS), _("these words on the mail server"))
    files = [p for p in stage.places.state.rglob("*") if p.is_file()]
    files.append(stage.places.folder / "suivi.log")
    # Read as bytes: the database's log too, in which deleted rows would still stand.
    found = [
        f"{word}: {path.name}"
        for path in files
        for word in SECRETS
        if word.encode() in path.read_bytes()
    ]
    must(found, not found, _("no private word in suivi's files"))
    quoted = ", ".join(f"“{word}”" for word in SECRETS[:3])
    narrator.seen(
        _("of private letters and events ({words}…) not a word is stored").format(words=quoted),
        _("{count} files of suivi, byte by byte").format(count=len(files)),
    )


def new_letter(narrator: Narrator, stage: Stage) -> None:
    """Mail comes in while the daemon runs, and IDLE tells of it."""
    _, company = narrator._, stage.company
    sender, to = company.person("brennan"), company.person("emma")
    subject = "The committee said yes"
    message = EmailMessage()
    message["From"], message["To"] = f"{sender.name} <{sender.email}>", to.email
    message["Subject"] = subject
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<committee-{stage.places.http}@harbour-life.example>"
    message.set_content(
        "Dear Emma,\n\nThe committee said yes, all of it, and the coxswain's son wept a little.\n"
        "Phase one may start in the new year.\n\n-- \nAoife Brennan\n"
    )
    narrator.tell(_("Aoife Brennan writes to Emma: “{subject}”.").format(subject=subject))
    stage.mail.send(sender.email, [to.email], message.as_bytes())
    found, seconds = until(
        lambda: [e for e in stage.suivi.newest("exchanges") if e["subject"] == subject],
        lambda e: len(e) == 1,
        _("an exchange “{subject}”").format(subject=subject),
    )
    narrator.seen(
        _("{ref}, {seconds:.1f} s after the mail server had it").format(
            ref=found[0]["ref"], seconds=seconds
        ),
        "GET /api/v1/exchanges",
    )


def by_party(exchanges: Sequence[Item]) -> Counter[str]:
    """Exchanges by code of third party, as the API tells them."""
    return Counter(party["code"] for e in exchanges for party in e["third_parties"])


def reasons(narrator: Narrator) -> dict[Reason, str]:
    """Why mail is not captured, in words."""
    _ = narrator._
    return {
        Reason.NO_THIRD_PARTY: _("nobody we deal with: private mail, newsletters, strangers"),
        Reason.INTERNAL: _("among colleagues"),
        Reason.KEPT_OUT: _("kept out by folder, keyword or subject tag"),
        Reason.OWN_MAIL: _("suivi's own mail"),
    }


def _calendar(stage: Stage, key: str) -> tuple[Stored, ...]:
    return stage.calendars.session(key).objects(stage.company.member(key).calendar_path)


def judged(stage: Stage) -> Counter[Reason]:
    """How many copies of mail were judged how, as `suivi report` tells it."""
    calendars = {f"{member.key}: {member.calendar}" for member in stage.company.staff}
    counts: Counter[Reason] = Counter()
    for row in stage.suivi.json("report"):
        if row["place"] not in calendars:
            counts[Reason(row["reason"])] += row["count"]
    return counts


def _named(counts: Counter[Reason] | Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))

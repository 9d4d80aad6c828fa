"""Between the halves of the story: rules are saved while the daemon runs, and the next letter shows
what they do, and why."""

from email.message import EmailMessage
from email.utils import format_datetime

from daemon import clock
from daemon.control import ask
from daemon.demo.narrator import Narrator
from daemon.demo.stage import Stage
from daemon.demo.watch import must, until

# A rule of the starter set waits for orders; its reference here is invented.
ORDER = "Purchase order HL-118, phase one"
RULE = "commandes"


def rules(narrator: Narrator, stage: Stage) -> None:
    """The starter set comes into force by itself; of the past it changes nothing."""
    _, suivi = narrator._, stage.suivi
    narrator.command("rules", "init")
    names = suivi.run("rules", "init").splitlines()
    # Asked of the daemon itself: a command takes longer to start than this takes.
    socket = stage.places.runtime / "control.sock"
    found, seconds = until(
        lambda: ask(socket, "status")["rules"],
        lambda rules: rules["rules"] > 0,
        _("the starter set in force"),
    )
    must(found["mistakes"], not found["mistakes"], _("a set without mistakes"))
    narrator.seen(
        _("{rules} rules in {files} files are in force after {seconds:.1f} s, unasked").format(
            rules=found["rules"], files=len(found["files"]), seconds=seconds
        ),
        "suivi status --json",
    )
    must(len(names), len(names) > len(found["files"]), _("a schema for editors beside them"))
    _an_order(narrator, stage)


def _an_order(narrator: Narrator, stage: Stage) -> None:
    _, company = narrator._, stage.company
    sender, to = company.person("brennan"), company.person("emma")
    message = EmailMessage()
    message["From"], message["To"] = f"{sender.name} <{sender.email}>", to.email
    message["Subject"], message["Date"] = ORDER, format_datetime(clock.now())
    message["Message-ID"] = identity = f"<order-{stage.places.http}@harbour-life.example>"
    message.set_content("Dear Emma,\n\nHere is our order for phase one.\n\n-- \nAoife Brennan\n")
    narrator.tell(_("Aoife Brennan writes to Emma: “{subject}”.").format(subject=ORDER))
    stage.mail.send(sender.email, [to.email], message.as_bytes())
    opened, seconds = until(
        lambda: [f for f in stage.suivi.newest("follow-ups") if f["title"].startswith("Accuser")],
        lambda found: len(found) == 1,
        _("a follow-up opened by a rule"),
    )
    narrator.seen(
        _("{seconds:.1f} s later a rule has opened a follow-up: “{title}”").format(
            seconds=seconds, title=opened[0]["title"]
        ),
        "GET /api/v1/follow-ups",
    )
    narrator.command("explain", identity)
    told = stage.suivi.run("explain", identity)
    must(told, RULE in told, _("the rule that did it"))
    narrator.answer(told)

"""The end of the story: what there is now, in tables, and the why of two letters."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from daemon import clock
from daemon.demo.acts_calendar import BEFORE, PHONE_TITLE
from daemon.demo.acts_mail import SEEN_TWICE, by_party, judged, reasons
from daemon.demo.narrator import Narrator
from daemon.demo.stage import Stage
from daemon.demo.watch import must, until
from rules.model.decisions import Reason

# The letter that arrived and the order, and the phone call.
ADDED = Counter({"PR-0202": 2, "CU-0102": 1})


def show(narrator: Narrator, stage: Stage) -> None:
    """Captured, left out and why, follow-ups, reminders; then `suivi explain`."""
    _captured(narrator, stage)
    _left_out(narrator, stage)
    _follow_ups(narrator, stage)
    letters = [stage.sample.letter(name) for name in (SEEN_TWICE, "41-kept-out.3")]
    asked = [("explain", letter.message_id or "") for letter in letters]
    status, *told = stage.suivi.together(("status", "--json"), *asked)
    _reminders(narrator, stage, json.loads(status)["reminders"])
    for words, answer in zip(asked, told, strict=True):
        narrator.gap()
        narrator.command(*words)
        narrator.answer(answer)


def _captured(narrator: Narrator, stage: Stage) -> None:
    _, now = narrator._, clock.now()
    found = by_party(stage.suivi.all("exchanges"))
    must(found, found == stage.sample.by_party(now) + ADDED, _("exchanges as the labels say"))
    mails, meetings = stage.sample.mails_by_party(), stage.sample.meetings_by_party(now)
    rows = [
        (code, party.name, mails[code], meetings[code], ADDED[code], found[code])
        for party in stage.company.parties
        for code in (party.code,)
    ]
    columns = (_("code"), _("third party"), _("letters"), _("meetings"), _("today"), _("in suivi"))
    narrator.table(_("Captured"), columns, rows)


def _left_out(narrator: Narrator, stage: Stage) -> None:
    """Judged after the release, beside what the labels of the sample mail say."""
    _, words = narrator._, reasons(narrator)
    labelled = stage.sample.copies_by_reason()
    # The reminder and what was said to his answer lie in Hugo's inbox by now.
    labelled[Reason.OWN_MAIL] += 2
    del labelled[Reason.MATCHED]
    found, _seconds = until(
        lambda: judged(stage) - stage.notes.judged,
        lambda counts: all(counts[r] == n for r, n in labelled.items()),
        ", ".join(f"{reason} {number}" for reason, number in labelled.items()),
    )
    rows: list[tuple[object, ...]] = [
        (words[reason], number, found[reason]) for reason, number in labelled.most_common()
    ]
    narrator.table(
        _("Left out, and why (copies of mail)"), (_("why"), _("labels"), _("suivi")), rows
    )
    narrator.tell(_("Drafts and junk are not read at all."))


def _follow_ups(narrator: Narrator, stage: Stage) -> None:
    _, rows = narrator._, []
    names = {member.person.email: member.person.name for member in stage.company.staff}
    for item in stage.suivi.all("follow-ups"):
        zone = ZoneInfo(stage.company.timezone)
        start = datetime.fromisoformat(item["start"]).astimezone(zone)
        party = item["third_party"]["name"] if item["third_party"] else ""
        rows.append(
            (f"{start:%Y-%m-%d %H:%M}", item["title"], party, names[item["owner"]], _("to do"))
        )
    party, hugo = stage.company.party("CU-0105"), stage.company.person("hugo").name
    done = [(_phone_time(stage), PHONE_TITLE, party.name, hugo, _("done"))]
    columns = (_("when"), _("title"), _("third party"), _("who"), _("state"))
    narrator.table(_("Follow-ups"), columns, [*rows, *done])


def _reminders(narrator: Narrator, stage: Stage, counts: Mapping[str, int]) -> None:
    _ = narrator._
    words = {
        "due": _("to be sent, Claire's and Emma's"),
        "sent": _("sent, Hugo's"),
        "void": _("void, for the hour that Hugo moved away from"),
    }
    rows = [(words.get(state, state), number) for state, number in counts.items() if number]
    narrator.table(_("Reminders, as the ledger has them"), (_("state"), _("number")), rows)
    ours = {m.person.email for m in stage.company.mailboxes}
    told = {
        recipient
        for mail in stage.mail.sent()
        if mail.sender == stage.company.command_address
        for recipient in mail.recipients
    }
    must(told, told <= ours, _("no mail of suivi to anybody outside"))
    narrator.seen(_("nobody outside the company was mailed or invited"), "SMTP, Radicale")


def _phone_time(stage: Stage) -> str:
    zone = ZoneInfo(stage.company.timezone)
    return f"{(stage.notes.reminder_due + BEFORE).astimezone(zone):%Y-%m-%d %H:%M}"

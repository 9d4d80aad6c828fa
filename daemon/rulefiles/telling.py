"""The admin's mail about refused rules: one for each bad set, and an all-clear when it is mended.

Letters are put into the post with what they tell of, so they survive a crash and go out once. An
episode lasts from the first refusal to the all-clear; within it each bad set is told once.
"""

from datetime import datetime, timedelta

from babel.dates import format_datetime

from daemon.admin import Admin
from daemon.i18n import plural, translator
from daemon.rulefiles.mistake import lines
from daemon.rulefiles.standing import Refused, Standing
from daemon.store import Tx, post
from daemon.store.post import Letter
from rules.zones import zone

REFUSED = "rules-refused"
MENDED = "rules-mended"

GRACE = timedelta(seconds=10)
"""Who saves again within this time is told nothing: they are at work on it."""

USEFUL = timedelta(days=7)

MOST_TOLD = 200
"""Lines of mistakes in a mail."""


def tell(tx: Tx, admin: Admin, standing: Standing, now: datetime) -> bool:
    """Put the letter that is due; False when there is none, or it was put before."""
    last = post.latest(tx, (REFUSED, MENDED))
    told = last is not None and last.kind == REFUSED
    episode = str(post.count(tx, MENDED))
    if standing.refused is None:
        return told and post.put(tx, _mended(admin, standing, episode, now), now)
    if now - standing.refused.since < GRACE:
        return False
    key = f"{episode}:{standing.refused.bad.digest}"
    return post.put(tx, _refused(admin, standing, standing.refused, key, now), now)


def _refused(admin: Admin, standing: Standing, refused: Refused, key: str, now: datetime) -> Letter:
    _, _n = translator(admin.language), plural(admin.language)
    mistakes = refused.bad.mistakes
    subject = _n(
        "suivi: the saved rules are refused: {number} mistake",
        "suivi: the saved rules are refused: {number} mistakes",
        len(mistakes),
    ).format(number=len(mistakes))
    stays = _n(
        "The set of {since} with {number} rule stays in force until they are mended.",
        "The set of {since} with {number} rules stays in force until they are mended.",
        len(standing.ruleset.rules),
    ).format(since=_at(standing.since, admin), number=len(standing.ruleset.rules))
    paragraphs = (
        _("The rules files that were saved hold mistakes, so none of them is in force."),
        stays,
        "\n".join(lines(mistakes, admin.language, MOST_TOLD)),
        _("Saved files are read at once; `suivi rules check` says what is still wrong."),
    )
    return _letter(admin, REFUSED, key, (subject, *paragraphs), now)


def _mended(admin: Admin, standing: Standing, key: str, now: datetime) -> Letter:
    _, _n = translator(admin.language), plural(admin.language)
    number = len(standing.ruleset.rules)
    text = _n(
        "What is saved is in force: {number} rule, fingerprint {fingerprint}.",
        "What is saved is in force: {number} rules, fingerprint {fingerprint}.",
        number,
    ).format(number=number, fingerprint=standing.ruleset.fingerprint)
    return _letter(admin, MENDED, key, (_("suivi: the rules are mended"), text), now)


def _letter(admin: Admin, kind: str, key: str, texts: tuple[str, ...], now: datetime) -> Letter:
    subject, *paragraphs = texts
    return admin.letter(kind, key, subject, "\n\n".join(paragraphs) + "\n", now, USEFUL)


def _at(moment: datetime, admin: Admin) -> str:
    return format_datetime(
        moment, "d MMMM yyyy HH:mm", tzinfo=zone(admin.zone), locale=admin.language
    )

"""How many messages are decided a second, on one core, by a thousand rules.

A directory of 100,000 addresses; a thousand rules, of which 400 read the text and 200 have a
pattern; 20,000 different messages between staff and an address of the directory, each with its
text in hand. What is measured is deciding alone, by headers and then by text, from values to
effects and trace: no mailbox, no parsing, no database. Loading is measured on the same rules as
files, read and compiled. All of it is done by one thread and waits for nothing, so its time is that
of the processor: what else the machine does beside it doesn't count. The last line is JSON; figures
are medians.
"""

import argparse
import json
import random
import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rules import decide, match
from rules.language import read
from rules.model.decisions import Verdict
from rules.model.facts import Surroundings
from rules.model.people import (
    Address,
    Contact,
    ContactId,
    Directory,
    ThirdParty,
    ThirdPartyId,
    User,
    UserId,
)
from rules.model.sightings import (
    AccountId,
    Body,
    FolderId,
    FolderRole,
    MailPlace,
    Message,
    Sighting,
)
from rules.ruleset import RuleSet, builtin, sealed

RULES, ADDRESSES, MESSAGES, ROUNDS = 1_000, 100_000, 20_000, 5
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
AROUND = Surroundings("Europe/Paris", live_since=NOW - timedelta(days=30))
STAFF = 50

WORDS = [
    "bonjour",
    "merci",
    "devis",
    "facture",
    "commande",
    "livraison",
    "rendez-vous",
    "réunion",
    "projet",
    "chantier",
    "contrat",
    "avenant",
    "pièce",
    "délai",
    "relance",
    "paiement",
    "échéance",
    "offre",
    "tarif",
    "stock",
    "garantie",
    "retour",
    "incident",
    "ticket",
    "visite",
    "plan",
    "mesure",
    "atelier",
    "machine",
    "pompe",
    "vanne",
    "capteur",
    "câble",
    "support",
    "formation",
]


def subject(chance: random.Random) -> str:
    """A subject, with a reference in one of four."""
    text = " ".join(chance.sample(WORDS, 4)).capitalize()
    return (
        f"{text} PR{chance.randrange(2000, 2700)}-{chance.randrange(9999):04}"
        * (chance.random() < 0.25)
        or text
    )


def body(chance: random.Random) -> str:
    """Some sixty words, as in a mail that is no newsletter."""
    return " ".join(chance.choices(WORDS, k=60)) + f"\nRéf. {chance.randrange(10**6)}\n"


def rules_file(chance: random.Random) -> str:
    """A thousand rules: every other of those that read headers is about somebody, the others
    about subjects, kinds, lists and sizes."""
    lines = ["version: 1", "rules:"]
    for n in range(RULES):
        lines += [f"  - name: rule-{n}", "    when:"]
        lines += [f"      {line}" for line in _conditions(n, chance)]
        lines += ["    then:", f"      tags: [tag-{n}]"]
    return "\n".join(lines)


def _conditions(n: int, chance: random.Random) -> list[str]:
    word, other, third = chance.sample(WORDS, 3)
    pattern = n % 5 == 0
    if (n % 5 in (0, 1) and n % 10 != 0) or n % 10 == 2:
        wanted = (
            f"{{regex: '(?:ref|n°) ?{n}\\d{{2}}\\b'}}" if pattern else f"{word} {other} {third}"
        )
        return [f"text: {wanted}"]
    if pattern:
        return [f"subject: {{regex: 'PR{2000 + n}-\\d{{4,}}'}}"]
    match n % 4:
        case 0:
            return [f"from: contact{chance.randrange(ADDRESSES)}@party{n}.example"]
        case 1:
            return [f"participant: '@party{n}.example'"]
        case 2:
            return [f"subject: {word} {other} {third}", "direction: inbound"]
    return ["mail_kind: newsletter", f"subject: {word} {n}"]


def directory() -> Directory:
    """Five addresses a third party."""
    parties = [
        ThirdParty(ThirdPartyId(n), f"CU-{n}", f"Party {n}", domains=(f"party{n}.example",))
        for n in range(ADDRESSES // 5)
    ]
    contacts = [
        Contact(
            ContactId(n),
            ThirdPartyId(n % len(parties)),
            f"Contact {n}",
            (f"contact{n}@party{n % len(parties)}.example",),
        )
        for n in range(ADDRESSES)
    ]
    staff = [User(UserId(n), f"User {n}", f"user{n}@we.example") for n in range(STAFF)]
    return match.index(1, staff, parties, contacts, ["we.example"])


def sightings(chance: random.Random) -> list[tuple[Sighting, Message]]:
    """Messages in both directions, each with an address of the directory; by their headers, and
    with their text."""
    made = []
    for n in range(MESSAGES):
        contact = chance.randrange(ADDRESSES)
        theirs = Address(f"contact{contact}@party{contact % (ADDRESSES // 5)}.example")
        owner = chance.randrange(STAFF)
        ours = Address(f"user{owner}@we.example")
        inbound = chance.random() < 0.6
        message = Message(
            message_id=f"{n}@mail.example",
            subject=subject(chance),
            date=NOW - timedelta(minutes=n),
            from_=(theirs if inbound else ours,),
            to=(ours if inbound else theirs,),
            in_reply_to=(f"{n - 1}@mail.example",) if n % 2 else (),
            headers={"content-type": "text/plain"},
            size=4_000,
        )
        role = FolderRole.INBOX if inbound else FolderRole.SENT
        place = MailPlace(FolderId(owner), role, role.value, 1, n + 1, received=NOW)
        sighting = Sighting(AccountId(owner), UserId(owner), place, message)
        made.append((sighting, message))
    # After all headers, so that these are the same whatever texts there are.
    return [(one, replace(message, body=Body(body(chance)))) for one, message in made]


def load(text: str) -> RuleSet:
    """From a file to rules that can decide."""
    loaded = read([("10-bench.yaml", text)])
    assert loaded.is_good, loaded.problems[:3]
    return sealed(replace(builtin(), rules=loaded.rules))


def fires(ruleset: RuleSet, everybody: Directory, sighting: Sighting, message: Message) -> bool:
    """Whether any rule fires on it."""
    decision = decide.message(ruleset, everybody, sighting, (), NOW, around=AROUND)
    return any(step.question == "rule" for step in decide.text(decision, message).trace)


def main() -> None:
    """Measure, say what was measured, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    chance = random.Random(1)
    text = rules_file(chance)
    loads = []
    for _ in range(rounds):
        start = time.process_time()
        ruleset = load(text)
        loads.append(time.process_time() - start)
    everybody, whole = directory(), sightings(chance)
    fired = sum(fires(ruleset, everybody, sighting, message) for sighting, message in whole)
    speeds = []
    for _ in range(rounds):
        recorded = 0
        start = time.process_time()
        for sighting, message in whole:
            decision = decide.message(ruleset, everybody, sighting, (), NOW, around=AROUND)
            decision = decide.text(decision, message)
            recorded += decision.verdict is Verdict.RECORD
        speeds.append(MESSAGES / (time.process_time() - start))
    late = sum(rule.phase == "text" for rule in ruleset.rules)
    print(f"{len(ruleset.rules)} rules, {late} of them read the text, {ADDRESSES} addresses")
    print(f"{MESSAGES} messages a round, {recorded} recorded, on {fired} of them rules fired")
    print("rounds: " + ", ".join(f"{speed:,.0f}/s" for speed in speeds))
    figures = {
        "bench": "decide",
        "decisions_per_s": round(statistics.median(speeds)),
        "load_s": round(statistics.median(loads), 3),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

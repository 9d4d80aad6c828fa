"""What must come out, counted from the labels of the sample data and from nothing else."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.demo.company.events import Gathering, gatherings
from connectors.demo.company.letters import Copy, Letter, letters
from connectors.demo.company.people import Company
from rules.model.decisions import Reason
from rules.model.sightings import FolderRole

NOT_WATCHED = frozenset({FolderRole.DRAFTS, FolderRole.JUNK})


@dataclass(frozen=True, slots=True)
class Sample:
    """The company's mail and calendars on one day."""

    company: Company
    letters: tuple[Letter, ...]
    gatherings: tuple[Gathering, ...]

    def letter(self, name: str) -> Letter:
        """A letter by the name of its file and its number there: "02-mr-pemberton.1"."""
        return next(letter for letter in self.letters if letter.id == name)

    def copies(self) -> tuple[tuple[Letter, Copy], ...]:
        """Every copy of every letter."""
        return tuple((letter, copy) for letter in self.letters for copy in letter.copies)

    def watched(self) -> Iterator[tuple[Letter, Copy]]:
        """The copies in folders that suivi reads: not those in Drafts and Junk."""
        for letter, copy in self.copies():
            if self.company.member(copy.mailbox).role(copy.folder) not in NOT_WATCHED:
                yield letter, copy

    def copies_by_reason(self) -> Counter[Reason]:
        """How many copies must be judged how."""
        return Counter(letter.reason for letter, _ in self.watched())

    def captured_letters(self) -> tuple[Letter, ...]:
        """The letters that must become exchanges, each once however many copies there are."""
        return tuple(letter for letter in self.letters if letter.captured)

    def meetings_held(self, now: datetime) -> int:
        """The occurrences of meetings that must be exchanges by now."""
        return sum(self.meetings_by_party(now).values())

    def mails_by_party(self) -> Counter[str]:
        """Letters by code of third party; one to two third parties counts for both."""
        return Counter(code for letter in self.captured_letters() for code in letter.parties)

    def meetings_by_party(self, now: datetime) -> Counter[str]:
        """Held occurrences by code of third party."""
        counts: Counter[str] = Counter()
        for event in self.gatherings:
            if event.reason is Reason.MATCHED:
                counts.update({code: event.held(now) for code in event.parties})
        return counts

    def exchanges(self, now: datetime) -> int:
        """How many exchanges there must be in all."""
        return len(self.captured_letters()) + self.meetings_held(now)

    def by_party(self, now: datetime) -> Counter[str]:
        """Exchanges by code of third party."""
        return self.mails_by_party() + self.meetings_by_party(now)


def sample(company: Company, now: datetime) -> Sample:
    """The data as it stands today, on the company's clock."""
    today = now.astimezone(ZoneInfo(company.timezone)).date()
    return Sample(company, letters(company, today), gatherings(company, today))

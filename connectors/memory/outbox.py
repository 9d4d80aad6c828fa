"""The twin of an SMTP server: keeps what it accepts, and answers what it is told to."""

from collections.abc import Callable, Iterable, Sequence

from rules.model.wire import Mail, Outcome, SendResult

# These are said before DATA, when the server has seen no byte of the mail.
_BEFORE_DATA = frozenset({Outcome.TRY_AGAIN, Outcome.REFUSED})


class MemoryOutbox:
    """Meets the Outbox port. `answers` are for the next mails, one each; then all is accepted.

    `sent` holds the mails that arrived: those accepted, and, unless `loses_unknown`, those
    whose answer got lost.
    """

    def __init__(self, answers: Iterable[SendResult | Outcome] = ()) -> None:
        self.answers: list[SendResult | Outcome] = list(answers)
        self.loses_unknown = False
        self.tried: list[Mail] = []
        self.sent: list[Mail] = []

    def send(
        self,
        mails: Sequence[Mail],
        handed_over: Callable[[int], None],
        answered: Callable[[int, SendResult], None] | None = None,
    ) -> tuple[SendResult, ...]:
        """One result for each mail, in order (the port's contract)."""
        results: list[SendResult] = []
        for index, mail in enumerate(mails):
            answer = self.answers.pop(0) if self.answers else Outcome.SENT
            result = SendResult(answer) if isinstance(answer, Outcome) else answer
            self.tried.append(mail)
            if result.outcome not in _BEFORE_DATA:
                handed_over(index)
            if self._arrives(result.outcome):
                self.sent.append(mail)
            results.append(result)
            if answered is not None:
                answered(index, result)
        return tuple(results)

    def _arrives(self, outcome: Outcome) -> bool:
        if outcome is Outcome.UNKNOWN:
            return not self.loses_unknown
        return outcome is Outcome.SENT

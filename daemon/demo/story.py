"""The story, in order: each step does something, waits until it is seen, and says where."""

from collections.abc import Callable

from daemon.demo import acts_calendar, acts_mail, curtain
from daemon.demo.narrator import Narrator
from daemon.demo.stage import Stage
from daemon.i18n import mark

STEPS: tuple[tuple[str, Callable[[Narrator, Stage], None]], ...] = (
    (mark("The company's servers are up"), acts_mail.servers),
    (mark("Third parties come from a spreadsheet"), acts_mail.third_parties),
    (mark("The daemon starts, and only observes"), acts_mail.observe),
    (mark("Released: letters and meetings become exchanges"), acts_mail.capture),
    (mark("A letter arrives"), acts_mail.new_letter),
    (mark("A phone call, noted in one line with its follow-up"), acts_calendar.phone_call),
    (mark("Hugo types a follow-up on his phone"), acts_calendar.adopt),
    (mark("Hugo moves it, and its reminder moves along"), acts_calendar.move),
    (mark("The reminder falls due"), acts_calendar.remind),
    (mark("Hugo answers the mail with one word"), acts_calendar.answer),
    (mark("What there is now"), curtain.show),
)


def tell(narrator: Narrator, stage: Stage) -> None:
    """Play every step. Raises NotObserved at the first that does not happen."""
    for title, act in STEPS:
        with narrator.step(narrator._(title)):
            act(narrator, stage)

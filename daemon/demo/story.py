"""The story, in order: each step does something, waits until it is seen, and says where."""

from collections.abc import Callable

from daemon.demo.acts_calendar import adopt, answer, move, phone_call, remind
from daemon.demo.acts_mail import capture, new_letter, observe, servers, third_parties
from daemon.demo.acts_rules import rules
from daemon.demo.curtain import show
from daemon.demo.narrator import Narrator
from daemon.demo.stage import Stage
from daemon.i18n import mark

STEPS: tuple[tuple[str, Callable[[Narrator, Stage], None]], ...] = (
    (mark("The company's servers are up"), servers),
    (mark("Third parties come from a spreadsheet"), third_parties),
    (mark("The daemon starts, and only observes"), observe),
    (mark("Released: letters and meetings become exchanges"), capture),
    (mark("A letter arrives"), new_letter),
    (mark("Rules are saved, and act on the next letter"), rules),
    (mark("A phone call, noted in one line with its follow-up"), phone_call),
    (mark("Hugo types a follow-up on his phone"), adopt),
    (mark("Hugo moves it, and its reminder moves along"), move),
    (mark("The reminder falls due"), remind),
    (mark("Hugo answers the mail with one word"), answer),
    (mark("What there is now"), show),
)


def tell(narrator: Narrator, stage: Stage) -> None:
    """Play every step. Raises NotObserved at the first that does not happen."""
    for title, act in STEPS:
        with narrator.step(narrator._(title)):
            act(narrator, stage)

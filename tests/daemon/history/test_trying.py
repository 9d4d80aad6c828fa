"""A message that is tried where it lies: what can't be asked hides no copy elsewhere."""

from typing import Any

from connectors.errors import Refused
from connectors.memory.mailbox import MemoryMailbox
from daemon.app.trial import Trying
from daemon.rulebook import Rulebook
from rules.model.wire import FolderState
from rules.ruleset import builtin
from tests.daemon.history.company import SECRET, Letter

CARLA, ANN = "carla@carla.example", "ann@lumen.example"


class NoInbox:
    """A mailbox whose server opens every folder but the Inbox."""

    def __init__(self, box: MemoryMailbox) -> None:
        self.box = box.login()

    def examine(self, folder: str) -> FolderState:
        if folder == "INBOX":
            raise Refused("no such right")
        return self.box.examine(folder)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.box, name)


def test_a_folder_that_is_refused_is_told_and_the_others_are_tried(found: Any) -> None:
    with found() as company:
        copies = (("ann", "INBOX"), ("ann", "Sent"), ("bob", "INBOX"))
        company.deliver([Letter(1, CARLA, ANN, "Devis", copies=copies)])
        company.ingest(builtin())
        book = Rulebook(company.store, builtin(), ["lumen.example"]).in_force()

        def login(name: str) -> Any:
            box = company.boxes[name]
            return NoInbox(box) if name == "ann" else box.login()

        trying = Trying(company.settings, company.store, book, SECRET, login)
        troubles: list[str] = []
        tried = list(trying.message_id("m1@x.example", troubles.append))
    assert [(one.account, one.place) for one in tried] == [("ann", "Sent"), ("bob", "INBOX")]
    assert troubles == ["ann: INBOX: no such right"]

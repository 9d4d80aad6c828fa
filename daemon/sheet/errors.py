"""Why something is not written, in words that can be translated, named after what happens next."""

from daemon.i18n import Told


class Refusal(Told):
    """Any of those below."""


class NotThere(Refusal):
    """There is no such thing, or nobody tells this user that there is: the two read alike."""


class NotAllowed(Refusal):
    """The user sees it, and may not do this to it."""


class NotTaken(Refusal):
    """A value that can't be used; `field` names it as the API does."""

    def __init__(self, field: str, text: str, **details: str) -> None:
        super().__init__(text, **details)
        self.field = field


class Changed(Refusal):
    """Somebody else changed it first: read it again, then change that."""


class Unready(Refusal):
    """It can't be done as things are: an admin must set something up, or the thing is over."""

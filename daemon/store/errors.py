"""What can go wrong in the store, named after what happens next."""


class StoreError(Exception):
    """Any of those below, or a database that can't be used; one line that says what to do."""


class Unfit(StoreError):
    """Database and program do not belong together: an admin must act, trying again says the
    same."""


class Unavailable(StoreError):
    """The database did not answer, or had to give up this transaction: do it again later."""


class Unstorable(StoreError):
    """The database refuses this one value, now and later: put it aside, its neighbours go on."""


class Stale(StoreError):
    """Somebody else changed it first: read again, then decide again."""


class StaleDirectory(Stale):
    """The directory changed while a range was being judged: judge it again."""


class LeaseLost(StoreError):
    """Another worker holds this account now: drop what is in hand."""


class ClaimLost(StoreError):
    """Another worker holds this ledger entry or piece of work now: drop it."""


class UnknownCode(Unstorable):
    """No list has an entry of this code: what names it waits until one has."""

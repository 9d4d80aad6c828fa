"""What the store of the bad files knows."""

from rules.model.rules import Known

KNOWN = Known(
    users=frozenset({"emma@we.example", "paul@we.example"}),
    groups=frozenset({"sales", "management"}),
    modes=frozenset({"email", "phone", "meeting"}),
    purposes=frozenset({"quote", "invoice", "other"}),
    products=frozenset({"SUPPORT"}),
    third_parties=frozenset({"ACME", "GLOBEX"}),
    templates=frozenset({"short", "default"}),
    accounts=frozenset({"sales", "emma"}),
    calendars=frozenset({"Travail"}),
)

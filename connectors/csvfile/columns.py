"""Which column is which: the names that people give them, in English and French."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# The key of a field, and what its column may be called: folded as `_fold` does it.
COLUMNS = {
    "code": (
        "code|ref|reference|third party code|customer code|client code|supplier code"
        "|code tiers|code client|code fournisseur|code du tiers"
    ),
    "name": (
        "name|third party|company|company name|organisation|organization"
        "|nom|raison sociale|societe|entreprise|tiers|nom du tiers|nom de la societe|denomination"
    ),
    "kind": "kind|kinds|type|types|nature|third party type|type de tiers|type du tiers",
    "domain": (
        "domain|domains|domain s|email domain|email domains|mail domain|website|web site"
        "|domaine|domaines|domaine s|nom de domaine|domaine email|domaines email|site web|site"
    ),
    "contact": (
        "contact|contacts|contact name|contact person|full name|person"
        "|nom du contact|nom complet|contact adresse|interlocuteur|personne"
    ),
    "first": "first name|firstname|given name|contact first name|prenom|prenom du contact",
    "last": "last name|lastname|surname|family name|contact last name|nom de famille",
    "email": (
        "email|emails|e mail|e mails|mail|mails|email address|e mail address|contact email"
        "|courriel|courriels|adresse email|adresse e mail|adresse mail|adresse courriel"
        "|adresse electronique|email du contact"
    ),
    "phone": (
        "phone|phones|phone number|telephone number|mobile|mobile phone|cell phone"
        "|telephone|telephones|tel|numero de telephone|portable|tel portable|telephone portable"
    ),
    "entity": "entity|entite",
    "tags": "tag|tags|label|labels|keyword|keywords|etiquette|etiquettes|mot cle|mots cles",
    "former": (
        "former name|former names|formerly|previous name|previous names"
        "|ancien nom|anciens noms|anciennement"
    ),
}
_KEYS = {name: key for key, names in COLUMNS.items() for name in names.split("|")}

# Several columns of these add up; of the others, the first one counts.
LISTS = frozenset({"domain", "email", "phone", "former", "tags"})


@dataclass(frozen=True, slots=True)
class Header:
    """The key of each column, in order, None for one that is not read; and their names."""

    keys: tuple[str | None, ...]
    unknown: tuple[str, ...]


def known(cell: str) -> str | None:
    """The key of a column by its name, if we know it."""
    return _KEYS.get(_fold(cell))


def header(cells: Sequence[str]) -> Header:
    """The columns that the first record names."""
    keys: list[str | None] = [known(cell) for cell in cells]
    _tell_names_apart(keys, cells)
    unknown: list[str] = []
    for place, (key, cell) in enumerate(zip(keys, cells, strict=True)):
        if key is None or (key not in LISTS and key in keys[:place]):
            keys[place] = None
            if cell.strip():
                unknown.append(cell.strip())
    return Header(tuple(keys), tuple(unknown))


def _tell_names_apart(keys: list[str | None], cells: Sequence[str]) -> None:
    """Beside "Raison sociale" or "Company", "Nom" or "Name" is the contact's, not the company's."""
    named = [place for place, key in enumerate(keys) if key == "name"]
    plain = [place for place in named if _fold(cells[place]) in {"nom", "name"}]
    if len(named) > len(plain):
        for place in plain:
            keys[place] = "last" if "first" in keys else "contact"


def _fold(cell: str) -> str:
    """Without case, accents, punctuation, and the number of "Email 2"."""
    bare = unicodedata.normalize("NFKD", cell.casefold())
    words = re.sub(r"[^a-z0-9]+", " ", re.sub(r"[\u0300-\u036f]", "", bare)).split()
    if len(words) > 1 and words[-1].isdecimal():
        words.pop()
    return " ".join(words)

"""Public holidays of a country or region, as dates: the `holidays` package knows them."""

import re
import warnings
from datetime import date
from functools import cache

from daemon.i18n import Told, mark

_CODE = re.compile(r"([A-Z]{2})(?:-(.{1,60}))?", re.DOTALL)
_YEARS = range(2000, 2101)


def normal(text: str) -> str:
    """The code of a country, or of its region after a dash (ISO 3166: `FR`, `FR-57`), as it is
    kept; "" stays. Raises Told for one that nobody knows."""
    if not text.strip():
        return ""
    found = _CODE.fullmatch(text.strip().upper())
    if found is None:
        raise Told(mark("takes a country such as FR, or a region such as FR-57"))
    from holidays import list_supported_countries

    regions = list_supported_countries(include_aliases=False).get(found[1])
    if regions is None:
        raise Told(mark("no public holidays are known of '{country}'"), country=found[1])
    if found[2] is None:
        return found[1]
    region = next((r for r in regions if r.upper() == found[2]), None)
    if region is None:
        known = ", ".join(regions) or "-"
        raise Told(
            mark("{country} has no region '{region}': {known}"),
            country=found[1],
            region=found[2],
            known=known,
        )
    return f"{found[1]}-{region}"


def of_zone(name: str) -> frozenset[date]:
    """Those of the country that a time zone is mostly in, where nobody has said which apply; none
    for a zone of no country."""
    from babel.core import get_global

    return dates(get_global("zone_territories").get(name, ""))


@cache
def dates(code: str) -> frozenset[date]:
    """The holidays of a code that `normal` gave, of this century; none for an unknown one."""
    from holidays import country_holidays

    country, _, region = code.partition("-")
    if not country:
        return frozenset()
    with warnings.catch_warnings():
        # Of some countries the package knows the holidays of fewer years.
        warnings.simplefilter("ignore")
        try:
            return frozenset(country_holidays(country, subdiv=region or None, years=_YEARS))
        except NotImplementedError:
            # Kept under a version of the package that knew it.
            return frozenset()

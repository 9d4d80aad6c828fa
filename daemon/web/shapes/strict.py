"""Types that take a value only as the OpenAPI document describes it: pydantic, left to itself,
reads a number as a date, 0 as false, and "7" as a number."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    StrictBool,
    StrictInt,
    WithJsonSchema,
)
from pydantic_core import PydanticKnownError

__all__ = ["Day", "DayOrMoment", "Flag", "Moment", "Whole"]

Flag = StrictBool
Whole = StrictInt

BLANK = r"\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""Blanks and control characters, for a class of a pattern: dialects differ in what `\\s` is."""

_BEGINS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _moment(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _BEGINS.match(value)):
        return value
    raise PydanticKnownError("datetime_type")


def _day(value: Any) -> Any:
    if isinstance(value, date) or (isinstance(value, str) and _BEGINS.match(value)):
        return value
    raise PydanticKnownError("date_type")


def _sayable(moment: datetime) -> datetime:
    # Calendars and databases end near the years 1 and 9999; no dealing is that far.
    if not 1900 <= moment.year <= 2200:
        raise PydanticKnownError("datetime_type")
    return moment


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_moment),
    AfterValidator(_sayable),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "pattern": "^(19[0-9]{2}|2[01][0-9]{2}|2200)-",
        }
    ),
]
Day = Annotated[date, BeforeValidator(_day)]
DayOrMoment = Annotated[datetime | date, BeforeValidator(_moment)]

"""Why a value of a request can't be used, in words that can be translated.

Pydantic tells it in English; this table has what its validators find in our shapes, by the type of
the error (https://docs.pydantic.dev/latest/errors/validation_errors/).
"""

from collections.abc import Callable, Mapping
from typing import Any

from daemon.i18n import Told, mark

_NUMBER = mark("should be a number")
_WHOLE = mark("should be a whole number")
_TEXT = mark("should be a text")
_YES_NO = mark("should be true or false")
_LIST = mark("should be a list")
_OBJECT = mark("should be an object")
_MOMENT = mark("should be a date and time such as 2026-11-24T09:30:00Z")
_DATE = mark("should be a date such as 2026-11-24")
_TIME = mark("should be a time such as 09:30")
_OTHERWISE = mark("can't be used")

SAID: Mapping[str, str] = {
    "missing": mark("is missing"),
    "extra_forbidden": mark("is not known here"),
    "json_invalid": mark("is not JSON"),
    "value_error": _OTHERWISE,
    "string_type": _TEXT,
    "string_unicode": mark("should be a text of Unicode characters"),
    "string_too_short": mark("should have at least {min_length} characters"),
    "string_too_long": mark("should have at most {max_length} characters"),
    "string_pattern_mismatch": mark("should look like this: {pattern}"),
    "too_short": mark("should have at least {min_length} of them"),
    "too_long": mark("should have at most {max_length} of them"),
    "greater_than": mark("should be greater than {gt}"),
    "greater_than_equal": mark("should be {ge} or more"),
    "less_than": mark("should be less than {lt}"),
    "less_than_equal": mark("should be {le} or less"),
    "enum": mark("should be one of {expected}"),
    "literal_error": mark("should be one of {expected}"),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "decimal_max_digits": mark("should have at most {max_digits} digits"),
    "decimal_max_places": mark("should have at most {decimal_places} decimal places"),
    "decimal_whole_digits": mark("should have at most {whole_digits} digits before the point"),
    "bool_type": _YES_NO,
    "bool_parsing": _YES_NO,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "timezone_aware": mark("should say its time zone: 2026-11-24T09:30:00+01:00"),
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "time_type": _TIME,
    "time_parsing": _TIME,
}


def said(wrong: Mapping[str, Any], _: Callable[[str], str]) -> str:
    """One error of pydantic in the language of `_`; what was sent is not in it."""
    context = wrong.get("ctx") or {}
    ours = context.get("error")
    if isinstance(ours, Told):
        return ours.told(_)
    text = SAID.get(wrong["type"], _OTHERWISE)
    return _(text).format(**context)

"""Ids, as requests name them."""

from typing import Annotated

from fastapi import Path

LARGEST_ID = 2**53 - 1
"""What every program reads as it was written: JSON knows no larger whole number (RFC 8259 §6)."""

Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]

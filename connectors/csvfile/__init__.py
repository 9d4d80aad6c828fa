"""CSV files of third parties and contacts, as people's spreadsheets write them."""

from connectors.csvfile.rows import read

__all__ = ["read"]

"""Loopback servers, and a small sample company that lives on them, for `suivi demo` and tests."""

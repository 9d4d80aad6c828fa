"""Imperative shell: runs, remembers, shows."""

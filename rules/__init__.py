"""Functional core: what things are and what we decide. Pure: same input, same answer."""

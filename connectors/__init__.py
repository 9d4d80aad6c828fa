"""Adapters: each folder speaks one protocol, and hands over `rules.model` values."""

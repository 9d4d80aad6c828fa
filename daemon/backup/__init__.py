"""Backups: one file that holds the database as it was at one moment, and how it gets back."""

"""Reminders out, answers back in."""

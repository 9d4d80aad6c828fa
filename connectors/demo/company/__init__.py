"""Atelier Lumen, a company of three that makes lamps: its people, mail and calendars as data."""

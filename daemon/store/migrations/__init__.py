"""Migrations: append-only; one transaction takes a database from any version to the newest."""

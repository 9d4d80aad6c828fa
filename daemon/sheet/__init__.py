"""What people write: exchanges, their confidential comments, follow-ups, mails; the one body of
the API and the command line."""

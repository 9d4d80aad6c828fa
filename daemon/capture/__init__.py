"""From mailboxes and calendars into the ledger: the mail arrow and the event arrow."""

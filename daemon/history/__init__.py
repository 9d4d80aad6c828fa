"""The past under other rules (spec §7): what would differ, and bringing it in step."""

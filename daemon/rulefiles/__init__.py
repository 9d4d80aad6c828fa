"""The admin's rules files: read whole, in force whole or refused whole, and watched (spec §7)."""

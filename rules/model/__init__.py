"""The vocabulary of suivi (spec §1) as frozen values; every storey speaks it."""

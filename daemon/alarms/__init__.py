"""What should be so and is not: looked for now and then, and told to the admin (spec §11)."""

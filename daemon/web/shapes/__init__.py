"""What the API answers with (JSON), from our values; one file a noun. The OpenAPI document is made
of these."""

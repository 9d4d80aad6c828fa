"""The JSON API, version 1; one file a noun, each with its part of the URL table."""

"""A mail server and a calendar server on free loopback ports, each in a process of its own."""

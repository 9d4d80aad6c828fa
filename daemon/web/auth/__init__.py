"""Who calls: by token, by the cookie of a session, or named by a reverse proxy that is trusted."""

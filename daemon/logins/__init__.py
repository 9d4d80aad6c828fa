"""How users and programs prove who they are: passwords, sessions, tokens, invitations."""

"""Who there is, and what they may do: changed by somebody, with the rights to, and written down."""

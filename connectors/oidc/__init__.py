"""OpenID Connect Core 1.0, the authorization code flow, as the party that relies on a provider."""

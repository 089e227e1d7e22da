"""Which scope a key needs for a route."""

from maquette.people.keys import Scope

# By how the path begins: to read, and to change. What is not here is for the scope `account`.
SCOPES: tuple[tuple[str, Scope, Scope], ...] = (
    ("/v1/operator", "operate", "operate"),
    ("/metrics", "operate", "operate"),
    ("/v1/generations", "read", "generate"),
    ("/v1/texts", "read", "generate"),
    ("/v1/copy/checks", "read", "read"),  # which changes nothing
    ("/v1/copy/quotes", "read", "read"),  # nor does this
    ("/v1/copy", "read", "generate"),
    ("/v1/templates", "read", "account"),
    ("/v1/brand-voices", "read", "generate"),
    ("/v1/campaigns/quotes", "read", "read"),  # which changes nothing
    ("/v1/campaigns", "read", "generate"),
    ("/v1/documents", "read", "generate"),
    ("/v1/speech/quotes", "read", "read"),  # which changes nothing
    ("/v1/speech", "read", "generate"),
    ("/v1/audio/speech", "read", "generate"),
    ("/v1/voices", "read", "account"),
    ("/v1/code/quotes", "read", "read"),  # which changes nothing
    ("/v1/code", "read", "generate"),
    ("/v1/assets", "read", "generate"),
    ("/v1/chat/completions", "read", "generate"),
    ("/v1/pictures", "read", "generate"),
    ("/v1/quotes", "read", "read"),  # which changes nothing
    ("/v1/events", "read", "account"),
    ("/v1/models", "read", "account"),
    ("/v1/balance", "read", "account"),
    ("/v1/transfers", "read", "account"),
)


def scope_of(path: str, changes: bool) -> Scope:
    """What a key must be for, to call this."""
    for beginning, to_read, to_change in SCOPES:
        if path == beginning or path.startswith(f"{beginning}/"):
            return to_change if changes else to_read
    return "account"

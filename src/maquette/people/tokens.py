"""Random tokens: what is handed out, and the hash that is kept of it."""

import secrets
from hashlib import sha256

TOKEN_BYTES = 32  # so many random bytes need no slow hash, and no salt


def new_token() -> str:
    """Text for a cookie, a link or a key, which no one guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> bytes:
    """What is kept of it, and found by."""
    return sha256(token.encode(errors="replace")).digest()

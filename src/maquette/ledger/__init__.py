"""Credits: double entry, holds and grants, in the caller's transaction."""

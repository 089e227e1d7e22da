"""E-mail addresses: as they are written, and as they are compared."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from maquette.core.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Email:
    """An address that can be written to."""

    written: str
    key: str  # what two spellings of one address have in common


def read_email(text: str) -> Email:
    """Checks its form, not that it exists. Raises InvalidRequest."""
    try:
        text.encode()  # half a surrogate pair is in no address
        found = validate_email(text.strip(), check_deliverability=False)
    except (EmailNotValidError, UnicodeError):
        raise InvalidRequest(
            f"{text!r} is no e-mail address; write it as name@example.org"
        ) from None
    # Not casefold(), to which ß is ss: straße.de and strasse.de are two people's domains.
    return Email(found.normalized, f"{found.local_part.lower()}@{found.ascii_domain.lower()}")

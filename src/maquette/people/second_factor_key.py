"""The key that second factors and other servers' keys are encrypted with; no database has it."""

import binascii
import os
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from maquette.core.errors import InvalidSettings, OutputNotWritable, reason_and_remedy
from maquette.core.settings import Settings

FILE_NAME = "second-factor.key"
KEY_BYTES, NONCE_BYTES = 32, 12  # AES-256-GCM, with a nonce of its own for each secret
BETWEEN = ":"  # the key's id and what it encrypted; no secret in base32 has it


class SecondFactorKey:
    """Encrypts a secret for one account, or one server: copied to another's row it is of no use."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self.key_id = sha256(b"id of a second factor key" + key).hexdigest()[:8]

    def encrypt(self, secret: str, account_id: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, secret.encode(), account_id.encode())
        return f"{self.key_id}{BETWEEN}{b64encode(nonce + sealed).decode()}"

    def decrypt(self, kept: str, account_id: str) -> str | None:
        """None where it is of another key, or another account."""
        key_id, _, text = kept.partition(BETWEEN)
        if key_id != self.key_id:
            return None
        sealed = b64decode(text)
        nonce, sealed = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, account_id.encode()).decode()
        except InvalidTag:
            return None


def find_key(settings: Settings) -> SecondFactorKey | None:
    """That of the settings, else that in the data folder. Raises InvalidSettings."""
    path = settings.data / FILE_NAME
    text, where = settings.second_factor_key, "second_factor_key"
    try:
        if text is None:
            text, where = path.read_text(encoding="ascii").strip(), str(path)
        key = b64decode(text, validate=True)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InvalidSettings(f"{path} cannot be read: {reason_and_remedy(error)}") from None
    except (binascii.Error, UnicodeError):
        key = b""
    if len(key) != KEY_BYTES:
        raise InvalidSettings(f"{where} holds no key; it is {KEY_BYTES} bytes as base64")
    return SecondFactorKey(key)


def make_key(data: Path) -> None:
    """A key in the data folder, for its owner's eyes alone; one that is there stays. Raises
    OutputNotWritable.
    """
    path = data / FILE_NAME
    try:
        data.mkdir(parents=True, exist_ok=True)  # there may be none yet beside one's own database
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(descriptor)
    except FileExistsError:
        return
    except OSError as error:
        raise OutputNotWritable(f"{path} cannot be written: {reason_and_remedy(error)}") from None

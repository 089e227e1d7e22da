"""The one tree of errors that Maquette raises on purpose.

    MaquetteError             exit 1   something outside the request went wrong
    ├── WeightsDamaged        exit 1   a weights file is cut short or does not fit its model
    ├── OutputNotWritable     exit 1   a result cannot be stored where it was asked for
    ├── DatabaseUnavailable   exit 1   the database does not start, answer or fit this version
    ├── BackupDamaged         exit 1   a backup is cut short, was changed, or is of another version
    ├── StorageUnavailable    exit 1   what keeps the pictures' bytes does not take or give them
    ├── SandboxUnavailable    exit 1   code cannot be run here behind the walls that it needs
    ├── OutOfMemory           exit 1   a request does not fit the memory, even alone
    ├── CodeFailed            exit 1   no code passed its tests within its attempts
    ├── JobFailed             exit 1   nothing came of a request, and its price was given back
    ├── RemoteUnavailable     exit 1   another server is away, slow or senseless
    ├── NotNow                exit 1   asked again later, it is done
    │   ├── QueueFull         exit 1   more requests wait than are let in
    │   └── RateLimited       exit 1   something is asked more often than it may be
    ├── PaymentUnavailable    exit 1   a provider of payments does not answer
    │   └── PaymentRefused    exit 1   it says no, and would say so again
    ├── VoiceUnavailable      exit 1   what speaks does not answer, or not as it should
    ├── QuotaExceeded         exit 1   an account keeps as much as it may
    ├── InsufficientCredits   exit 1   an account has fewer credits than are asked for
    ├── HoldResolved          exit 1   what held credits has ended in another way
    └── UsageError            exit 2   the request is at fault; asking again gives the same answer
        ├── InvalidRequest    exit 2   a prompt, size or other value that cannot be carried out
        ├── InvalidSettings   exit 2   a flag, MAQUETTE_* variable or settings.toml entry
        ├── IdempotencyMismatch exit 2  a key that came with another request before
        ├── ModelNotFound     exit 2   no model of that name, folder or file
        ├── NotSignedIn       exit 2   no one is signed in, or not as is asked for
        ├── NotAllowed        exit 2   who asks may not do this
        └── NotFound          exit 2   no job or asset of that name, or another's

A message is one line that names the value and the remedy:
"width 250 must be a multiple of 16 from 64 to 1024; nearest is 256".
"""

import errno
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar


class MaquetteError(Exception):
    """The root: catch it to catch everything raised on purpose."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class WeightsDamaged(MaquetteError):
    """A weights file is cut short, changed, or does not fit its model."""


class OutputNotWritable(MaquetteError):
    """A result cannot be stored where it was asked for."""


class DatabaseUnavailable(MaquetteError):
    """The database does not start or answer, or is of another version."""


class BackupDamaged(MaquetteError):
    """A backup is cut short, was changed since, or is of another version."""


class StorageUnavailable(MaquetteError):
    """What keeps the bytes of pictures does not answer, or refuses."""


class SandboxUnavailable(MaquetteError):
    """Code that a model wrote cannot be run here behind every wall, so it is not run."""


class OutOfMemory(MaquetteError):
    """A request does not fit the memory that the device has left, even alone."""


class CodeFailed(MaquetteError):
    """No code that was written passed its tests within the attempts that it was given; the `log`
    says of each what failed.
    """

    def __init__(self, message: str, log: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.log = log


class JobFailed(MaquetteError):
    """Nothing came of a request that was accepted; its price was given back."""


class RemoteUnavailable(MaquetteError):
    """Another server that makes something does not answer, is too slow, or says what is none."""


class NotNow(MaquetteError):
    """The same is done if it is asked for again after `retry_after_s`."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class QueueFull(NotNow):
    """More requests wait than are let in."""


class RateLimited(NotNow):
    """Something is asked for more often than it may be."""


class PaymentUnavailable(MaquetteError):
    """A provider of payments does not answer, so what was asked for may be done or not."""


class PaymentRefused(PaymentUnavailable):
    """A provider of payments says no, and nothing was done."""


class VoiceUnavailable(MaquetteError):
    """What speaks, a process or a server, does not answer, or not as it should."""


class QuotaExceeded(MaquetteError):
    """An account keeps as much as it may; there is room when something of it goes."""


class InsufficientCredits(MaquetteError):
    """An account has fewer credits than something costs, or than are to be taken back."""


class HoldResolved(MaquetteError):
    """Held credits were charged or given back already, in another way than is asked for."""


class UsageError(MaquetteError):
    """The request is at fault; asking again in the same way gives the same answer."""

    exit_code: ClassVar[int] = 2


class InvalidRequest(UsageError):
    """A prompt, size or other value that cannot be carried out."""


class InvalidSettings(UsageError):
    """A flag, MAQUETTE_* variable or settings.toml entry that is unknown or does not fit."""


class IdempotencyMismatch(UsageError):
    """A request has the key that another request had; each needs a new one."""


class ModelNotFound(UsageError):
    """No model has that name, and no folder or file of that name holds one."""


class NotSignedIn(UsageError):
    """No one is signed in, or what was given to sign in is not right. `needs` names what is yet to
    be given: the "code" of a second factor.
    """

    def __init__(self, message: str, needs: str | None = None) -> None:
        super().__init__(message)
        self.needs = needs


class NotAllowed(UsageError):
    """Who asks is known, and may not do this."""


class NotFound(UsageError):
    """No job or asset has that name, or it is another account's."""


_REMEDIES = {
    errno.ENOSPC: "free some space, or choose another folder",
    errno.EDQUOT: "free some of your quota, or choose another folder",
    errno.EROFS: "choose a folder that can be written",
    errno.EACCES: "choose a path you may use, or change its permissions",
    errno.EPERM: "choose a path you may use, or change its permissions",
    errno.EISDIR: "name a file in that folder",
    errno.EEXIST: "choose another name",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def reason_and_remedy(error: OSError) -> str:
    """The end of a message about a file, a folder or a disk that refused."""
    reason = (error.strerror or first_line(error)).lower()
    return f"{reason}; {_REMEDIES.get(error.errno or 0, 'check the path')}"


def first_line(error: BaseException) -> str:
    """What a library says of its failure, cut to one line; its kind where it says nothing."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    heading = len(lines) > 1 and lines[0].endswith(":")
    return " ".join(lines[: 2 if heading else 1]) or type(error).__name__


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown `name`: the nearest known one, or all of them."""
    names = sorted(known)
    nearest = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(names)}"

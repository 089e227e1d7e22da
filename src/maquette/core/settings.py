"""The settings of one run, read once from flags, MAQUETTE_* variables and DIR/settings.toml."""

import json
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import platformdirs
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from maquette.core.errors import InvalidSettings, did_you_mean

PREFIX = "MAQUETTE_"
FILE_NAME = "settings.toml"

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "fp32", "bf16"]
Backend = Literal["auto", "eager", "cudagraphs", "compile", "openvino"]
SECRET_WORDS = {"key", "password", "secret", "token"}  # in the names of what is secret
MAY_HOLD_SECRETS = {"database", "providers", "smtp"}  # and are not said in an error's line
SignUp = Literal["open", "closed"]
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
Origins = dict[str, tuple[str, object]]  # setting → where it was given, and the value


def default_data_folder() -> Path:
    """The platform's folder for a user's data; nothing is created."""
    return platformdirs.user_data_path("maquette", appauthor=False)


ProviderId = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]


def _parsed(value: object) -> object:
    """A table as it comes in a variable: JSON."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


class OidcProvider(BaseModel):
    """Who vouches for people, by OpenID Connect."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    issuer: str = Field(pattern=r"^(https://|http://(localhost|127\.0\.0\.1)(:|/|$))")
    client_id: str
    client_secret: str


class Settings(BaseModel):
    """Everything that can be set. A field's description says what a value must be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(default_factory=default_data_folder, description="a folder")
    threads: int | None = Field(default=None, ge=1, description="a whole number of at least 1")
    device: Device = Field(default="auto", description="auto, cpu or cuda")
    precision: Precision = Field(default="auto", description="auto, fp32 or bf16")
    backend: Backend = Field(
        default="auto", description="auto, eager, cudagraphs, compile or openvino"
    )
    database: str | None = Field(
        default=None,
        pattern=r"^postgres(ql)?://",
        description="a URL, postgresql://USER@HOST/NAME",
    )
    storage: str | None = Field(
        default=None, min_length=1, description="a folder, or s3://BUCKET/PREFIX"
    )
    storage_endpoint: str | None = Field(
        default=None, pattern=r"^https?://", description="a URL, https://HOST"
    )
    log_format: LogFormat = Field(default="text", description="text or json")
    log_level: LogLevel = Field(default="warning", description="debug, info, warning or error")
    otel_endpoint: str | None = Field(
        default=None, pattern=r"^https?://", description="a URL, http://HOST:4318"
    )
    queue_s: int = Field(default=1800, ge=1, description="seconds of work, at least 1")
    queue_jobs: int = Field(default=100, ge=1, description="requests, at least 1")
    account_jobs: int = Field(default=16, ge=1, description="requests, at least 1")
    account_requests: int = Field(default=120, ge=1, description="requests a minute, at least 1")
    upload_bytes: int = Field(default=2**30, ge=1, description="bytes an account, at least 1")
    upload_days: int = Field(default=30, ge=1, le=36500, description="days, from 1 to 36500")
    sign_up: SignUp = Field(default="open", description="open or closed")
    free_credits: int = Field(default=100, ge=0, description="credits, at least 0")
    public_url: str | None = Field(
        default=None, pattern=r"^https?://[^/\s]+$", description="a URL, https://NAME"
    )
    smtp: str | None = Field(
        default=None,
        pattern=r"^smtps?://",
        description="a URL, smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS",
    )
    proxies: str = Field(
        default="",
        pattern=r"^[0-9a-fA-F.:/, ]*$",
        description="addresses or networks, separated by commas",
    )
    second_factor_key: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9+/]{43}=$",
        repr=False,
        description="32 random bytes as base64 (openssl rand -base64 32)",
    )
    invoice_seller: str = Field(default="", description="name and address, \\n between lines")
    invoice_tax_percent: Decimal = Field(
        default=Decimal(0), ge=0, lt=1000, decimal_places=2, description="percent, from 0 to 999.99"
    )
    stripe_key: str | None = Field(default=None, repr=False, description="a secret key, sk_…")
    stripe_webhook_secret: str | None = Field(
        default=None, repr=False, description="a signing secret, whsec_…"
    )

    providers: Annotated[dict[ProviderId, OidcProvider], BeforeValidator(_parsed)] = Field(
        default={}, description="tables of name, issuer, client_id and client_secret"
    )

    machine_cents_hour: float = Field(
        default=8.0, ge=0, description="US cents an hour that a worker's machine costs"
    )

    def as_environment(self) -> dict[str, str]:
        """These settings as variables, for a process that is to have the same."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {PREFIX + name.upper(): _as_text(value) for name, value in values.items()}

    @classmethod
    def load(
        cls, environ: Mapping[str, str], flags: Mapping[str, object] | None = None
    ) -> "Settings":
        """The settings of one run: a flag beats a variable, a variable beats the file.

        `environ` is the whole environment; of it only MAQUETTE_* counts, and an empty variable is
        an unset one. A flag of None was not given. The file is `settings.toml` in the data folder.

        Raises InvalidSettings naming the entry, where it was given, and what it must be.
        """
        given = _from_environment(environ) | _from_flags(flags or {})
        folder = Path(str(given["data"][1])) if "data" in given else default_data_folder()
        try:
            folder = folder.expanduser().absolute()
        except RuntimeError:
            raise InvalidSettings(f"the folder {folder} names no home; write it in full") from None
        given = _from_file(folder / FILE_NAME) | given
        # As text, so that one rule reads all three sources: TOML's true is not the number 1.
        values = {name: _as_text(value) for name, (_, value) in given.items()}
        try:
            return cls.model_validate(values | {"data": str(folder)})
        except ValidationError as error:
            raise InvalidSettings(_explain(error, given)) from None


def _as_text(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict) else str(value)


def without_secrets(entries: Mapping[str, Any]) -> str:
    """A settings file of these entries, but for those that are secret."""
    kept = (f"{name} = {_toml(v)}\n" for name, v in entries.items() if not _secret(name, v))
    return "".join(kept)


def _secret(name: str, value: object) -> bool:
    """By its name, or for it is a URL with a password."""
    named = not SECRET_WORDS.isdisjoint(name.lower().split("_"))
    return named or re.search(r"://[^/@]*:[^/@]+@", str(value)) is not None


def _toml(value: Any) -> str:
    """A value as TOML has it, on one line."""
    match value:
        case dict():
            entries = cast(dict[str, Any], value).items()
            kept = (f"{json.dumps(k)} = {_toml(v)}" for k, v in entries if not _secret(k, v))
            return f"{{ {', '.join(kept)} }}"
        case list():
            return f"[{', '.join(map(_toml, cast(list[Any], value)))}]"
        case bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _from_flags(flags: Mapping[str, object]) -> Origins:
    return {name: (f"--{name}", value) for name, value in flags.items() if value is not None}


def _from_environment(environ: Mapping[str, str]) -> Origins:
    given: Origins = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or not value:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in Settings.model_fields:
            variables = [PREFIX + field.upper() for field in Settings.model_fields]
            raise InvalidSettings(
                f"unknown variable {variable}; {did_you_mean(variable, variables)}"
            )
        given[name] = (variable, value)
    return given


def _from_file(path: Path) -> Origins:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{path} is not valid TOML: {error}") from None
    if "data" in entries:
        raise InvalidSettings(
            f"{path} cannot name its own folder; remove data, give --data or {PREFIX}DATA instead"
        )
    known = Settings.model_fields.keys() - {"data"}
    for name in entries:
        if name not in known:
            raise InvalidSettings(f"unknown setting {name} in {path}; {did_you_mean(name, known)}")
    return {name: (f"{name} in {path}", value) for name, value in entries.items()}


def _explain(error: ValidationError, given: Origins) -> str:
    name = str(error.errors()[0]["loc"][0])
    origin, value = given[name]
    said = "does not fit" if name in MAY_HOLD_SECRETS or _secret(name, value) else f"is {value!r}"
    return f"{origin} {said}; it must be {Settings.model_fields[name].description}"

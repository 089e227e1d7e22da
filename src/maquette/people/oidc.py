"""OpenID Connect: authorization code, PKCE, nonce, and a state that is bound to the browser."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from maquette.core.errors import InvalidRequest, NotNow
from maquette.core.settings import OidcProvider
from maquette.people.tokens import new_token

SCOPE = "openid email profile"
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]  # none of them by a shared secret
KNOWN_FOR_S = 3600.0
AWAY_FOR_S = 10.0  # after a failure it is not asked again so soon
AT_ONCE = 16  # threads that wait for it, of the forty that there are
TIMEOUT_S = 10.0
ATTEMPT_S = 600  # within which a browser is to be back
BETWEEN = "."  # the parts of what a browser keeps meanwhile; no token has it


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a browser keeps from the way out until the way back. It has a `seal` where the identity
    is to be linked to who is signed in, and not to sign anyone in.
    """

    provider_id: str
    state: str
    nonce: str
    verifier: str
    seal: str = ""

    def as_text(self) -> str:
        parts = (self.provider_id, self.state, self.nonce, self.verifier, self.seal)
        return BETWEEN.join(part for part in parts if part)

    @classmethod
    def read(cls, text: str) -> "Attempt | None":
        parts = text.split(BETWEEN)
        return cls(*parts) if len(parts) in (4, 5) and all(parts) else None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a provider says someone is."""

    provider_id: str
    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    name: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a provider says of itself."""

    about: dict[str, Any]
    keys: KeySet
    asked_at: float


class OidcClient:
    """One provider, and what it says of itself, which is asked for now and then."""

    def __init__(self, provider_id: str, provider: OidcProvider, redirect_uri: str) -> None:
        self._id, self._provider, self._redirect_uri = provider_id, provider, redirect_uri
        self._asking = threading.BoundedSemaphore(AT_ONCE)
        self._found: Found | None = None
        self._away_until = 0.0

    @property
    def name(self) -> str:
        return self._provider.name

    @property
    def issuer(self) -> str:
        return self._provider.issuer

    def begin(self) -> tuple[str, Attempt]:
        """Where to send the browser, and what it is to keep. Raises NotNow."""
        about = self._discover().about
        attempt = Attempt(self._id, new_token(), new_token(), new_token())
        with self._client() as client:
            url, _ = client.create_authorization_url(
                about["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return url, attempt

    def finish(self, attempt: Attempt, state: str, code: str) -> Identity:
        """Who came back. Raises InvalidRequest, NotNow."""
        if attempt.provider_id != self._id or attempt.state != state:
            raise InvalidRequest("this sign-in was not begun in this browser; begin anew")
        token = self._token(attempt, code)
        try:
            claims = self._claims(token, attempt.nonce)
        except (AuthlibBaseError, JoseError, ValueError, KeyError):
            raise self._unsaid() from None
        email = claims.get("email")
        return Identity(
            self._id,
            self._provider.issuer,
            str(claims["sub"]),
            email if isinstance(email, str) else None,
            claims.get("email_verified") is True,
            str(claims.get("name") or ""),
        )

    def _token(self, attempt: Attempt, code: str) -> dict[str, Any]:
        """What the provider gives for a code, once."""
        about = self._discover().about
        try:
            with self._in_line(), self._client() as client:
                return client.fetch_token(
                    about["token_endpoint"], code=code, code_verifier=attempt.verifier
                )
        except httpx2.HTTPError:
            raise self._away() from None
        except (AuthlibBaseError, ValueError, KeyError):
            raise self._unsaid() from None

    def _claims(self, token: dict[str, Any], nonce: str) -> CodeIDToken:
        """What its token says, where the provider signed it, for us, in this attempt."""
        text = str(token["id_token"])
        try:
            decoded = jwt.decode(text, self._discover().keys, algorithms=ALGORITHMS)
        except InvalidKeyIdError:  # of a key that is newer than what is known
            decoded = jwt.decode(text, self._discover(anew=True).keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": self._provider.issuer},
                "aud": {"essential": True, "value": self._provider.client_id},
            },
            {
                "nonce": nonce,
                "client_id": self._provider.client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(leeway=60)
        return claims

    def _client(self) -> Any:  # an httpx2.Client, which Authlib does not tell type checkers
        one = self._provider
        return OAuth2Client(
            one.client_id,
            one.client_secret,
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
        )

    def _discover(self, anew: bool = False) -> Found:
        """What the provider says of itself, asked for where that is not known, or is old. While it
        does not answer, no one waits for it.
        """
        now, found = time.monotonic(), self._found
        if found is not None and now - found.asked_at < KNOWN_FOR_S and not anew:
            return found
        if now < self._away_until:
            raise self._away()
        issuer = self._provider.issuer
        try:
            with self._in_line(), httpx2.Client(timeout=TIMEOUT_S) as client:
                where = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
                about: dict[str, Any] = client.get(where).raise_for_status().json()
                if about["issuer"] != issuer:
                    raise ValueError(about["issuer"])
                said = client.get(about["jwks_uri"]).raise_for_status().json()
                found = self._found = Found(about, KeySet.import_key_set(said), now)
        except (httpx2.HTTPError, JoseError, ValueError, KeyError):
            self._away_until = time.monotonic() + AWAY_FOR_S
            raise self._away() from None
        return found

    @contextmanager
    def _in_line(self) -> Generator[None]:
        """Few wait for a provider at once, or a slow one would hold up all else here."""
        if not self._asking.acquire(blocking=False):
            raise self._away()
        try:
            yield
        finally:
            self._asking.release()

    def _unsaid(self) -> InvalidRequest:
        return InvalidRequest(f"{self.name} did not say who you are; begin anew")

    def _away(self) -> NotNow:
        return NotNow(f"{self.name} does not answer as it should; try again in a minute", 60)

"""A small provider of OpenID Connect, real to the letter of what a client relies on."""

import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import RedirectResponse
from fastapi.security import HTTPBasic
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "maquette", "a secret of both"


@dataclass
class OpenIdProvider:
    """Says that everyone is `person`, until told otherwise; it `forges` what its token says. It
    counts how often it was `asked` who it is.
    """

    redirect_uri: str
    issuer: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    forges: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signs_with: RSAKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: int = 0
    is_down: bool = False
    refuses: bool = False
    slow_s: float = 0.0

    def app(self) -> FastAPI:
        app = FastAPI()
        app.get("/.well-known/openid-configuration")(self.about)
        app.get("/jwks")(lambda: {"keys": [self.key.as_dict(private=False)]})
        app.get("/authorize")(self.authorize)
        app.post("/token")(self.token)
        return app

    def about(self) -> dict[str, Any]:
        self.asked += 1
        if self.is_down:
            raise HTTPException(500)
        time.sleep(self.slow_s)
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def authorize(self, request: Request) -> RedirectResponse:
        """Whoever comes here agrees at once, or says no."""
        asked = dict(request.query_params)
        expected = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": self.redirect_uri,
            "code_challenge_method": "S256",
        }
        if not expected.items() <= asked.items() or "openid" not in asked["scope"].split():
            raise HTTPException(400)
        said = {"error": "access_denied"} if self.refuses else {"code": self._code_for(asked)}
        back = urlencode({**said, "state": asked["state"]})
        return RedirectResponse(f"{self.redirect_uri}?{back}", 302)

    def _code_for(self, asked: dict[str, str]) -> str:
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return code

    async def token(
        self,
        request: Request,
        grant_type: Annotated[str, Form()],
        code: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
    ) -> dict[str, Any]:
        who = await HTTPBasic()(request)
        asked = self.codes.pop(code, None)  # which works once
        digest = sha256(code_verifier.encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            who is None
            or (who.username, who.password) != (CLIENT_ID, CLIENT_SECRET)
            or grant_type != "authorization_code"
            or asked is None
            or redirect_uri != asked["redirect_uri"]
            or challenge != asked["code_challenge"]
        ):
            raise HTTPException(400, "invalid_grant")
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.person,
            **self.forges,
        }
        key = self.signs_with or self.key
        id_token = jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)
        return {"access_token": "of no use", "token_type": "Bearer", "id_token": id_token}

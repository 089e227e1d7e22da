"""Sign-in by a provider of OpenID Connect: the way out, and the way back."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from maquette.api.dependencies import BrowserDep, PeopleDep, give_cookie
from maquette.api.schemas import problems
from maquette.core.errors import InvalidRequest, MaquetteError
from maquette.people.oidc import Attempt
from maquette.people.rate_limits import SIGN_IN_FROM, household
from maquette.service.oidc_sign_in import sign_in_by

router = APIRouter(prefix="/v1/oidc", tags=["sign-in"])
ATTEMPT = "__Host-maquette-attempt"  # the cookie of a browser that is on its way
ATTEMPT_S = 600
PROBLEMS = problems(404, 429) | {303: {"description": "The browser is sent on"}}
Text = Annotated[str, Query(max_length=4000)]


@router.get("/{provider_id}", status_code=303, response_class=RedirectResponse, responses=PROBLEMS)
def begin_oidc(provider_id: str, people: PeopleDep, browser: BrowserDep) -> RedirectResponse:
    """Sends the browser to the provider."""
    provider = people.provider(provider_id)
    people.count((SIGN_IN_FROM, household(browser.address)))
    url, attempt = provider.begin()
    answer = RedirectResponse(url, 303)
    kept = attempt.as_text()
    answer.set_cookie(ATTEMPT, kept, ATTEMPT_S, secure=True, httponly=True, samesite="lax")
    return answer


@router.get(
    "/{provider_id}/callback",
    status_code=303,
    response_class=RedirectResponse,
    responses=PROBLEMS,
)
def finish_oidc(
    provider_id: str,
    request: Request,
    people: PeopleDep,
    browser: BrowserDep,
    state: Text = "",
    code: Text = "",
) -> RedirectResponse:
    """Where the provider sends the browser back: on to the studio, signed in, or with what went
    wrong after `#problem=`.
    """
    provider = people.provider(provider_id)
    attempt = Attempt.read(request.cookies.get(ATTEMPT, ""))
    try:
        if attempt is None:
            raise InvalidRequest("this sign-in was not begun in this browser; begin anew")
        people.count((SIGN_IN_FROM, household(browser.address)))
        token = sign_in_by(people, provider.finish(attempt, state, code), browser)
        answer = RedirectResponse("/", 303)
        give_cookie(answer, token)
    except MaquetteError as error:
        answer = RedirectResponse(f"/#{urlencode({'problem': error.message})}", 303)
    answer.delete_cookie(ATTEMPT, secure=True, httponly=True, samesite="lax")
    return answer

"""Sign-in by a provider of OpenID Connect: the way out, and the way back."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from maquette.api.dependencies import BrowserDep, PeopleDep, give_cookie
from maquette.api.schemas import problems
from maquette.core.errors import InvalidRequest, MaquetteError
from maquette.people.oidc import ATTEMPT_S, Attempt
from maquette.people.rate_limits import SIGN_IN_FROM, household
from maquette.service.linked_providers import link
from maquette.service.oidc_sign_in import sign_in_by

router = APIRouter(prefix="/v1/oidc", tags=["sign-in"])
ATTEMPT = "__Host-maquette-attempt"  # the cookie of a browser that is on its way
LINKS = "account"  # the studio's page where providers are linked
PROBLEMS = problems(404, 429) | {303: {"description": "The browser is sent on"}}
Text = Annotated[str, Query(max_length=4000)]


@router.get("/{provider_id}", status_code=303, response_class=RedirectResponse, responses=PROBLEMS)
def begin_oidc(provider_id: str, people: PeopleDep, browser: BrowserDep) -> RedirectResponse:
    """Sends the browser to the provider; or to the studio, with what went wrong after
    `#problem=`.
    """
    provider = people.provider(provider_id)
    try:
        people.count((SIGN_IN_FROM, household(browser.address)))
        url, attempt = provider.begin()
    except MaquetteError as error:
        return _back_with(error)
    answer = RedirectResponse(url, 303)
    keep_attempt(answer, attempt)
    return answer


def keep_attempt(answer: Response, attempt: Attempt) -> None:
    """Has the browser keep it until it comes back."""
    kept = attempt.as_text()
    answer.set_cookie(ATTEMPT, kept, ATTEMPT_S, secure=True, httponly=True, samesite="lax")


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
    """Where the provider sends the browser back: on to the studio, signed in, or to the settings
    where it is to be linked; or with what went wrong after `#problem=`.
    """
    provider = people.provider(provider_id)
    attempt = Attempt.read(request.cookies.get(ATTEMPT, ""))
    page = LINKS if attempt is not None and attempt.seal else ""
    try:
        if attempt is None:
            raise InvalidRequest("this sign-in was not begun in this browser; begin anew")
        people.count((SIGN_IN_FROM, household(browser.address)))
        who = provider.finish(attempt, state, code)
        if attempt.seal:
            link(people, attempt, who, browser)
            answer = RedirectResponse(f"/#/{page}", 303)
        else:
            token = sign_in_by(people, who, browser)
            answer = RedirectResponse("/", 303)
            give_cookie(answer, token)
    except MaquetteError as error:
        answer = _back_with(error, page)
    answer.delete_cookie(ATTEMPT, secure=True, httponly=True, samesite="lax")
    return answer


def _back_with(error: MaquetteError, page: str = "") -> RedirectResponse:
    """To a page of the studio, which tells what went wrong."""
    told = {"problem": error.message} | ({"page": page} if page else {})
    return RedirectResponse(f"/#{urlencode(told)}", 303)

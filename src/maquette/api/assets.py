"""Pictures: what was made, and what is to be begun from."""

import re
from enum import IntEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Header, Response, UploadFile, status
from pydantic import BaseModel

from maquette.api.dependencies import Account, StudioDep
from maquette.api.schemas import GenerationOut, Hash, problems

MOST_UPLOAD_BYTES = 32 * 2**20
router = APIRouter(prefix="/v1", tags=["assets"])
PROBLEMS = problems(400, 403, 404, 413)

# Markup that a model wrote is of no origin wherever it is opened, and loads nothing: nothing in it
# may act for whoever is signed in here. A page may run its own script; nothing else runs any.
NOTHING = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
FRAMED = "form-action 'none'; frame-ancestors 'self'"
CONFINED = f"sandbox; {NOTHING}{FRAMED}"
PAGE_CONFINED = (
    f"sandbox allow-scripts; script-src 'unsafe-inline'; font-src data:; media-src data:; "
    f"{NOTHING}{FRAMED}"
)


class Width(IntEnum):
    """The widths that small versions have: few, so that each is made once."""

    SMALL = 256
    MEDIUM = 384
    LARGE = 768


class PictureOut(BaseModel):
    """A picture that was put, by its hash."""

    content_hash: str


@router.post("/pictures", status_code=status.HTTP_201_CREATED, responses=PROBLEMS)
def put_picture(
    picture: Annotated[UploadFile, File()], studio: StudioDep, account: Account
) -> PictureOut:
    """Put a picture to begin from, or a mask; name its hash as `source` or `mask`."""
    return PictureOut(content_hash=studio.put_picture(account, picture.file.read()))


@router.get("/pictures/{content_hash}", response_class=Response, responses=PROBLEMS)
def get_picture(content_hash: Hash, studio: StudioDep, account: Account) -> Response:
    """The bytes of a picture that you put or had made, by its hash."""
    content = studio.picture(account, content_hash)
    return Response(content, media_type="image/png", headers=_kept_for_ever(content_hash))


@router.get("/assets/{asset_id}", response_class=Response, responses=PROBLEMS)
def get_asset(
    asset_id: UUID,
    studio: StudioDep,
    account: Account,
    width: Width | None = None,
    range: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """The bytes of what was made, or with `width` of a small version of a picture, as WebP. They
    never change. A `Range` of them is given alone, so that a long sound is played from anywhere.
    """
    if width is not None:
        asset, content = studio.thumbnail(account, asset_id, width)
        headers = _kept_for_ever(f"{asset.content_hash}-{width}")
        return Response(content, media_type="image/webp", headers=headers)
    asset, content = studio.content(account, asset_id)
    headers = _kept_for_ever(asset.content_hash)
    is_page = asset.media_type == "text/html"
    headers["Content-Security-Policy"] = PAGE_CONFINED if is_page else CONFINED
    return _part(content, range, asset.media_type, headers)


@router.get("/assets/{asset_id}/generation", responses=PROBLEMS)
def get_generation_of_asset(asset_id: UUID, studio: StudioDep, account: Account) -> GenerationOut:
    """The request that a picture was made by."""
    job = studio.job(account, studio.asset(account, asset_id).job_id)
    return GenerationOut.of(job, studio.outcome(job.job_id))


@router.delete("/assets/{asset_id}", status_code=204, responses=PROBLEMS)
def delete_asset(asset_id: UUID, studio: StudioDep, account: Account) -> None:
    """Delete a picture; `restore` undoes it."""
    studio.delete(account, asset_id)


@router.post("/assets/{asset_id}/restore", status_code=204, responses=PROBLEMS)
def restore_asset(asset_id: UUID, studio: StudioDep, account: Account) -> None:
    """Undo a deletion."""
    studio.restore(account, asset_id)


def _part(content: bytes, asked: str | None, kind: str, headers: dict[str, str]) -> Response:
    """One range from its first byte on; all where none is asked for, or another kind of it."""
    headers = {**headers, "Accept-Ranges": "bytes"}
    found = re.fullmatch(r"bytes=(\d{1,15})-(\d{0,15})", asked or "", re.ASCII)
    first, last = (int(found[1]), int(found[2] or len(content))) if found else (0, -1)
    if not first <= min(last, len(content) - 1):
        return Response(content, media_type=kind, headers=headers)
    part = content[first : last + 1]
    headers["Content-Range"] = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
    return Response(part, status.HTTP_206_PARTIAL_CONTENT, headers, kind)


def _kept_for_ever(tag: str) -> dict[str, str]:
    return {
        "Cache-Control": "private, max-age=31536000, immutable",
        "ETag": f'"{tag}"',
        "X-Content-Type-Options": "nosniff",
    }

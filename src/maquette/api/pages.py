"""The studio's own pages: static files, checked for changes at every visit."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent.parent / "web"
INLINE_SCRIPT = re.compile(r"<script type=\"importmap\">(.*?)</script>", re.DOTALL)


class Pages(StaticFiles):
    """Serves the web folder, from where nothing may be loaded but from this server."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER, html=True)
        inline = INLINE_SCRIPT.findall((FOLDER / "index.html").read_text(encoding="utf-8"))
        hashes = [b64encode(sha256(script.encode()).digest()).decode() for script in inline]
        scripts = " ".join(["'self'", *(f"'sha256-{one}'" for one in hashes)])
        self._headers = {
            "Content-Security-Policy": f"default-src 'self'; script-src {scripts}; "
            "img-src 'self' data:; media-src 'self' blob:; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'",
            "Cache-Control": "no-cache",  # kept, and asked for with its ETag
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(self._headers)
        return response

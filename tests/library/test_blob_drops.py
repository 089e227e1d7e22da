"""Bytes of those who went are gone, small versions too, unless others have them."""

import io
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from maquette.db.tables.library import blob_drop, upload
from maquette.library import blob_drops
from maquette.library.blob_drops import drop_blobs, note_drops
from maquette.library.blobs import Blobs
from maquette.library.thumbnails import Thumbnails
from maquette.library.uploads import add_upload


class _Room:
    """Blobs, small versions of them, and accounts that put some."""

    def __init__(self, database: sa.Engine, folder: Path) -> None:
        self.database, self.blobs = database, Blobs(folder / "blobs")
        self.thumbnails = Thumbnails(folder / "thumbnails")
        self.folder = folder

    def put(self, colour: str, *accounts: str) -> str:
        content = io.BytesIO()
        Image.new("RGB", (600, 600), colour).save(content, "PNG")
        content_hash = self.blobs.put(content.getvalue())
        for width_px in (256, 384):
            self.thumbnails.get(content_hash, width_px, content.getvalue)
        with self.database.begin() as connection:
            for account_id in accounts:
                add_upload(connection, account_id, content_hash, len(content.getvalue()))
        return content_hash

    def forget(self, account_id: str) -> None:
        with self.database.begin() as connection:
            note_drops(connection, account_id)
            connection.execute(sa.delete(upload).where(upload.c.account_id == account_id))

    def drop(self) -> int:
        return drop_blobs(self.database, self.blobs, self.thumbnails)

    def files(self) -> set[str]:
        """The names of what there is, without what follows the hash."""
        return {path.name[:64] for path in self.folder.rglob("*") if path.is_file()}

    def noted(self) -> list[str]:
        with self.database.connect() as connection:
            return [*connection.execute(sa.select(blob_drop.c.blob_hash)).scalars()]


@pytest.fixture
def room(database: sa.Engine, tmp_path: Path) -> _Room:
    return _Room(database, tmp_path / "room")


def test_what_no_one_else_has_goes_with_its_small_versions(
    room: _Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_drops, "PAGE", 2)
    for colour in ("red", "green", "blue", "teal", "pink"):
        room.put(colour, "ada")
    shared, other = room.put("white", "ada", "bob"), room.put("black", "bob")
    room.forget("ada")
    assert len(room.noted()) == 6
    assert room.drop() == 5
    assert (room.files(), room.noted()) == ({shared, other}, [])
    assert len([*room.folder.rglob("*.webp")]) == 4
    room.forget("bob")
    assert (room.drop(), room.files()) == (2, set())


def test_what_was_put_again_meanwhile_stays(room: _Room) -> None:
    red = room.put("red", "ada")
    room.forget("ada")
    assert room.put("red", "bob") == red
    assert (room.drop(), room.noted()) == (0, [])
    assert room.blobs.get(red)


def test_what_cannot_go_now_goes_later(room: _Room) -> None:
    red = room.put("red", "ada")
    room.forget("ada")
    path = room.blobs.path(red)
    path.unlink()
    path.mkdir()  # which no one can delete as a file
    with pytest.raises(OSError, match=red):
        room.drop()
    assert room.noted() == [red]
    path.rmdir()  # as where a process died with the bytes gone and the note not
    assert (room.drop(), room.noted(), room.files()) == (1, [], set())


def test_it_leaves_off_when_it_is_told_to(room: _Room) -> None:
    for colour in ("red", "green"):
        room.put(colour, "ada")
    room.forget("ada")
    told = iter([False, True])
    assert drop_blobs(room.database, room.blobs, room.thumbnails, lambda: next(told)) == 1
    assert len(room.noted()) == 1

"""`maquette backup` and `maquette restore`: everything kept elsewhere, and put back."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maquette.cli.options import AsJson, Data, Database, settings_of

if TYPE_CHECKING:
    from maquette.service.backup_places import Manifest


def backup(
    context: typer.Context,
    place: Annotated[
        Path,
        typer.Argument(
            help="A folder, which takes in what is new where it has a backup already, or a file "
            "that ends in .tar.",
            metavar="DIR|FILE",
        ),
    ],
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Keep the secrets in settings.toml, too.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read what is there already, and mend what has rotted.")
    ] = False,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Write a backup of the database and of all files that it names, while the studio goes on.

    The exit code is 1 where files that it names are lost; the backup is written all the same.

    Example: maquette backup /backups/studio
    """
    from maquette.cli.progress import progress_bar
    from maquette.service.backup import back_up
    from maquette.service.storage import open_blobs

    settings = settings_of(context, data=data, database=database)
    blobs = open_blobs(settings)
    with progress_bar("backing up", "blobs", quiet=as_json) as advance:
        made = back_up(settings, place, blobs, with_secrets, advance, verify)
    if as_json:
        said = made.manifest.model_dump() | {"place": str(place), "new_blobs": made.new_blobs}
        typer.echo(json.dumps(said | {"lost": made.lost}))
    else:
        _tell(made.manifest)
        typer.echo(f"{place} is a backup, with {made.new_blobs:,} new blobs")
        for content_hash in made.lost:
            typer.echo(f"lost: blob {content_hash}, which the database names", err=True)
    if made.lost:
        raise typer.Exit(1)


def restore(
    context: typer.Context,
    place: Annotated[Path, typer.Argument(help="A backup.", metavar="DIR|FILE")],
    check: Annotated[
        bool, typer.Option("--check", help="Only read all of it, and change nothing.")
    ] = False,
    discard: Annotated[
        bool, typer.Option("--discard", help="Drop the database of before, instead of keeping it.")
    ] = False,
    accept_findings: Annotated[
        bool, typer.Option("--accept-findings", help="Restore even where the ledger has faults.")
    ] = False,
    data: Data = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of what is there, which stays as it is until all is well.

    Stop the studio and all workers first.

    Example: maquette restore /backups/studio
    """
    from maquette.cli.progress import progress_bar
    from maquette.service.restore import check_backup
    from maquette.service.restore import restore as put_back
    from maquette.service.storage import open_blobs

    settings = settings_of(context, data=data, database=database)
    with progress_bar("checking" if check else "restoring", "blobs", quiet=as_json) as advance:
        if check:
            manifest, done = check_backup(place, advance), None
        else:
            blobs = open_blobs(settings)
            done = put_back(settings, place, blobs, discard, accept_findings, advance)
            manifest = done.manifest
    if as_json:
        put = asdict(done) if done else {}
        said = {"restored": done is not None, **put, "manifest": manifest.model_dump()}
        typer.echo(json.dumps(said))
        return
    _tell(manifest)
    if done is None:
        typer.echo(f"{place} is whole")
        return
    typer.echo(f"restored, with {done.new_blobs:,} blobs that were not there")
    if done.kept:
        typer.echo(f"the database of before is {done.kept} now; drop it when you no longer need it")
    if manifest.settings and not done.settings_written:
        typer.echo("settings.toml stays as it was here; that of the backup is in its manifest.json")


def _tell(manifest: "Manifest") -> None:
    from maquette.service.backup import as_table

    for name, value in as_table(manifest).items():
        typer.echo(f"{name:9} {value}")

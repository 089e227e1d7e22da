"""The `maquette` command: every group of commands, and how a failure reaches the person."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from maquette import __version__
from maquette.cli import accounts, credits, ledger, payments, plans, text_servers, train
from maquette.cli.backup import backup, restore
from maquette.cli.code import code
from maquette.cli.copy import copy
from maquette.cli.doctor import doctor
from maquette.cli.evaluate import evaluate
from maquette.cli.image import image
from maquette.cli.speech import speech
from maquette.cli.studio import studio
from maquette.cli.text import text
from maquette.cli.worker import worker
from maquette.core.errors import MaquetteError, reason_and_remedy
from maquette.core.machine import let_threads_sleep

app = typer.Typer(
    name="maquette",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(studio)
app.command()(image)
app.command()(text)
app.command()(code)
app.add_typer(text_servers.app, name="text-servers")
app.command()(copy)
app.command()(speech)
app.add_typer(train.app, name="train")
app.command()(evaluate)
app.command()(worker)
app.add_typer(accounts.app, name="accounts")
app.add_typer(credits.app, name="credits")
app.add_typer(ledger.app, name="ledger")
app.add_typer(payments.app, name="payments")
app.add_typer(plans.app, name="plans")
app.command()(backup)
app.command()(restore)
app.command()(doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"maquette {__version__}")
        raise typer.Exit


@app.callback()
def maquette(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Settle the idea once, in words; let the machine realise it in any medium.

    Example: `maquette image "a red boat on a calm sea at night" -o boat.png`
    """


def main() -> NoReturn:
    """Runs the command line. The environment is read here, once, and handed down.

    A MaquetteError is one red line on standard error and its own exit code, an interrupt is 130.
    """
    let_threads_sleep(os.environ)  # no command has imported PyTorch yet
    try:
        app(obj=dict(os.environ))
    except MaquetteError as error:
        _fail(error.message, error.exit_code)
    except OSError as error:  # a file or a disk: the person's to mend, so no traceback
        path = f"{error.filename}: " if error.filename else ""
        _fail(f"{path}{reason_and_remedy(error)}", 1)
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        _fail("training draws its curves with matplotlib; run: pip install 'maquette[train]'", 1)
    except ImportError as error:
        library = str(error).partition(":")[0]
        if "cannot open shared object file" not in str(error):
            raise
        _fail(f"the system library {library} is missing; run: apt install libegl1 libgl1", 1)
    sys.exit(0)


def _fail(message: str, exit_code: int) -> NoReturn:
    typer.secho(f"maquette: {message}", fg=typer.colors.RED, err=True)
    sys.exit(exit_code)

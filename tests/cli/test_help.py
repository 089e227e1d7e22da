"""Every command has help with an example, and `--json`."""

import re
import shlex

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from maquette.cli.app import app


def commands(group: TyperGroup, path: tuple[str, ...] = ()) -> dict[str, TyperCommand]:
    """Every command below a group by its full name, groups themselves left out."""
    found: dict[str, TyperCommand] = {}
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            found |= commands(command, (*path, name))
        elif isinstance(command, TyperCommand):
            found[" ".join((*path, name))] = command
    return found


def all_commands() -> dict[str, TyperCommand]:
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    return commands(root)


@pytest.mark.parametrize("name", all_commands())
def test_every_command_shows_an_example_of_itself(name: str) -> None:
    result = CliRunner().invoke(app, [*name.split(), "--help"], obj={}, env={"COLUMNS": "300"})
    assert result.exit_code == 0
    example = re.search(r"Example: (maquette .+)", result.stdout)
    assert example, f"maquette {name} --help has no line 'Example: maquette {name} …'"
    assert shlex.split(example[1])[1 : 1 + len(name.split())] == name.split()


@pytest.mark.parametrize(("name", "command"), all_commands().items())
def test_no_tag_in_a_help_is_taken_for_markup(name: str, command: TyperCommand) -> None:
    helps = " ".join(getattr(one, "help", None) or "" for one in command.params)
    if tags := re.findall(r"<\w+>", helps):
        shown = CliRunner().invoke(app, [*name.split(), "--help"], obj={}, env={"COLUMNS": "300"})
        assert [tag for tag in tags if tag not in shown.stdout] == []


@pytest.mark.parametrize(("name", "command"), all_commands().items())
def test_every_command_speaks_json(name: str, command: TyperCommand) -> None:
    options = {option for parameter in command.params for option in parameter.opts}
    assert "--json" in options, f"maquette {name} has no --json"


@pytest.mark.parametrize(("name", "command"), all_commands().items())
def test_every_option_is_explained(name: str, command: TyperCommand) -> None:
    unexplained = [p.name for p in command.params if not getattr(p, "help", None)]
    assert not unexplained, f"maquette {name}: {unexplained} have no help"

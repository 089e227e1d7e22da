"""The command line answers `--help` sooner than that of diffusers, whose models it runs."""

import subprocess
import sys

from benchmarks.report import compare_times, interleave, print_outcome

OURS = "import sys; sys.argv = ['maquette', '--help']; from maquette.cli.app import main; main()"
RIVAL = (
    "import sys; sys.argv = ['diffusers-cli', '--help']; "
    "from diffusers.commands.diffusers_cli import main; main()"
)


def run_help(code: str) -> None:
    """Starts a fresh interpreter that prints a help page, as a person does."""
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    ours, rival = interleave(lambda: run_help(OURS), lambda: run_help(RIVAL), rounds=5)
    claim = "seconds from Enter to the help page, beside diffusers-cli"
    print_outcome(compare_times(claim, ours, rival, goal=4.0))

"""`python -m maquette` is the `maquette` command."""

from maquette.cli.app import main

if __name__ == "__main__":
    main()

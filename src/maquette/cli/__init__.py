"""The command line: one file per group of commands, each thin over the rooms below."""

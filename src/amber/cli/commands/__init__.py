"""One file for each command. Nothing heavy is imported before a command runs, so that --help answers at once."""

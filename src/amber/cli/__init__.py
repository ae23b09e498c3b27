"""The `amber` command: parse arguments, call `amber.experiment`, print."""

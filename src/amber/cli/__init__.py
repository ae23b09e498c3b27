"""The `amber` command: YAML to objects to a search. The only place that knows all other packages."""

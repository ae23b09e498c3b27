"""An experiment: a configuration, data and model space, resolved and checked before anything runs."""

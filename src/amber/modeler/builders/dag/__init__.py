"""Networks as directed acyclic graphs: every layer chooses its inputs and earlier layers."""

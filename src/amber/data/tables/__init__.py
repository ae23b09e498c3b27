"""Delimited tables: rows and columns, inputs chosen among columns, and rows as examples."""

"""Which examples train, choose and test, and what is in two parts at once."""

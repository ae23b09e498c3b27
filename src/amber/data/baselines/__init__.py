"""Linear models beside the networks, and the scores of both."""

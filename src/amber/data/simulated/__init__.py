"""Simulated sequences with motifs."""

"""Tests with teeth: small faults are put into the code, and the tests that reach them must notice."""

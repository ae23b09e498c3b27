"""Samplers beside each other on NAS-Bench-201, where every architecture has been trained and a search takes seconds."""

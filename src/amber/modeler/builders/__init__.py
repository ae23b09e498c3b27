"""Builders: from tokens to graphs and compiled models."""

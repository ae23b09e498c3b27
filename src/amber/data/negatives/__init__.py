"""Negative examples where only positive ones exist."""

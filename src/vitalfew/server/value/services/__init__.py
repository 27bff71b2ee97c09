"""Writes about what matters, each one transaction."""

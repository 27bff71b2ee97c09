"""Reads of value: metrics, links and the tree, as frozen values."""

"""Reads of core: what other apps, pages and the API ask for. They answer with frozen values, never with models."""

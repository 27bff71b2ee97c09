"""Writes of core: each one transaction, each checked, each told in the audit trail where that is due."""

"""Utilities, guardrails and reach turn effects and promises into value; value and cost into the ledger."""

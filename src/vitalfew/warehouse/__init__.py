"""From metric definitions to numbers: generated SQL over the user's tables; the only room that knows an engine."""

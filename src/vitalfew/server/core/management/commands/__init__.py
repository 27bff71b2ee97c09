"""Commands of `vitalfew manage` beside those of Django."""

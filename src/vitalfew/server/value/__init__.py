"""What matters: the value model, sessions, metrics and their links, goals."""

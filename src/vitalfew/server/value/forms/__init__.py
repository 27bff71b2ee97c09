"""Forms about what matters."""

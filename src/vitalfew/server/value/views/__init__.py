"""Pages about what matters."""

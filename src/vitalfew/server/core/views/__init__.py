"""Pages of core: the way in, settings, health."""

"""What a run holds: typed tables, a manifest, a store. Read by everything above, computed by none."""

"""The table that the workers keep: backed up, put back, and where they go on from."""

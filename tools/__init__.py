"""What keeps the house in order: the imports read, the rooms drawn. Nothing that is shipped imports it."""

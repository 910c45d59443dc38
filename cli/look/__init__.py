"""Look: each command asks a question of `views` and prints the answer, for a person or as JSON."""

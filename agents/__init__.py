"""The Faust agents and the worker that runs them: thin, since all that is worth reading is in `streams` below."""

"""Set up and run: topics, settings, the doctor, the worker."""

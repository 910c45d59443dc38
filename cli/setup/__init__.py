"""Set up and run: topics, settings, rights, the doctor, the worker."""

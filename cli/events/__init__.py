"""Events in: publish a file, fold it, make one from a CSV or from the simulator."""

"""The measures, one module each: `measure(plan)` runs it and returns a `Measure`."""

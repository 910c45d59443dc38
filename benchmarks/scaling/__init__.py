"""Past one machine: what the measured figures say about more, and a simulation of what cannot be measured here."""

"""Watch it work: real servers, a simulated truth, and what came of it."""

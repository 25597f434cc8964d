"""`tiergate serve`, `doctor` and `demo`."""

"""Says what `tiergate doctor` found, and examines places outside the program."""

"""The serving process: sockets, workers, signals, banner."""

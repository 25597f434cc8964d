"""Runs the serving processes: sockets, workers, signals, banner."""

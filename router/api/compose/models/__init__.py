"""Opens the registry of models, and finds there what policies name."""

"""Trains the support adapter (LoRA) of the embedded model."""

"""The support adapter (LoRA) of the embedded model."""

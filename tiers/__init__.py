"""The answerers: one module or folder for each kind, and what they share."""

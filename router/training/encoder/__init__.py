"""Makes the encoder: teacher, student, distillation, pruning, export."""

"""The encoder: teacher, student, distillation, pruning, export."""

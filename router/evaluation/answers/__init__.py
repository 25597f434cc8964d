"""Answers measured: by checks that a program makes, and by a judge with a rubric."""

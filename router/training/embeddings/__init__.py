"""Tunes encoders: texts in, an encoder that tells them apart better, judged against the shipped."""

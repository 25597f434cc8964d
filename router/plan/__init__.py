"""Forecasts the costs of `tiergate plan`, for readers who have no traffic yet."""

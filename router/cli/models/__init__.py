"""Defines commands about models: train, evaluate, classify."""

"""Commands about models: train, evaluate, classify."""

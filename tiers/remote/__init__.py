"""Replicas, circuit breakers, slots and refusals, which all remote answerers share."""

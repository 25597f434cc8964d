"""Protects calls to remote answerers: slots, replicas, circuit breakers, retries."""

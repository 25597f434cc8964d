"""What remote answerers share: replicas, circuit breakers, slots, refusals."""

"""Handles the endpoints, one module per family: reads the body, calls the gateway, answers."""

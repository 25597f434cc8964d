"""Defines commands about policies: route, check, replay, tune, plan."""

"""Commands about policies: route, check, replay, tune, plan."""

"""Rate limits: requests and tokens a minute, computed, counted and corrected."""

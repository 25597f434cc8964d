"""`tiergate plan`: the forecast of costs for those who have no traffic yet."""

"""Decides which rung answers a request and what comes next. Only the planner has a clock."""

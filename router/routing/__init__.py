"""Which rung answers a request, and what comes next. Pure, but for the planner's clock."""

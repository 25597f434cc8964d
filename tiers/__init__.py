"""Where answers come from: one module per kind of answerer, and what they share."""

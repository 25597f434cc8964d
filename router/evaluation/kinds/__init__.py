"""What `tiergate evaluate KIND` measures, one module per kind."""

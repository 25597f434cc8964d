"""What was told moves chances."""

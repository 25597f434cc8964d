"""Answers of a second answerer, asked after the client has its own."""

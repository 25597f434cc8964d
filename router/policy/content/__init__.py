"""Reads the texts of a policy: approved answers, safe answers, deliberation templates."""

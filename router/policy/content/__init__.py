"""What a policy may say in words: approved answers, safe answers, deliberation templates."""

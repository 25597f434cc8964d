"""What the rules find in one text: its language, its phrases, its amounts and its disguises."""

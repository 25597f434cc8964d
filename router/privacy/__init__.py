"""What must not be read by others: redaction, encryption, seals of providers."""

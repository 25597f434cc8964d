"""Usage at other prices, and the ledger compared with a provider's invoice."""

"""Reports over the ledger's rows: pure functions of what the store yields, and their renderers."""

"""Computes and renders reports over the ledger's rows: pure functions of what the store yields."""

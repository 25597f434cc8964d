"""Keeps the ledger: requests, decisions and costs, in a database that several workers share."""

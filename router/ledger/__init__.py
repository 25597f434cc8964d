"""The ledger: what was asked, decided and spent, in a database that several workers share."""

"""Writes first sentences of a report by their subject; `headline` puts them in order."""

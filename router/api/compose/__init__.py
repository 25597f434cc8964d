"""Composes the parts: settings become a gateway. Only here do all folders meet."""

"""The composition root: settings become a gateway. Everything meets here and only here."""

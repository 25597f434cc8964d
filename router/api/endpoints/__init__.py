"""One module per endpoint family: read the body, ask the gateway, write the answer."""

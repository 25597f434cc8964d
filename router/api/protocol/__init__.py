"""HTTP/1.1 over sockets: bytes of clients come in, calls of an ASGI application go out."""

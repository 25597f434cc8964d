"""Wire formats: JSON to the types and back. Pure: bytes in, values out, and the other way round."""

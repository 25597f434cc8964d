"""The priced calls of one request: made, held, settled, hedged, counted in rates."""

"""Draws images of text for tests, by Pillow."""

from __future__ import annotations

import base64
import io


def drawn(lines: list[str], size: int = 28) -> str:
    """Returns a PNG with these lines in print, as a data URL."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (1100, 60 + len(lines) * (size + 18)), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
    for i, line in enumerate(lines):
        draw.text((40, 30 + i * (size + 18)), line, fill="black", font=font)
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()

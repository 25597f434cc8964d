"""Has a model judge answers by a rubric: writes its request and reads its verdict. Pure."""

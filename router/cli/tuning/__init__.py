"""Commands that tune models on what was told: adapters, embeddings, variants of the local LLM."""

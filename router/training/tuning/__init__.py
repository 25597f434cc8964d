"""Tunes adapters for any base: chats and preferences in, a LoRA with its card out."""

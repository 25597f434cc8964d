"""The embedded model: a child process that runs llama.cpp."""

"""Locks of files, which end with their process, and folders that such a lock keeps."""

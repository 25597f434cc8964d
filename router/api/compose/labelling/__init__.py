"""Labels a file of texts by a policy's specialist: in order, resumable, in several processes."""

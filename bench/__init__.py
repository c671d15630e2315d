"""``make bench``: what sign-in and session check cost, beside the least that this stack can do."""

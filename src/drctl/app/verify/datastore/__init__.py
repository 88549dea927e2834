"""Would promotion be possible with the source dead, and what would be lost? One file a concern."""

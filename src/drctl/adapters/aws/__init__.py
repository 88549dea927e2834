"""What AWS' services have in common, and the switches of its data planes: a stop object, routing controls."""

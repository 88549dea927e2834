"""What drctl keeps on this machine: runs with their journals, the lock file, samples."""

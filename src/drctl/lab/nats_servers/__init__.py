"""The lab's and the tests' NATS servers: real nats-server processes, joined by the link as `lab.arrangement` says."""

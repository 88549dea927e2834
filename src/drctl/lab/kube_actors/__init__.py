"""What stands in for the controllers of one region's cluster, in the API server's own process.

Deployments, ReplicaSets, a node whose pods are processes, EndpointSlices, the garbage collector and the External
Secrets operator, by the rules of the real ones (design page kubernetes.md 1.5, 8 and 10). Left out, on purpose:
StatefulSets, HPAs, CronJobs, liveness and exec probes, init containers, volumes. A rolling update starts all new
pods at once, as with `maxSurge: 100%`.
"""

"""One region's Kubernetes API server: a simulator that the official client and kubectl talk to over TLS.

Built to answer as kube-apiserver 1.36 does, surprises included (design page kubernetes.md, 1.5 and 17). What it
leaves out, on purpose: server-side apply (415), protobuf and Table answers, schemas (an unknown field is kept),
finalizers, collection deletes, a list's continue token at a past version (it goes on in the present).
One thing it takes that the real server refuses with 422: loopback addresses in EndpointSlices, because every
address of the lab is one.
"""

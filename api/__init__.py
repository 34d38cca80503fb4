"""The HTTP interface: the pages' maps for other programs, under /api/v1.

settings   whether it is on, and its keys
app        the routes
asked      what a request asks for
answer     maps as JSON, NPZ or PNG
bounds     how much a request may send, and how many there may be at once
problems   errors as application/problem+json
described  the OpenAPI document; `page` is the same for people
metrics    figures for Prometheus, at /metrics

HEEDMAP_API        yes or no. Default: yes on a server that only this machine can reach, else
                   no.
HEEDMAP_API_KEYS   keys, separated by commas, of which each request has to send one as
                   "Authorization: Bearer KEY". Default: none, and none is asked for.
"""

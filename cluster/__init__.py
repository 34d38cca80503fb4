"""The engine: Ray Serve replicas that hold the models and run passes for many front ends.

    heedmap engine --replicas 2                      # on this machine, listens on localhost:8600
    HEEDMAP_ENGINE=http://localhost:8600 heedmap     # a front end, which runs no model itself

Ray is imported by the command alone. What is sent, and the front end's side, is in `views.engine`.
"""

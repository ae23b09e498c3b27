"""What can be known of an experiment without loading Keras: within two seconds of work and 200 MiB.

`checks` is what `resolve` calls; `space` looks at the model space, `reachable` works out what its networks can be.
Whatever is not known here is found out with Keras, by the builder and by `amber.search.preflight`.
"""

"""What the promises cost: the program beside the bare library calls for the same work, in the same run.

`python -m benchmarks.outgoing` measures the road out. `floor` and `reception` are programs of their own: the bare
calls, and the mail server that both send to.
"""

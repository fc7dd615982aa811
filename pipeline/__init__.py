"""Paperwork for a coaching practice that runs itself and keeps its word.

Three roads: documents go out (`outgoing`), mail comes in, what is no longer needed goes away. Policy decides, edges
touch the outside, and steps never call each other: each takes up rows in one state and leaves them in the next.
"""

__version__ = "0.1.0"

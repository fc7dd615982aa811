"""Reading what came back: a confined process that looks at PDF and pictures from strangers, and says what it sees.

`python -m pipeline.reading SOCKET SCRATCH PARENT` answers two jobs (`pipeline.confined.wire`): *recognise* one file
(which codes are on its pages, what it claims to be), and *judge* the pages of one document against the PDF that was
sent. It reads no file, reaches no network and decides nothing: verdicts are `incoming.verdict`'s.
"""

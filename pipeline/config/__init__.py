"""What people type, as strict and frozen models: practice.yaml and client files.

`source` turns YAML into text leaves that remember their place, `fields` are the types of the leaves, `practice` and
`client` the models, and `problems` says every error with its place in the reader's language.
"""

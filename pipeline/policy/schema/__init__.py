"""The shape of a policy file: strict, frozen models, one module for each thing that a practice promises."""

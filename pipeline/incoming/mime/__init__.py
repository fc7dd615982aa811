"""From the octets of a mail to its parts: fields, character sets and wrappings (RFC 5322, RFC 2045, and dialects)."""

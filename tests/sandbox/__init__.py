"""The sandbox mail server against its contract, against a real server, and against bad input."""

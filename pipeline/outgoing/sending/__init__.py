"""At the moment of the send: the gates by what stands now, the server, and at most one copy in Sent."""

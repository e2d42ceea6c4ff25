"""Mail servers: pipelined connections on an event loop of their own."""

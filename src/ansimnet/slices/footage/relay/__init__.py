"""The relay: RTSP in, fragmented MP4 over WebSocket out. Knows permits only through `gate.Gate`; needs no database."""

"""Pure rules of tracing: the camera net, travel times, the belief over place and time, scores, and the relay."""

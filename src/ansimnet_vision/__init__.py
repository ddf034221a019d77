"""Vision on arrays: decoding, boxes, tracking. Arrays in, detections out; the server never loads a model."""

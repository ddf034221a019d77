"""Footage that proves itself: seals made while it is recorded, masked copies, exports, trusted time."""

"""The product. Each folder reads the same: README model rules store queries service api jobs wiring."""

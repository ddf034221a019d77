"""What is kept, for how long, and how it dies: keys, encrypted segments, holds, the clock, the disk."""

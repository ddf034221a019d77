"""Korean number plates: found on pictures of vehicles and read, character by character with probability."""

"""Pure decisions about cameras: reading registers (`register`), and which cameras see a point (`lookup`)."""

//! The desktop program. Everything is in the library `grapevine_lib`, so that tests can reach it.

fn main() {}

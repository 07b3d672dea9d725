//! Figures of the crowd in virtual time.
fn main() {}

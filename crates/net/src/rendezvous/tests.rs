//! The core in virtual time among fake nodes, and the driver among real ones on loopback.

mod capture;
mod core;
mod driver;
mod idle;
mod privacy;
mod world;

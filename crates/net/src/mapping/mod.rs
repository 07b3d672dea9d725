//! Doors in the router.

mod mappings;

pub use mappings::{Door, MappingAnswer, MappingProtocol, MappingState, Mappings, Router, Transport};

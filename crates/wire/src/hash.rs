//! `H` and `derive` of the protocol: BLAKE3, with a name for every purpose.

/// `H(bytes)`.
pub fn hash(bytes: &[u8]) -> [u8; 32] {
    blake3::hash(bytes).into()
}

/// `derive(purpose, material)`: 32 bytes that say nothing about the material, nor about what other
/// purposes derive from it.
pub fn derive(purpose: &'static str, material: &[u8]) -> [u8; 32] {
    blake3::derive_key(&format!("grapevine/1 {purpose}"), material)
}

//! The allocator of the programs. The usual one of Linux keeps what was used once: whoever floods a
//! room would see to it that hundreds of megabytes stay
//! (`docs/decisions/0026-memory-is-given-back.md`). How soon this one gives back is told in
//! `.cargo/config.toml`.

#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

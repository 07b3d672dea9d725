//! The allocator of the programs. The usual one of Linux keeps memory that was used once: after a
//! flood in a room, hundreds of megabytes would stay with the process
//! (`docs/decisions/0026-memory-is-given-back.md`). `.cargo/config.toml` says how soon this one
//! gives memory back.

#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

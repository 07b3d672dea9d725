//! The rules of events, logs, membership and timelines, as members see them of each other.

mod author;
mod branches;
mod describe;
mod epochs;
mod event;
mod invites;
mod key_vectors;
mod keys;
mod keys_speed;
mod logs;
mod members;
mod members_any_order;
mod payload;
mod payload_vectors;
mod people;
mod roles;
mod run;
mod timeline;
mod vectors;
mod waiting;

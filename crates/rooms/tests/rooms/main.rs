//! The rules of events, logs, membership and timelines, as members see them of each other.

mod author;
mod branches;
mod event;
mod invites;
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

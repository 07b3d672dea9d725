//! The UDP port of this device: QUIC links, echoes and answers of DHT nodes on one socket.
//!
//! `datagram` tells our own datagrams from QUIC packets, `echo` answers "where do you see me?",
//! `asked` knows from whom DHT answers are wanted; `beside` puts these together. `socket` hands all
//! else to quinn. `tls` and `transport` are its settings, `strangers` and `accept` let newcomers
//! in, `stream` is what a link reads and writes. Start in `port.rs`.

// The driver opens the port; without it only tests do.
#![cfg_attr(not(test), allow(dead_code, unused_imports))]

mod accept;
mod asked;
mod beside;
mod datagram;
mod echo;
mod event;
mod limits;
mod other;
mod port;
mod socket;
mod strangers;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod transport;
mod ttl;

pub(crate) use datagram::{PROBE, Tag};
pub(crate) use event::UdpEvent;
pub(crate) use port::UdpPort;
pub(crate) use stream::QuicStream;

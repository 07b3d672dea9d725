//! How QUIC behaves: one stream for each connection, small windows, nothing for strangers to fill.

use std::sync::Arc;

use quinn::{ClientConfig, EndpointConfig, IdleTimeout, ServerConfig, TransportConfig, VarInt};

use super::limits::{ALL_EARLY_BYTES, EARLY_BYTES, HANDSHAKES, IDLE, KEEP_ALIVE, WINDOW};
use super::tls::Tls;

pub(super) fn endpoint() -> EndpointConfig {
    let mut endpoint = EndpointConfig::default();
    // The bit by which our own datagrams are told from QUIC is always set.
    endpoint.grease_quic_bit(false);
    endpoint
}

pub(super) fn server(tls: &Tls) -> ServerConfig {
    let mut server = ServerConfig::with_crypto(tls.server.clone());
    server
        .transport_config(Arc::new(transport()))
        .migration(true)
        .max_incoming(HANDSHAKES)
        .incoming_buffer_size(EARLY_BYTES)
        .incoming_buffer_size_total(ALL_EARLY_BYTES);
    server
}

pub(super) fn client(tls: &Tls) -> ClientConfig {
    let mut client = ClientConfig::new(tls.client.clone());
    client.transport_config(Arc::new(transport()));
    client
}

fn transport() -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(VarInt::from_u32(WINDOW))
        .receive_window(VarInt::from_u32(WINDOW))
        .send_window(WINDOW.into())
        .max_idle_timeout(IdleTimeout::try_from(IDLE).ok())
        .keep_alive_interval(Some(KEEP_ALIVE));
    transport
}

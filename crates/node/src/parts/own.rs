//! This device itself: its key, its name, and how others reach it.

use std::net::SocketAddr;
use std::sync::Arc;

use gossip::Millis;
use identity::{Identity, PeerId};
use wire::message::PeerRecord;

use super::doctor::DoctorView;
use super::meetings::Meetings;
use super::reach::Reach;

/// What is said within so many milliseconds of something else is gathered. Higher: a script's words
/// come out in larger batches, and the second of two quick messages waits for the loop to wake.
/// Lower: more signatures.
const ROW: Millis = 2;

/// This device, as its user and its peers know it.
pub(crate) struct Own {
    identity: Arc<Identity>,
    peer: PeerId,
    name: String,
    /// It has been another one.
    renamed: bool,
    /// The name is announced on the local network.
    nearby_visible: bool,
    /// Addresses of co-members are passed on and used.
    peer_exchange: bool,
    /// Where others may dial.
    addresses: Vec<SocketAddr>,
    /// Where this machine listens.
    listening: Vec<SocketAddr>,
    not_listening: Option<String>,
    /// Addresses, signed, as peers get them.
    record: Option<PeerRecord>,
    /// When this device said something last.
    spoke_at: Option<Millis>,
    /// What is known of how others reach it.
    pub(crate) reach: Reach,
    /// Who is to be met by the DHT.
    pub(crate) meetings: Meetings,
    /// What those who look at the doctor were told.
    pub(crate) doctor: DoctorView,
}

impl Own {
    pub(crate) fn new(identity: Arc<Identity>, name: String, nearby_visible: bool, peer_exchange: bool, reach: Reach) -> Self {
        let peer = identity.peer();
        Own {
            identity,
            peer,
            name,
            renamed: false,
            nearby_visible,
            peer_exchange,
            addresses: Vec::new(),
            listening: Vec::new(),
            not_listening: None,
            record: None,
            spoke_at: None,
            reach,
            meetings: Meetings::default(),
            doctor: DoctorView::default(),
        }
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(crate) fn peer(&self) -> PeerId {
        self.peer
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn set_name(&mut self, name: String) {
        self.name = name;
    }

    /// Others may know this device by another name.
    pub(crate) fn was_renamed(&self) -> bool {
        self.renamed
    }

    pub(crate) fn note_renamed(&mut self) {
        self.renamed = true;
    }

    pub(crate) fn is_visible_nearby(&self) -> bool {
        self.nearby_visible
    }

    pub(crate) fn set_visible_nearby(&mut self, visible: bool) {
        self.nearby_visible = visible;
    }

    pub(crate) fn exchanges_peers(&self) -> bool {
        self.peer_exchange
    }

    /// Where others may dial, best first.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Why the network does not listen, or not on all addresses.
    pub(crate) fn not_listening(&self) -> Option<&String> {
        self.not_listening.as_ref()
    }

    /// On which this machine listens, best first.
    pub(crate) fn listening(&self) -> &[SocketAddr] {
        &self.listening
    }

    pub(crate) fn listens_at(&mut self, addresses: Vec<SocketAddr>, listening: Vec<SocketAddr>, failed: Option<String>) {
        (self.addresses, self.listening) = (addresses, listening);
        self.not_listening = failed;
    }

    pub(crate) fn record(&self) -> Option<&PeerRecord> {
        self.record.as_ref()
    }

    pub(crate) fn set_record(&mut self, record: PeerRecord) {
        self.record = Some(record);
    }

    pub(crate) fn note_spoken(&mut self, now: Millis) {
        self.spoke_at = Some(now);
    }

    /// Whether what is said now had better be gathered with what follows.
    pub(crate) fn has_just_spoken(&self, now: Millis) -> bool {
        self.spoke_at.is_some_and(|at| now < at.saturating_add(ROW))
    }
}

//! People, and how this device is connected with them.

use node::view::LinkReason;

use super::ids::{JoinIdText, NearbyIdText, PeerIdText, RoomIdText};
use super::stage::Fingerprint;

data! {
    /// State of the connection with a person.
    #[serde(tag = "state", rename_all = "snake_case")]
    pub enum LinkState {
        /// This is oneself.
        Own,
        /// A link is up.
        Connected {
            /// How it goes.
            path: LinkPath,
            /// The other end's address; none if a friend carries the link.
            address: Option<String>,
            /// Round-trip time in microseconds, once measured.
            latency_us: Option<u32>,
            /// Since when.
            #[ts(type = "number")] since: u64,
        },
        /// Dialling now.
        Connecting {
            /// Address being tried.
            address: String,
        },
        /// The last attempt failed; another follows.
        Waiting {
            /// Address that was tried last.
            address: String,
            /// When the next attempt starts.
            #[ts(type = "number")] retry_at: u64,
            /// Why the last one failed.
            reason: LinkReason,
        },
        /// No address is known, so only they can dial us.
        Unreachable {
            /// When a link was last up, if ever.
            #[ts(type = "number | null")] last_seen: Option<u64>,
        },
    }

    /// How a link goes.
    #[serde(tag = "kind", rename_all = "snake_case")]
    pub enum LinkPath {
        /// From one computer to the other.
        Direct,
        /// The same, through a door that this device's router holds open.
        Door,
        /// A friend carries it.
        Through {
            /// Who.
            peer: PeerIdText,
            /// Their name.
            name: String,
        },
    }

    /// A person who is known: a contact or a co-member.
    pub struct Person {
        /// Public key.
        pub peer: PeerIdText,
        /// Display name.
        pub name: String,
        /// In the address book (not merely in a common room).
        pub contact: bool,
        /// Connection.
        pub link: LinkState,
    }

    /// All that is known of a person.
    pub struct PersonDetails {
        /// The row.
        pub person: Person,
        /// For comparing in person.
        pub fingerprint: Fingerprint,
        /// Known addresses, best first.
        pub addresses: Vec<String>,
        /// Rooms in common.
        pub rooms: Vec<RoomIdText>,
        /// Another person's name, or one's own, for which a reader could take this one.
        pub looks_like: Option<String>,
    }

    /// A person who asks to become a contact.
    pub struct Request {
        /// Public key.
        pub peer: PeerIdText,
        /// The name that they give.
        pub name: String,
        /// For comparing in person.
        pub fingerprint: Fingerprint,
        /// When it came.
        #[ts(type = "number")] pub at: u64,
        /// Another person's name, or one's own, for which a reader could take this one.
        pub looks_like: Option<String>,
    }

    /// A person seen on the local network.
    pub struct Nearby {
        /// Id for `say_hello`.
        pub id: NearbyIdText,
        /// Name that they announce.
        pub name: String,
        /// Where they listen, `ip:port`.
        pub address: String,
        /// Their public key, if it is known: they are linked, or a contact was reached at this
        /// address before.
        pub peer: Option<PeerIdText>,
        /// The attempt to reach them that is under way.
        pub join: Option<JoinIdText>,
    }
}

//! Who is linked with whom, and who has what.

use super::ids::{PeerIdText, RoomIdText};
use super::person::LinkState;
use super::stage::Me;

data! {
    /// Who has what in a room, from what members with a link up have said. Oneself is not counted;
    /// `heard`, `unheard`, `through` and `away` together are all other members.
    pub struct Level {
        /// Whatever is known here and was written up to then, everybody who was heard has; none if
        /// nobody was heard, or nothing can be said.
        #[ts(type = "number | null")] pub up_to: Option<u64>,
        /// Linked members who have said what they have.
        pub heard: u32,
        /// Linked members who have not yet.
        pub unheard: u32,
        /// Members without a link to this device to whom others pass on what is written.
        pub through: u32,
        /// Members who are not to be reached now; they get it when they are back.
        pub away: u32,
        /// Heard members who lack something for longer than it takes to arrive: the first three,
        /// most first.
        pub behind: Vec<Behind>,
        /// How many lack something, those not named included.
        pub behind_in_all: u32,
    }

    /// What one member lacks.
    pub struct Behind {
        /// Public key.
        pub peer: PeerIdText,
        /// Their name.
        pub name: String,
        /// Events that are here and that they are not known to have.
        #[ts(type = "number")] pub count: u64,
    }

    /// Everybody known, and how each is reached.
    pub struct Network {
        /// Oneself, with the addresses at which one may be reached.
        pub me: Me,
        /// The others.
        pub people: Vec<Reach>,
    }

    /// How one person is reached, and what is on its way between the two.
    pub struct Reach {
        /// Public key.
        pub peer: PeerIdText,
        /// Display name.
        pub name: String,
        /// In the address book.
        pub contact: bool,
        /// This device's own link with them.
        pub link: LinkState,
        /// Without a link: who passes on what is said in a common room.
        pub through: Option<Via>,
        /// When a link was last up, if ever.
        #[ts(type = "number | null")] pub last_seen: Option<u64>,
        /// When they wrote the newest thing of theirs that is here.
        #[ts(type = "number | null")] pub wrote_at: Option<u64>,
        /// Rooms in common.
        pub rooms: Vec<RoomIdText>,
        /// What is on its way, for each room where something is.
        pub owed: Vec<Owed>,
        /// Bytes that wait here for their link to take them.
        #[ts(type = "number")] pub queued: u64,
    }

    /// A linked person who passes things on: the one who brought the newest of it or, if nobody has
    /// yet, the one whose link has been up longest.
    pub struct Via {
        /// Public key.
        pub peer: PeerIdText,
        /// Display name.
        pub name: String,
        /// How many others would do it too.
        pub others: u32,
    }

    /// What two people owe each other in a room.
    pub struct Owed {
        /// The room.
        pub room: RoomIdText,
        /// Events that they are not known to have.
        #[ts(type = "number")] pub theirs: u64,
        /// Events of theirs that are missing here.
        #[ts(type = "number")] pub ours: u64,
    }
}

//! Where a profile stands, and who one is.

use node::view::OwnReach;

use super::ids::PeerIdText;
use super::refusal::Code;

data! {
    /// Nothing to tell but success.
    pub struct Done {}

    /// Where a profile stands.
    #[serde(tag = "stage", rename_all = "snake_case")]
    pub enum Stage {
        /// Opens by itself: the keychain is being asked, or what it opens is read.
        Opening {
            /// Milliseconds since the keychain was asked; shown as waiting once it has taken two
            /// seconds.
            #[ts(type = "number")] waited_ms: u64,
            /// Set while so much of the history is read anew that it can be seen.
            building: Option<Building>,
        },
        /// No identity yet.
        Welcome {
            /// From the OS user.
            suggested_name: String,
            /// Set when the system keychain cannot be used now, so that the first screen can say so
            /// and offer the key file.
            keychain: Option<KeychainProblem>,
        },
        /// There is an identity, but the keychain does not give its key.
        Locked {
            /// What is wrong.
            problem: KeychainProblem,
        },
        /// The key is in a passphrase file.
        NeedsPassphrase {
            /// The last one was wrong.
            wrong: bool,
        },
        /// The data on disk cannot be opened.
        Unusable {
            /// The case; clients have their own words for each.
            code: Code,
            /// For a report; never shown alone.
            detail: String,
        },
        /// Open; `snapshot` answers.
        Open,
    }

    /// The index of the history is being built anew, or completed.
    #[derive(Copy, Eq)]
    pub struct Building {
        /// Records that were read.
        #[ts(type = "number")]
        pub done: u64,
        /// All that are to be read.
        #[ts(type = "number")]
        pub of: u64,
    }

    /// Why the keychain does not serve.
    pub struct KeychainProblem {
        /// The case; a screen has words for each.
        pub kind: KeychainProblemKind,
        /// The system's own words, for a report.
        pub detail: String,
    }

    /// Cases of keychain trouble that a screen tells apart.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum KeychainProblemKind {
        /// No service of this kind runs on this system.
        Absent,
        /// It runs, and is locked or the user said no.
        Denied,
        /// It answers, but our entry is gone.
        Wiped,
        /// It did not answer in time.
        Silent,
    }

    /// Where the identity key is to be kept.
    #[serde(tag = "kind", rename_all = "snake_case")]
    pub enum CustodyChoice {
        /// The system keychain.
        Keychain,
        /// A file sealed with a passphrase (Argon2id).
        KeyFile {
            /// At least 10 characters, not all alike.
            passphrase: String,
        },
    }

    /// Where the identity key is kept.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum Custody {
        /// The system keychain.
        Keychain,
        /// A file sealed with a passphrase.
        KeyFile,
    }

    /// A public key in forms that people can compare in person.
    pub struct Fingerprint {
        /// Words to read aloud.
        pub words: Vec<String>,
        /// Pictures to compare, with names for reading aloud.
        pub emoji: Vec<FingerprintEmoji>,
    }

    /// One picture of a fingerprint.
    pub struct FingerprintEmoji {
        /// The emoji itself.
        pub symbol: String,
        /// Its name in plain words.
        pub name: String,
    }

    /// Oneself.
    pub struct Me {
        /// Own public key.
        pub peer: PeerIdText,
        /// Display name.
        pub name: String,
        /// For comparing in person.
        pub fingerprint: Fingerprint,
        /// Where the key is kept.
        pub custody: Custody,
        /// Addresses at which others may reach this device, best first (`host:port`).
        pub addresses: Vec<String>,
        /// From where others can dial this device: no more than what somebody has done.
        pub reach: OwnReach,
        /// Set when listening does not work, or not on all that was asked for, with the system's
        /// reason.
        pub not_listening: Option<String>,
        /// The name is announced on the local network.
        pub nearby_visible: bool,
        /// People are met by the DHT.
        pub internet: bool,
        /// The router is asked for doors.
        pub mapping: bool,
        /// Messages are carried for friends.
        pub carry: bool,
        /// Links that are up, with contacts, members and strangers.
        pub links: u32,
        /// Contacts, and members of common rooms, with whom a link is up.
        pub friends: u32,
    }
}

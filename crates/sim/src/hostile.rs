//! Members that mean harm: real nodes whose words are twisted on their way out, and who say more
//! than they should.

use identity::{Identity, PeerId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use wire::Address;
use wire::ids::{LogId, LogKey, RoomId};
use wire::limits::{MAX_SHUFFLE, MAX_TTL};
use wire::message::{Digest, Disconnect, ForwardJoin, HeadOf, Heads, Message, Need, Neighbour, PeerRecord, Shuffle};

/// How a member is hostile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Takes everything, passes nothing on, answers no question.
    Mute,
    /// Claims to have what nobody has, and not to have what it has.
    Liar,
    /// Floods its neighbours with questions, comparisons and other things that make work.
    Storm,
    /// Tells of people and logs that do not exist.
    Forger,
}

impl Manner {
    /// All of them.
    pub const ALL: [Manner; 4] = [Manner::Mute, Manner::Liar, Manner::Storm, Manner::Forger];
}

/// What a hostile member invents by the million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invention {
    /// Logs of members.
    LogsOfMembers,
    /// Logs of nobody.
    LogsOfNobody,
    /// Members.
    Members,
    /// Members who have just come.
    Newcomers,
    /// Names and addresses, with signatures that nobody made.
    People,
}

impl Invention {
    /// All of them.
    pub const ALL: [Invention; 5] =
        [Invention::LogsOfMembers, Invention::LogsOfNobody, Invention::Members, Invention::Newcomers, Invention::People];
}

/// A hostile member.
pub(crate) struct Hostile {
    manner: Manner,
    room: RoomId,
    rng: StdRng,
}

/// Messages of one outburst on one link. Once a second, that is more than an honest node says.
const OUTBURST: usize = 40;

impl Hostile {
    pub(crate) fn new(manner: Manner, room: RoomId, seed: u64) -> Hostile {
        Hostile { manner, room, rng: StdRng::seed_from_u64(seed) }
    }

    /// What it sends in place of a message of its engine; none to send nothing.
    pub(crate) fn twist(&mut self, message: Message) -> Option<Message> {
        match (self.manner, message) {
            (Manner::Mute, Message::Run(_) | Message::Data(_) | Message::Heads(_) | Message::Records(_) | Message::Shuffle(_)) => None,
            (Manner::Liar, Message::Heads(heads)) => Some(Message::Heads(self.lie(heads))),
            (Manner::Liar, Message::Digest(digest)) => Some(Message::Digest(Digest { digest: self.rng.random(), ..digest })),
            (Manner::Mute | Manner::Liar | Manner::Storm | Manner::Forger, message) => Some(message),
        }
    }

    fn lie(&mut self, mut heads: Heads) -> Heads {
        for head in &mut heads.heads {
            match self.rng.random_range(0..3) {
                0 => head.seq = u32::MAX,
                1 => head.hash = self.rng.random(),
                _ => head.seq = 1,
            }
        }
        heads
    }

    /// What it says to a neighbour unasked, once a second.
    pub(crate) fn outburst(&mut self, devices: &[PeerId]) -> Vec<Message> {
        match self.manner {
            Manner::Mute => Vec::new(),
            Manner::Liar => vec![self.invented_heads(devices, 20)],
            Manner::Storm => (0..OUTBURST).map(|nth| self.noise(nth, devices)).collect(),
            Manner::Forger => {
                let mut said = vec![self.invented_heads(devices, 200)];
                said.extend(PeerRecord::messages((0..8).map(|_| self.invented_person())));
                said.extend([self.invented_members(), self.newcomer()]);
                said
            }
        }
    }

    fn noise(&mut self, nth: usize, devices: &[PeerId]) -> Message {
        let room = self.room;
        match nth % 7 {
            0 => Message::Digest(Digest { room, digest: self.rng.random() }),
            1 => Message::Need(Need { room, log: self.log(devices), from: 1, to: u32::MAX }),
            2 => Message::Graft(room),
            3 => Message::Prune(room),
            4 => Message::Neighbour(Neighbour { room, urgent: true, degree: 0 }),
            5 => Message::Disconnect(Disconnect { room, degree: self.rng.random() }),
            _ => self.invented_heads(devices, 3),
        }
    }

    /// Logs that do not exist, half of them of members.
    pub(crate) fn invented_heads(&mut self, devices: &[PeerId], count: usize) -> Message {
        let room = self.room;
        let heads = (0..count).map(|_| HeadOf { log: self.log(devices), seq: self.rng.random_range(1..100), hash: self.rng.random() });
        Message::Heads(Heads { room, heads: heads.collect() })
    }

    /// Members that are none.
    pub(crate) fn invented_members(&mut self) -> Message {
        let peers = (0..MAX_SHUFFLE).map(|_| PeerId::from_bytes(self.rng.random())).collect();
        Message::Shuffle(Shuffle { room: self.room, answer: false, peers })
    }

    /// One kind of invention, as much of it as goes well into a frame, and how many ids that is.
    pub(crate) fn invent(&mut self, invention: Invention, devices: &[PeerId]) -> (usize, Vec<Message>) {
        const LOGS: usize = 500;
        const SHUFFLES: usize = 16;
        match invention {
            Invention::LogsOfMembers => (LOGS, vec![self.invented_heads(devices, LOGS)]),
            Invention::LogsOfNobody => (LOGS, vec![self.invented_heads(&[], LOGS)]),
            Invention::Members => (SHUFFLES * MAX_SHUFFLE, (0..SHUFFLES).map(|_| self.invented_members()).collect()),
            Invention::Newcomers => (LOGS, (0..LOGS).map(|_| self.newcomer()).collect()),
            Invention::People => {
                let nobody = nobody();
                let stranger = |rng: &mut StdRng| PeerRecord { device: PeerId::from_bytes(rng.random()), ..nobody.clone() };
                (LOGS, PeerRecord::messages((0..LOGS).map(|_| stranger(&mut self.rng))))
            }
        }
    }

    fn newcomer(&mut self) -> Message {
        Message::ForwardJoin(ForwardJoin { room: self.room, ttl: MAX_TTL, peer: PeerId::from_bytes(self.rng.random()) })
    }

    fn log(&mut self, devices: &[PeerId]) -> LogKey {
        // Half of them of members, if there are any.
        let known = devices.get(self.rng.random_range(0..devices.len().max(1) * 2)).copied();
        let device = known.unwrap_or_else(|| PeerId::from_bytes(self.rng.random()));
        LogKey { device, log: LogId(self.rng.random()) }
    }

    fn invented_person(&mut self) -> PeerRecord {
        let identity = Identity::from_seed(&self.rng.random());
        PeerRecord::make(&identity, u64::MAX, vec![Address::announced("192.0.2.1:4747".to_owned())])
    }
}

/// A record to be filled with ids; its signature fits none of them.
fn nobody() -> PeerRecord {
    PeerRecord::make(&Identity::from_seed(&[1; 32]), 1, vec![Address::announced("192.0.2.1:4747".to_owned())])
}

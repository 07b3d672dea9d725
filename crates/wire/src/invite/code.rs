//! What an invite holds, and its one form as text.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use data_encoding::BASE32_NOPAD;
use identity::{Identity, PeerId};
use zeroize::Zeroizing;

use crate::address::{Address, AddressFault};
use crate::hash::{derive, hash};
use crate::limits::{MAX_ADDRESSES, MAX_INVITE_CHARS, USUAL_INVITE_CHARS};

pub(super) const PREFIX: &str = "gv1";
pub(super) const LINK: &str = "grapevine://join/";
pub(super) const VERSION: u8 = 1;
pub(super) const FLAG_CONTACT: u8 = 1;
pub(super) const CHECKSUM: usize = 4;
/// Bytes besides the addresses.
pub(super) const FIXED: usize = 1 + 1 + 16 + 16 + 32 + 1 + CHECKSUM;
/// Bytes of addresses for which the text keeps to [`MAX_INVITE_CHARS`]: five bytes make eight
/// characters.
const ADDRESS_BYTES: usize = (MAX_INVITE_CHARS - PREFIX.len()) * 5 / 8 - FIXED;

/// The same for [`USUAL_INVITE_CHARS`].
pub(super) const ADDRESS_BYTES_USUALLY: usize = (USUAL_INVITE_CHARS - PREFIX.len()) * 5 / 8 - FIXED;

/// What an invite is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InviteKind {
    /// To become a member of the room whose id begins with the hint.
    Room {
        /// First half of the room id.
        hint: [u8; 16],
    },
    /// To become a contact of the inviter.
    Contact,
}

/// A secret that its holder presents once a link stands, and the addresses of the device to present
/// it to.
#[derive(Clone, PartialEq, Eq)]
pub struct Invite {
    kind: InviteKind,
    seed: Zeroizing<[u8; 16]>,
    inviter: PeerId,
    addresses: Vec<Address>,
}

/// Why text is not an invite that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteFault {
    /// Nothing but white space.
    #[error("there is nothing to read")]
    Empty,
    /// Nothing in the text looks like an invite.
    #[error("this is not an invite")]
    NotAnInvite,
    /// There is what looks like an invite, but a part is missing or changed.
    #[error("a part of the invite is missing or changed")]
    Damaged,
    /// Made by a newer version, in a way that this one cannot read.
    #[error("the invite was made by a newer version")]
    TooNew,
    /// Longer than a text that is searched, or than an invite can be, or an invite with more
    /// addresses.
    #[error("this is too long to be an invite")]
    TooLong,
    /// Whole, but it sends us to an address that cannot be right.
    #[error("the invite holds a bad address: {0}")]
    BadAddress(#[from] AddressFault),
}

impl Invite {
    /// A new invite. Of the addresses, best first, as many are kept as an invite can carry.
    pub fn new(kind: InviteKind, inviter: PeerId, addresses: impl IntoIterator<Item = Address>) -> Self {
        let mut seed = Zeroizing::new([0; 16]);
        rand::fill(&mut *seed);
        Self::from_seed(kind, seed, inviter, addresses)
    }

    /// The invite with this secret, so that one that was stored can be shown again.
    pub fn from_seed(kind: InviteKind, seed: Zeroizing<[u8; 16]>, inviter: PeerId, addresses: impl IntoIterator<Item = Address>) -> Self {
        let mut left = ADDRESS_BYTES;
        let fits = |address: &Address| match encoded_len(address).and_then(|len| left.checked_sub(len)) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        };
        Self { kind, seed, inviter, addresses: addresses.into_iter().filter(fits).take(MAX_ADDRESSES).collect() }
    }

    /// What it is good for.
    pub fn kind(&self) -> InviteKind {
        self.kind
    }

    /// First half of the room id, zero for a contact invite: as [`Join`](crate::Join) wants it.
    pub fn hint(&self) -> [u8; 16] {
        match self.kind {
            InviteKind::Room { hint } => hint,
            InviteKind::Contact => [0; 16],
        }
    }

    /// The secret itself, for keeping own invites.
    pub fn seed(&self) -> &Zeroizing<[u8; 16]> {
        &self.seed
    }

    /// Who made it.
    pub fn inviter(&self) -> PeerId {
        self.inviter
    }

    /// Where its maker can be dialled, best first.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The key pair of the invite: its public half is what the room knows, its private half signs
    /// the Join.
    pub fn keys(&self) -> Identity {
        Identity::from_seed(&Zeroizing::new(derive("invite", &*self.seed)))
    }

    /// As text to pass on: 117 characters, and 11 for each IPv4 address.
    pub fn to_text(&self) -> String {
        let mut bytes = Zeroizing::new(Vec::with_capacity(FIXED + ADDRESS_BYTES));
        let flags = match self.kind {
            InviteKind::Room { .. } => 0,
            InviteKind::Contact => FLAG_CONTACT,
        };
        bytes.extend_from_slice(&[VERSION, flags]);
        bytes.extend_from_slice(&self.hint());
        bytes.extend_from_slice(&*self.seed);
        bytes.extend_from_slice(self.inviter.as_bytes());
        bytes.push(self.addresses.len() as u8);
        for address in &self.addresses {
            write_address(address, &mut bytes);
        }
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        format!("{PREFIX}{}", BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
    }

    /// As a link that opens the program.
    pub fn to_link(&self) -> String {
        format!("{LINK}{}", self.to_text())
    }

    /// Whether both open the same door, wherever they say that it is.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.kind, &self.seed, self.inviter) == (other.kind, &other.seed, other.inviter)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, InviteFault> {
        let (content, sum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(InviteFault::Damaged)?;
        // Before the version: a slip of the finger must not read as news from the future.
        if *sum != checksum(content) {
            return Err(InviteFault::Damaged);
        }
        let mut rest = content;
        let [version, flags] = take(&mut rest)?;
        if version != VERSION || flags & !FLAG_CONTACT != 0 {
            return Err(if version == 0 { InviteFault::Damaged } else { InviteFault::TooNew });
        }
        let hint = take(&mut rest)?;
        let kind = match (flags == FLAG_CONTACT, hint == [0; 16]) {
            (true, true) => InviteKind::Contact,
            (false, false) => InviteKind::Room { hint },
            (true, false) | (false, true) => return Err(InviteFault::Damaged),
        };
        let seed = Zeroizing::new(take(&mut rest)?);
        let inviter = PeerId::from_bytes(take(&mut rest)?);
        let [count] = take(&mut rest)?;
        if usize::from(count) > MAX_ADDRESSES {
            return Err(InviteFault::TooLong);
        }
        let addresses = (0..count).map(|_| read_address(&mut rest)).collect::<Result<_, _>>()?;
        if !rest.is_empty() {
            return Err(InviteFault::Damaged);
        }
        Ok(Self { kind, seed, inviter, addresses })
    }
}

impl fmt::Debug for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            InviteKind::Room { .. } => "room",
            InviteKind::Contact => "contact",
        };
        write!(f, "Invite({kind}, by {:?}, {} addresses)", self.inviter, self.addresses.len())
    }
}

fn checksum(content: &[u8]) -> [u8; CHECKSUM] {
    let [a, b, c, d, ..] = hash(content);
    [a, b, c, d]
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], InviteFault> {
    let (taken, left) = rest.split_first_chunk().ok_or(InviteFault::Damaged)?;
    *rest = left;
    Ok(*taken)
}

/// Bytes of an address; none if it means nothing to others.
pub(super) fn encoded_len(address: &Address) -> Option<usize> {
    match address {
        Address::Ip(SocketAddr::V4(_)) => Some(1 + 4 + 2),
        Address::Ip(SocketAddr::V6(_)) => Some(1 + 16 + 2),
        Address::Zoned(_) | Address::Verbatim(_) => None,
        Address::Host(host) => host.name().len().checked_add(1 + 1 + 2),
    }
}

pub(crate) fn write_address(address: &Address, out: &mut Vec<u8>) {
    match address {
        Address::Ip(SocketAddr::V4(address)) => {
            out.push(4);
            out.extend_from_slice(&address.ip().octets());
            out.extend_from_slice(&address.port().to_be_bytes());
        }
        Address::Ip(SocketAddr::V6(address)) => {
            out.push(6);
            out.extend_from_slice(&address.ip().octets());
            out.extend_from_slice(&address.port().to_be_bytes());
        }
        // Never in an invite.
        Address::Zoned(_) | Address::Verbatim(_) => {}
        Address::Host(host) => {
            out.extend_from_slice(&[1, host.name().len() as u8]);
            out.extend_from_slice(host.name().as_bytes());
            out.extend_from_slice(&host.port().to_be_bytes());
        }
    }
}

fn read_address(rest: &mut &[u8]) -> Result<Address, InviteFault> {
    let [kind] = take(rest)?;
    match kind {
        4 => {
            let ip = Ipv4Addr::from(take::<4>(rest)?);
            Ok(Address::ip(SocketAddr::new(ip.into(), read_port(rest)?))?)
        }
        6 => {
            let ip = Ipv6Addr::from(take::<16>(rest)?);
            Ok(Address::ip(SocketAddr::new(ip.into(), read_port(rest)?))?)
        }
        1 => {
            let [len] = take(rest)?;
            let (name, left) = rest.split_at_checked(usize::from(len)).ok_or(InviteFault::Damaged)?;
            *rest = left;
            let name = std::str::from_utf8(name).map_err(|_| AddressFault::BadHost)?;
            Ok(Address::host(name, read_port(rest)?)?)
        }
        _ => Err(InviteFault::Damaged),
    }
}

fn read_port(rest: &mut &[u8]) -> Result<u16, InviteFault> {
    take(rest).map(u16::from_be_bytes)
}

#[cfg(test)]
mod tests;

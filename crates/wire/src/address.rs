//! Where a device can be dialled: as people type it, as devices announce it, and as invites carry
//! it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use bincode::de::Decoder;
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};
use icu_normalizer::ComposingNormalizerBorrowed;
use unicode_security::{RestrictionLevel, RestrictionLevelDetection};

use crate::limits::{MAX_ADDRESS, MAX_HOST};
use crate::text::{is_ignorable, is_unfit};

/// Port that a device listens on if it can.
pub const USUAL_PORT: u16 = 4747;
/// Bytes of the longest zone: names of interfaces are shorter.
const MAX_ZONE: usize = 32;

/// Where a device can be dialled. [`Display`](fmt::Display) writes it as it travels and is stored:
/// each text is one address, and each address one text.
///
/// Another way to reach a device, such as a circuit through a member, is another variant here. A
/// version that does not know the variant keeps its text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A number: never unspecified, multicast or broadcast, never port 0. IPv4 inside IPv6 is
    /// written as IPv4.
    Ip(SocketAddr),
    /// A link-local number with the interface behind which it lies. Good on this computer only:
    /// invites and records leave it out.
    Zoned(ZonedAddress),
    /// A name for the resolver, in lower case.
    Host(HostAddress),
    /// What another device announced, letter by letter, since it signed this text: one of the above
    /// in another spelling, or nothing that this version can read. Made by [`Address::announced`].
    Verbatim(VerbatimAddress),
}

/// A host name and a port. Made by [`Address::host`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostAddress {
    name: String,
    port: u16,
}

/// A link-local IPv6 address, the zone in which it is valid, and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZonedAddress {
    ip: Ipv6Addr,
    zone: String,
    port: u16,
}

/// Text that a device announced as an address. Made by [`Address::announced`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerbatimAddress {
    text: String,
}

impl ZonedAddress {
    /// `fe80::1%eth0`, as the resolver of this computer takes it.
    pub fn name(&self) -> String {
        format!("{}%{}", self.ip, self.zone)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl HostAddress {
    /// The name, ASCII in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// Why text or numbers are not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// Nothing there.
    #[error("the address is empty")]
    Empty,
    /// No `:port` at the end. An IPv6 address without brackets also ends here.
    #[error("the address needs a port, like host:4000 or [::1]:4000")]
    NoPort,
    /// Not a number from 1 to 65535.
    #[error("the port must be a number from 1 to 65535")]
    BadPort,
    /// Neither a number nor a host name.
    #[error("the host is neither an IP address nor a name")]
    BadHost,
    /// Nobody in particular can be reached there: unspecified, multicast or broadcast.
    #[error("nobody in particular can be reached at this address")]
    NotUnicast,
}

impl Address {
    /// Accepts an IP address and port.
    pub fn ip(address: SocketAddr) -> Result<Self, AddressFault> {
        if address.port() == 0 {
            return Err(AddressFault::BadPort);
        }
        let ip = address.ip().to_canonical();
        let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
        if ip.is_unspecified() || ip.is_multicast() || broadcast {
            return Err(AddressFault::NotUnicast);
        }
        Ok(Address::Ip(SocketAddr::new(ip, address.port())))
    }

    /// Accepts a host name and port.
    pub fn host(name: &str, port: u16) -> Result<Self, AddressFault> {
        if port == 0 {
            return Err(AddressFault::BadPort);
        }
        if !is_host_name(name) {
            return Err(AddressFault::BadHost);
        }
        Ok(Address::Host(HostAddress { name: name.to_ascii_lowercase(), port }))
    }

    /// Takes what another device announced, whatever it is.
    pub fn announced(text: String) -> Self {
        // All that this version writes looks like this; nothing else is worth more time.
        let read = if text.bytes().all(|byte| byte.is_ascii_graphic()) { Self::read(&text) } else { Err(AddressFault::BadHost) };
        match read {
            Ok(address) if address.to_string() == text => address,
            Ok(_) | Err(_) => Address::Verbatim(VerbatimAddress { text }),
        }
    }

    /// The same address in a form that can be dialled, or why there is none.
    pub fn dialable(&self) -> Result<Self, AddressFault> {
        match self {
            Address::Ip(_) | Address::Zoned(_) | Address::Host(_) => Ok(self.clone()),
            Address::Verbatim(said) => said.text.parse(),
        }
    }

    /// Whether it means something only on the computer of the device that announced it.
    pub fn is_zoned(&self) -> bool {
        match self {
            Address::Ip(_) | Address::Host(_) => false,
            Address::Zoned(_) => true,
            // The sign stands in no other kind.
            Address::Verbatim(said) => said.text.contains('%'),
        }
    }

    /// Whether messages may carry it: at most [`MAX_ADDRESS`] bytes, in one line.
    pub fn fits_messages(&self) -> bool {
        match self {
            // Their parts are bounded when they are made.
            Address::Ip(_) | Address::Zoned(_) | Address::Host(_) => true,
            Address::Verbatim(said) => said.text.len() <= MAX_ADDRESS && !said.text.chars().any(is_unfit),
        }
    }

    /// As people write it: a name in its own script, unless that mixes scripts as only a forgery
    /// does.
    pub fn shown(&self) -> String {
        let Address::Host(host) = self else { return self.to_string() };
        let (name, whole) = idna::domain_to_unicode(&host.name);
        let honest = |label: &str| label.is_ascii() || label.check_restriction_level(RestrictionLevel::HighlyRestrictive);
        let reads_back = || idna::domain_to_ascii(&name).is_ok_and(|ascii| ascii == host.name);
        if whole.is_ok() && name.split('.').all(honest) && reads_back() { format!("{name}:{}", host.port) } else { self.to_string() }
    }

    /// Reads what has no white space around it, and nothing in it that does not show.
    fn read(text: &str) -> Result<Self, AddressFault> {
        if text.is_empty() {
            return Err(AddressFault::Empty);
        }
        let bracketed = |host: &str| host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).map(str::to_owned);
        if text.contains('%') {
            return match text.rsplit_once(':').filter(|(host, _)| host.contains('%')) {
                Some((host, port)) => Self::zoned(&bracketed(host).unwrap_or_else(|| host.to_owned()), parse_port(port)?),
                None => Self::zoned(&bracketed(text).unwrap_or_else(|| text.to_owned()), USUAL_PORT),
            };
        }
        let (host, port) = text.rsplit_once(':').ok_or(AddressFault::NoPort)?;
        if let Some(ip) = bracketed(host) {
            let ip: Ipv6Addr = ip.parse().map_err(|_| AddressFault::BadHost)?;
            return Self::ip(SocketAddr::new(ip.into(), parse_port(port)?));
        }
        if host.contains(':') || text.ends_with(']') {
            return Err(AddressFault::NoPort);
        }
        let port = parse_port(port)?;
        let host = if host.is_ascii() { host.to_owned() } else { idna::domain_to_ascii(host).map_err(|_| AddressFault::BadHost)? };
        // The root at the end of a full name.
        let host = host.strip_suffix('.').unwrap_or(&host);
        match host.parse::<Ipv4Addr>() {
            Ok(ip) => Self::ip(SocketAddr::new(ip.into(), port)),
            Err(_) => Self::host(host, port),
        }
    }

    fn zoned(ip: &str, port: u16) -> Result<Self, AddressFault> {
        let (ip, zone) = ip.split_once('%').ok_or(AddressFault::BadHost)?;
        let ip: Ipv6Addr = ip.parse().map_err(|_| AddressFault::BadHost)?;
        // Inside a URL the sign itself is written %25 (RFC 6874).
        let is_name = |zone: &&str| zone.bytes().any(|byte| !byte.is_ascii_digit());
        let mut zone = zone;
        while let Some(name) = zone.strip_prefix("25").filter(is_name) {
            zone = name;
        }
        let fits = (1..=MAX_ZONE).contains(&zone.len()) && zone.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b));
        if !ip.is_unicast_link_local() || !fits {
            return Err(AddressFault::BadHost);
        }
        Ok(Address::Zoned(ZonedAddress { ip, zone: zone.to_owned(), port }))
    }
}

impl FromStr for Address {
    type Err = AddressFault;

    /// Reads `host:port`, `1.2.3.4:port`, `[ipv6]:port` or `[fe80::1%zone]:port`, white space
    /// around it ignored. A name may be in any script (IDNA, as browsers do it). A number with a
    /// zone needs neither brackets nor, for the usual port, a port.
    fn from_str(text: &str) -> Result<Self, AddressFault> {
        let text: String = text.chars().filter(|c| !is_ignorable(*c)).collect();
        // Full-width letters, digits and signs are what some keyboards give.
        let text = ComposingNormalizerBorrowed::new_nfkc().normalize(&text);
        Self::read(text.trim())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Ip(address) => write!(f, "{address}"),
            Address::Zoned(zoned) => write!(f, "[{}%{}]:{}", zoned.ip, zoned.zone, zoned.port),
            Address::Host(host) => write!(f, "{}:{}", host.name, host.port),
            Address::Verbatim(said) => f.write_str(&said.text),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl From<SocketAddr> for Address {
    /// An address that the system gave: of a socket, or of this machine.
    fn from(socket: SocketAddr) -> Self {
        match Self::ip(socket) {
            Ok(Address::Ip(same)) if same == socket => Address::Ip(same),
            // With a scope, for example.
            Ok(_) | Err(_) => Self::announced(socket.to_string()),
        }
    }
}

/// As its text.
impl Encode for Address {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        match self {
            Address::Verbatim(said) => said.text.encode(encoder),
            Address::Ip(_) | Address::Zoned(_) | Address::Host(_) => self.to_string().encode(encoder),
        }
    }
}

/// Any text is accepted: whether it can be dialled is a question for later.
impl<Context> Decode<Context> for Address {
    fn decode<D: Decoder<Context = Context>>(decoder: &mut D) -> Result<Self, DecodeError> {
        String::decode(decoder).map(Self::announced)
    }
}

bincode::impl_borrow_decode!(Address);

fn parse_port(text: &str) -> Result<u16, AddressFault> {
    // Digits only: the standard parser also takes a plus sign.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AddressFault::BadPort);
    }
    text.parse().ok().filter(|port| *port != 0).ok_or(AddressFault::BadPort)
}

/// Labels of letters, digits, hyphens and underscores. The last one is not a number: resolvers read
/// `127.1` and `0x7f000001` as IPv4 addresses, which would go past the checks on those.
fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| {
        label.starts_with(|c: char| c.is_ascii_digit()) && {
            let digits = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
            digits.unwrap_or(label).bytes().all(|byte| byte.is_ascii_digit() || (digits.is_some() && byte.is_ascii_hexdigit()))
        }
    };
    name.len() <= MAX_HOST && name.split('.').all(label) && !name.rsplit('.').next().is_some_and(is_number)
}

#[cfg(test)]
mod tests;

//! The time to live of packets, which routers on a long way take from.

/// Bytes of an Ethernet header.
const ETHERNET: usize = 14;
/// The type of IPv4 in it.
const IPV4: [u8; 2] = [0x08, 0x00];
const TTL: usize = 8;
const CHECKSUM: usize = 10;

/// Takes `hops` from the time to live of an IPv4 packet; false if it dies on the way. Other frames
/// pass as they are.
pub(crate) fn travel(frame: &mut [u8], hops: u8) -> bool {
    if hops == 0 || frame.get(12..ETHERNET) != Some(&IPV4) {
        return true;
    }
    let Some(length) = frame.get(ETHERNET).map(|first| usize::from(first & 0x0f) * 4).filter(|length| *length >= 20) else { return true };
    let Some(header) = frame.get_mut(ETHERNET..ETHERNET + length) else { return true };
    let Some(left) = header[TTL].checked_sub(hops).filter(|left| *left > 0) else { return false };
    header[TTL] = left;
    header[CHECKSUM..CHECKSUM + 2].fill(0);
    let sum: u32 = header.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    header[CHECKSUM..CHECKSUM + 2].copy_from_slice(&(!(folded as u16)).to_be_bytes());
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with a known checksum, after an Ethernet header.
    fn frame(ttl: u8, checksum: u16) -> Vec<u8> {
        let mut frame = [vec![0; 12], IPV4.to_vec()].concat();
        frame.extend([0x45, 0, 0, 0x73, 0, 0, 0x40, 0, ttl, 17]);
        frame.extend(checksum.to_be_bytes());
        frame.extend([192, 168, 0, 1, 192, 168, 0, 199]);
        frame
    }

    #[test]
    fn a_packet_loses_its_hops_and_keeps_a_right_checksum_or_dies() {
        // 0xb861 is right for 64 hops; each hop less makes it greater by 0x0100.
        let mut packet = frame(64, 0xb861);
        assert!(travel(&mut packet, 8));
        assert_eq!(packet, frame(56, 0xc061));
        assert!(!travel(&mut frame(8, 0), 8));
        assert!(travel(&mut frame(9, 0), 8));
        let arp = [vec![0; 12], vec![0x08, 0x06], vec![0; 28]].concat();
        let mut same = arp.clone();
        assert!(travel(&mut same, 8) && same == arp);
    }
}

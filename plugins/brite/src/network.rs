//! Addresses and networks that callbacks may come from.
//!
//! An address is compared by its bits within its own family; a peer that is no address is in no
//! network.

use std::net::IpAddr;

/// An address, or a network written `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    pub(crate) fn read(text: &str) -> Option<Network> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = match length {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None => width,
        };
        (bits <= width).then_some(Network { address, bits })
    }

    pub(crate) fn contains(self, address: IpAddr) -> bool {
        let same = |a: u128, b: u128, width: u32| {
            self.bits == 0 || (a ^ b).checked_shr(width - self.bits).unwrap_or(0) == 0
        };
        match (self.address, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_in_their_networks_only() {
        let cases = [
            ("35.228.90.52", "35.228.90.52", true),
            ("35.228.90.52", "35.228.90.53", false),
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.9.9.9/8", "10.1.2.3", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "::1", true),
            ("2001:db8::/33", "2001:db8:7fff::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false),
            ("::1", "::1", true),
            ("::1/128", "::2", false),
        ];
        for (network, address, inside) in cases {
            let network_read = Network::read(network).expect(network);
            let address_read = address.parse().expect("an address");
            assert_eq!(network_read.contains(address_read), inside, "{network} {address}");
        }
        for text in ["", "a", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10.0.0/8"] {
            assert_eq!(Network::read(text), None, "{text}");
        }
    }
}

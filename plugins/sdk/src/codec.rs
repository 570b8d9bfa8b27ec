//! The codecs of the contract's `text` interface, done in the guest: for Rust that is cheaper than
//! a call to the host.
//!
//! Each decoder takes just what its encoder could have made (hex in either case), so that no two
//! texts of a token stand for the same bytes by way of padding or spare bits.

/// UTF-8, base64, base64url and hex. A decoder gives `None` for text that isn't in its form.
pub mod text {
    const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    /// Both digits of each byte.
    const HEX: [[u8; 2]; 256] = {
        let (digits, mut all, mut byte) = (b"0123456789abcdef", [[0; 2]; 256], 0);
        while byte < 256 {
            all[byte] = [digits[byte >> 4], digits[byte & 15]];
            byte += 1;
        }
        all
    };

    /// Bytes as text, where they are UTF-8.
    pub fn decode_utf8(data: &[u8]) -> Option<&str> {
        std::str::from_utf8(data).ok()
    }

    /// Base64 with its padding.
    pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
        let unpadded = text.trim_end_matches('=');
        // Padding fills the last group of four, and does nothing else.
        if !text.len().is_multiple_of(4) || text.len() - unpadded.len() > 2 {
            return None;
        }
        decode_groups(unpadded, STANDARD[62], STANDARD[63])
    }

    /// Base64 with padding.
    pub fn encode_base64(data: &[u8]) -> String {
        let mut text = encode_groups(data, STANDARD);
        while !text.len().is_multiple_of(4) {
            text.push('=');
        }
        text
    }

    /// Base64url without padding.
    pub fn decode_base64url(text: &str) -> Option<Vec<u8>> {
        decode_groups(text, URL[62], URL[63])
    }

    /// Base64url without padding.
    pub fn encode_base64url(data: &[u8]) -> String {
        encode_groups(data, URL)
    }

    /// Hex in upper or lower case, two digits a byte.
    pub fn decode_hex(text: &str) -> Option<Vec<u8>> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if !rest.is_empty() {
            return None;
        }
        let mut seen = 0;
        let byte = |&[high, low]: &[u8; 2]| {
            let (high, low) = (nibble(high), nibble(low));
            seen |= high | low;
            high << 4 | low & 15
        };
        let data = pairs.iter().map(byte).collect();
        (seen < NO_NIBBLE).then_some(data)
    }

    /// Lower-case hex.
    pub fn encode_hex(data: &[u8]) -> String {
        let digits: Vec<[u8; 2]> = data.iter().map(|byte| HEX[usize::from(*byte)]).collect();
        // They are ASCII, so there is nothing to be replaced.
        String::from_utf8(digits.into_flattened()).unwrap_or_default()
    }

    /// More than any nibble, in bits that none has.
    const NO_NIBBLE: u8 = 1 << 4;

    /// Without a branch: which digits are letters is anybody's guess.
    fn nibble(digit: u8) -> u8 {
        let (number, letter) = (digit.wrapping_sub(b'0'), (digit | 32).wrapping_sub(b'a'));
        let letter = if letter < 6 { letter + 10 } else { NO_NIBBLE };
        if number < 10 { number } else { letter }
    }

    fn encode_groups(data: &[u8], alphabet: &[u8; 64]) -> String {
        let mut text = String::with_capacity(data.len().div_ceil(3) * 4);
        for group in data.chunks(3) {
            let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for digit in 0..=group.len() {
                let six = bits >> (18 - 6 * digit) & 63;
                text.push(char::from(alphabet[six as usize]));
            }
        }
        text
    }

    fn decode_groups(text: &str, plus: u8, slash: u8) -> Option<Vec<u8>> {
        let mut data = Vec::with_capacity(text.len() / 4 * 3 + 2);
        let (mut bits, mut held) = (0u32, 0u32);
        for digit in text.bytes() {
            bits = bits << 6 | u32::from(six_bits(digit, plus, slash)?);
            held += 6;
            if held >= 8 {
                held -= 8;
                data.push((bits >> held) as u8);
                bits &= (1 << held) - 1;
            }
        }
        // One digit alone is no byte, and spare bits have to be zero.
        (held < 6 && bits == 0).then_some(data)
    }

    fn six_bits(digit: u8, plus: u8, slash: u8) -> Option<u8> {
        match digit {
            b'A'..=b'Z' => Some(digit - b'A'),
            b'a'..=b'z' => Some(digit - b'a' + 26),
            b'0'..=b'9' => Some(digit - b'0' + 52),
            _ if digit == plus => Some(62),
            _ if digit == slash => Some(63),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::text::*;

    #[test]
    fn the_vectors_of_rfc_4648() {
        let plain = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
        let coded = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (plain, coded) in plain.into_iter().zip(coded) {
            assert_eq!(encode_base64(plain.as_bytes()), coded);
            assert_eq!(decode_base64(coded).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(encode_hex(b"foobar"), "666f6f626172");
        assert_eq!(decode_hex("666F6f626172").as_deref(), Some(b"foobar".as_slice()));
    }

    #[test]
    fn text_in_another_form_is_none() {
        for text in
            ["Zg=", "Zg", "Zh==", "Z===", "=", "====", "Zm9v====", "Zm 9", "Z-_v", "Zg==Zg=="]
        {
            assert_eq!(decode_base64(text), None, "{text}");
        }
        for text in ["Zg==", "Z", "Zh", "Z+/v", "Zm9v\n", "é"] {
            assert_eq!(decode_base64url(text), None, "{text}");
        }
        for text in ["0", "0g", "é", " 0", "0x00", "+1"] {
            assert_eq!(decode_hex(text), None, "{text}");
        }
        assert_eq!(decode_utf8(b"\xff"), None);
    }

    proptest! {
        #[test]
        fn encoders_agree_with_the_base64_crate(data in any::<Vec<u8>>()) {
            prop_assert_eq!(encode_base64(&data), STANDARD.encode(&data));
            prop_assert_eq!(encode_base64url(&data), URL_SAFE_NO_PAD.encode(&data));
            prop_assert_eq!(decode_hex(&encode_hex(&data)), Some(data));
        }

        #[test]
        fn decoders_agree_with_the_base64_crate(text in "[A-Za-d0-3+/=_-]{0,12}|\\PC{0,9}") {
            prop_assert_eq!(decode_base64(&text), STANDARD.decode(&text).ok());
            prop_assert_eq!(decode_base64url(&text), URL_SAFE_NO_PAD.decode(&text).ok());
        }
    }
}

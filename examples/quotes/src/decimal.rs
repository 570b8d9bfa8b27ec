//! Decimal numbers as integers: `12.50` is 1250 with 2 places.
//!
//! Invariant: exact until the one rounding at the end, which is down; what doesn't fit is `None`,
//! never a wrong number.

/// A number of zero or more.
#[derive(Clone, Copy)]
pub(crate) struct Decimal {
    digits: u128,
    places: u32,
}

impl Decimal {
    /// Reads digits with at most one point among them: `12`, `12.50`.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some(Decimal { digits, places: fraction.len().try_into().ok()? })
    }

    pub(crate) fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// `self × factor`, rounded down to so many places.
    pub(crate) fn times(self, factor: Decimal, places: u32) -> Option<Decimal> {
        let product = self.digits.checked_mul(factor.digits)?;
        let (up, down) = powers(places, self.places.checked_add(factor.places)?)?;
        let digits = product.checked_mul(up)? / down;
        Some(Decimal { digits, places })
    }

    /// `self ÷ divisor`, rounded down to so many places; `None` where the divisor is zero, too.
    pub(crate) fn over(self, divisor: Decimal, places: u32) -> Option<Decimal> {
        let (up, down) = powers(divisor.places.checked_add(places)?, self.places)?;
        let digits = self.digits.checked_mul(up)?.checked_div(divisor.digits.checked_mul(down)?)?;
        Some(Decimal { digits, places })
    }
}

/// 10 to the `wanted` over 10 to the `given`, with what both hold cancelled, to overflow later.
fn powers(wanted: u32, given: u32) -> Option<(u128, u128)> {
    let power = |exponent| 10u128.checked_pow(exponent);
    Some((power(wanted.saturating_sub(given))?, power(given.saturating_sub(wanted))?))
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let places = self.places as usize;
        let text = format!("{:0>width$}", self.digits, width = places + 1);
        let (whole, fraction) = text.split_at(text.len() - places);
        let point = if places == 0 { "" } else { "." };
        write!(f, "{whole}{point}{fraction}")
    }
}

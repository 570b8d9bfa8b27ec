//! Decimal numbers as integers: `12.50` is 1250 with 2 places.
//!
//! Invariant: exact until the one rounding at the end, which is down; what doesn't fit into 128
//! bits is null, never a wrong number.

const std = @import("std");

const Decimal = @This();

digits: u128,
places: usize,

/// Reads digits with at most one point among them: `12`, `12.50`.
pub fn parse(text: []const u8) ?Decimal {
    const point = std.mem.indexOfScalar(u8, text, '.');
    const whole = text[0 .. point orelse text.len];
    // A number without a point has one place, a zero: a price is always shown with a fraction.
    const fraction = if (point) |at| text[at + 1 ..] else "0";
    if (whole.len == 0 or fraction.len == 0) return null;
    var digits: u128 = 0;
    for ([_][]const u8{ whole, fraction }) |part| {
        for (part) |digit| {
            if (!std.ascii.isDigit(digit)) return null;
            digits = mul(digits, 10) orelse return null;
            digits = std.math.add(u128, digits, digit - '0') catch return null;
        }
    }
    return .{ .digits = digits, .places = fraction.len };
}

/// `one × other`, rounded down to so many places.
pub fn times(one: Decimal, other: Decimal, places: usize) ?Decimal {
    const product = mul(one.digits, other.digits) orelse return null;
    const up, const down = powers(places, one.places + other.places) orelse return null;
    return .{ .digits = (mul(product, up) orelse return null) / down, .places = places };
}

/// `one ÷ other`, rounded down to so many places; `other` isn't zero.
pub fn over(one: Decimal, other: Decimal, places: usize) ?Decimal {
    const up, const down = powers(other.places + places, one.places) orelse return null;
    const divisor = mul(other.digits, down) orelse return null;
    return .{ .digits = (mul(one.digits, up) orelse return null) / divisor, .places = places };
}

/// As text, with all its places.
pub fn show(number: Decimal, allocator: std.mem.Allocator) ![]const u8 {
    const text = try allocator.alloc(u8, number.places + 41);
    var at = text.len;
    var rest = number.digits;
    while (rest > 0 or text.len - at < number.places + 1) : (rest /= 10) {
        at -= 1;
        text[at] = '0' + @as(u8, @intCast(rest % 10));
    }
    if (number.places == 0) return text[at..];
    const point = text.len - number.places;
    return std.mem.concat(allocator, u8, &.{ text[at..point], ".", text[point..] });
}

fn mul(one: u128, other: u128) ?u128 {
    return std.math.mul(u128, one, other) catch null;
}

/// 10 to the `wanted` over 10 to the `given`, with what both hold cancelled, to overflow later.
fn powers(wanted: usize, given: usize) ?struct { u128, u128 } {
    return .{ power(wanted -| given) orelse return null, power(given -| wanted) orelse return null };
}

fn power(exponent: usize) ?u128 {
    return std.math.powi(u128, 10, std.math.cast(u32, exponent) orelse return null) catch null;
}

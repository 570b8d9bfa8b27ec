//! A responder: it prices a crypto ramp, from a table in the code that its settings may override.
//!
//! Invariant: the same question at the same moment has the same answer, and never promises more
//! than the price allows: amounts are exact, and rounded down once.

const std = @import("std");
const abi = @import("abi.zig");
const Decimal = @import("decimal.zig");

pub const Request = struct { id: []const u8, kind: []const u8, data: []const u8 };

pub const Decline = struct {
    status: Status,
    reason: []const u8,
    customer_reason: ?[]const u8 = null,

    /// In the contract's order.
    pub const Status = enum(u8) { invalid, not_found, unprocessable, unavailable };
};

pub const Came = union(enum) { answer: []const u8, decline: Decline };

/// What each asset can be divided into, in decimal places.
const places_of = std.StaticStringMap(usize).initComptime(.{
    .{ "BRL", 2 },
    .{ "EUR", 2 },
    .{ "USD", 2 },
    .{ "ETHEREUM_ETH", 18 },
    .{ "SOLANA_SOL", 9 },
    .{ "SOLANA_USDC", 6 },
});

/// What one coin costs. Made up: a real responder would ask a market.
const prices = std.StaticStringMap([]const u8).initComptime(.{
    .{ "ETHEREUM_ETH/BRL", "16500.00" },
    .{ "ETHEREUM_ETH/EUR", "2750.00" },
    .{ "ETHEREUM_ETH/USD", "3000.00" },
    .{ "SOLANA_SOL/BRL", "825.00" },
    .{ "SOLANA_SOL/EUR", "137.50" },
    .{ "SOLANA_SOL/USD", "150.00" },
    .{ "SOLANA_USDC/BRL", "5.55" },
    .{ "SOLANA_USDC/EUR", "0.93" },
    .{ "SOLANA_USDC/USD", "1.00" },
});

/// How long a price holds.
const holds_ms = 60_000;
/// The first millisecond of the year 10000, where the form of times ends.
const end_ms = 253_402_300_800_000;

const Trade = struct { buys: bool, from: []const u8, to: []const u8, amount: []const u8 };

/// A decline is told apart from a lack of memory by its error, and left in `why`.
const No = error{ Declined, OutOfMemory };

/// The answer, as JSON, or why there is none.
pub fn compute(allocator: std.mem.Allocator, request: Request, now_ms: u64) !Came {
    var why: Decline = undefined;
    const answer = answered(allocator, request, now_ms, &why) catch |fault| switch (fault) {
        error.Declined => return .{ .decline = why },
        error.OutOfMemory => return error.OutOfMemory,
    };
    return .{ .answer = answer };
}

fn answered(allocator: std.mem.Allocator, request: Request, now_ms: u64, why: *Decline) No![]const u8 {
    const redirects = std.mem.eql(u8, request.kind, "redirect-order");
    if (!redirects and !std.mem.eql(u8, request.kind, "quote"))
        return no(why, .unprocessable, "only quotes and redirects", null);
    const trade = read(allocator, request.data) orelse
        return no(why, .invalid, "a member is missing, or has the wrong form", null);
    const price = try priceOf(allocator, trade, why);
    const paid = try convert(trade, price, why);
    const id = try base64(allocator, request.id);
    // No text in it needs an escape: they are numbers, a time, and an id in base64.
    var answer: std.ArrayList(u8) = .empty;
    try answer.appendSlice(allocator, "{\"toAmount\":\"");
    try answer.appendSlice(allocator, try paid.show(allocator));
    try answer.appendSlice(allocator, "\",\"rawResponse\":{\"exchangeRate\":\"");
    try answer.appendSlice(allocator, try price.show(allocator));
    try answer.appendSlice(allocator, "\",\"quoteId\":\"q_");
    try answer.appendSlice(allocator, id);
    try answer.appendSlice(allocator, "\",\"expiresAt\":\"");
    try answer.appendSlice(allocator, try rfc3339(allocator, now_ms +| holds_ms));
    try answer.appendSlice(allocator, "\"}");
    if (redirects) {
        try answer.appendSlice(allocator, ",\"redirectUrl\":\"https://ramp.example.com/checkout/q_");
        try answer.appendSlice(allocator, id);
        try answer.appendSlice(allocator, "\"");
    }
    try answer.appendSlice(allocator, "}");
    return answer.items;
}

fn no(why: *Decline, status: Decline.Status, reason: []const u8, customer: ?[]const u8) No {
    why.* = .{ .status = status, .reason = reason, .customer_reason = customer };
    return error.Declined;
}

/// The members of a trade that decide its price.
fn read(allocator: std.mem.Allocator, data: []const u8) ?Trade {
    const root = std.json.parseFromSliceLeaky(std.json.Value, allocator, data, .{}) catch return null;
    const ramp = member(root, "rampType") orelse return null;
    const buys = std.mem.eql(u8, ramp, "ONRAMP");
    if (!buys and !std.mem.eql(u8, ramp, "OFFRAMP")) return null;
    return .{
        .buys = buys,
        .from = member(root, "fromCurrency") orelse return null,
        .to = member(root, "toCurrency") orelse return null,
        .amount = member(root, "fromAmount") orelse return null,
    };
}

fn member(value: std.json.Value, name: []const u8) ?[]const u8 {
    const found = inside(value, name) orelse return null;
    return if (found == .string) found.string else null;
}

fn inside(value: std.json.Value, name: []const u8) ?std.json.Value {
    return if (value == .object) value.object.get(name) else null;
}

/// What one coin of this trade costs.
fn priceOf(allocator: std.mem.Allocator, trade: Trade, why: *Decline) No!Decimal {
    const coin, const currency = if (trade.buys) .{ trade.to, trade.from } else .{ trade.from, trade.to };
    const pair = try std.mem.concat(allocator, u8, &.{ coin, "/", currency });
    const settings = std.json.parseFromSliceLeaky(std.json.Value, allocator, abi.settings(), .{}) catch
        return no(why, .unavailable, "the settings can't be read", null);
    const own = if (inside(settings, "prices")) |table| inside(table, pair) else null;
    if (own != null and own.? != .string) return no(why, .unavailable, "the settings can't be read", null);
    const text = if (own) |found| found.string else prices.get(pair) orelse
        return no(why, .unprocessable, "unknown pair", "We don't trade this pair of currencies.");
    if (Decimal.parse(text)) |price| if (price.digits > 0) return price;
    return no(why, .unavailable, "a price in the settings is not a decimal over zero", null);
}

/// What is paid out, in the smallest unit of its asset.
fn convert(trade: Trade, price: Decimal, why: *Decline) No!Decimal {
    const amount = Decimal.parse(trade.amount);
    if (amount == null or amount.?.digits == 0)
        return no(why, .invalid, "fromAmount is not a decimal over zero", null);
    const places = places_of.get(trade.to) orelse
        return no(why, .unprocessable, "unknown currency", "We don't pay out in this currency.");
    const paid = (if (trade.buys) amount.?.over(price, places) else amount.?.times(price, places)) orelse
        return no(why, .invalid, "fromAmount has too many digits", null);
    if (paid.digits == 0)
        return no(why, .unprocessable, "fromAmount pays out nothing", "This amount is too small.");
    return paid;
}

/// The id comes from outside and goes into a link: this form is safe in both.
fn base64(allocator: std.mem.Allocator, text: []const u8) ![]const u8 {
    const encoder = std.base64.url_safe_no_pad.Encoder;
    return encoder.encode(try allocator.alloc(u8, encoder.calcSize(text.len)), text);
}

/// `2026-11-22T13:05:00.250Z`.
fn rfc3339(allocator: std.mem.Allocator, unix_ms: u64) ![]const u8 {
    const ms = @min(unix_ms, end_ms - 1);
    const seconds = std.time.epoch.EpochSeconds{ .secs = ms / 1000 };
    const year = seconds.getEpochDay().calculateYearDay();
    const month = year.calculateMonthDay();
    const clock = seconds.getDaySeconds();
    return std.fmt.allocPrint(allocator, "{d:0>4}-{d:0>2}-{d:0>2}T{d:0>2}:{d:0>2}:{d:0>2}.{d:0>3}Z", .{
        year.year,               month.month.numeric(),      month.day_index + 1,
        clock.getHoursIntoDay(), clock.getMinutesIntoHour(), clock.getSecondsIntoMinute(),
        ms % 1000,
    });
}

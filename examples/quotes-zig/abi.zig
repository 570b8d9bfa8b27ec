//! The canonical ABI by hand: how the parts of `plugins/wit/plugin.wit` that a responder needs look
//! to a core module. The router makes a component of it; it checks the names and signatures below,
//! but nothing checks how the records lie in memory, so they are argued here.
//!
//! Invariant: everything of a call is in one arena, which is emptied once the answer was read.

const std = @import("std");
const quotes = @import("quotes.zig");

var arena = std.heap.ArenaAllocator.init(std.heap.wasm_allocator);

/// A string, or a list of bytes: a pointer and a length, 4 bytes each.
const Text = extern struct {
    at: [*]const u8,
    len: usize,

    fn of(text: []const u8) Text {
        return .{ .at = text.ptr, .len = text.len };
    }
};

/// `result<answer, decline>`. A variant is a byte that says which one, then, aligned as the
/// strictest of both payloads (4), what it holds. An option is a variant, too.
const Returned = extern struct {
    is_error: u8,
    payload: extern union {
        answer: Text,
        decline: extern struct {
            status: u8,
            reason: Text,
            customer_reason: extern struct { is_some: u8, text: Text },
        },
    },
};

comptime {
    std.debug.assert(@offsetOf(Returned, "payload") == 4 and @sizeOf(Returned) == 28);
}

/// Where `compute` leaves what it returns until the router has read it.
var returned: Returned = undefined;

/// A function that returns more than one number is given where to put them.
extern "hookswitch:plugin/settings@0.1.0" fn get(result: *Text) void;

/// The settings, a JSON object.
pub fn settings() []const u8 {
    var text: Text = undefined;
    get(&text);
    return text.at[0..text.len];
}

/// Two records, flattened: each string is two numbers. More than 16 in all, and they would come as
/// one pointer instead.
export fn @"hookswitch:plugin/answering@0.1.0#compute"(
    id: [*]const u8,
    id_len: usize,
    kind: [*]const u8,
    kind_len: usize,
    data: [*]const u8,
    data_len: usize,
    now_ms: u64,
    _: [*]const u8, // route
    _: usize,
    _: u32, // attempt
    _: u64, // deadline-ms
    _: [*]const u8, // idempotency-key
    _: usize,
) *const Returned {
    const asked = quotes.Request{ .id = id[0..id_len], .kind = kind[0..kind_len], .data = data[0..data_len] };
    // What is left as an error is a lack of memory: without any there is no answer.
    const came = quotes.compute(arena.allocator(), asked, now_ms) catch @trap();
    switch (came) {
        .answer => |text| returned = .{ .is_error = 0, .payload = .{ .answer = .of(text) } },
        .decline => |no| returned = .{ .is_error = 1, .payload = .{ .decline = .{
            .status = @intFromEnum(no.status),
            .reason = .of(no.reason),
            .customer_reason = .{
                .is_some = @intFromBool(no.customer_reason != null),
                .text = .of(no.customer_reason orelse ""),
            },
        } } },
    }
    return &returned;
}

/// Called when the answer was read.
export fn @"cabi_post_hookswitch:plugin/answering@0.1.0#compute"(_: *const Returned) void {
    _ = arena.reset(.retain_capacity);
}

/// Where the router puts arguments, and what the functions that it has return.
export fn cabi_realloc(old: ?[*]u8, old_len: usize, alignment: usize, len: usize) [*]u8 {
    const made = arena.allocator().rawAlloc(len, .fromByteUnits(alignment), @returnAddress());
    const new = made orelse @trap();
    if (old) |from| @memcpy(new[0..@min(old_len, len)], from[0..@min(old_len, len)]);
    return new;
}

//! Exports of every plain signature; built by both of Zig's backends.

const Point = extern struct { x: i32, y: i32 };
const Record = extern struct { id: i64, weight: f64, at: Point };

export fn add(a: i32, b: i32) i32 {
    return a +% b;
}
export fn multiply(a: i64, b: i64) i64 {
    return a *% b;
}
export fn divide(a: i32, b: i32) i32 {
    return @divTrunc(a, b);
}
export fn half(a: f32) f32 {
    return a / 2;
}
export fn mean(a: f64, b: f64) f64 {
    return (a + b) / 2;
}
export fn shift64(a: u64, n: u32) u64 {
    return a >> @intCast(n & 63);
}
export fn mask(a: u8, b: u16) u32 {
    return @as(u32, a) << 16 | b;
}
export fn make_point(x: i32, y: i32) Point {
    return .{ .x = x, .y = y };
}
export fn make_record(id: i64, weight: f64) Record {
    return .{ .id = id, .weight = weight, .at = .{ .x = @truncate(id), .y = -1 } };
}
export fn add_i128(a: i128, b: i128) i128 {
    return a +% b;
}

var storage: [64]u8 = undefined;

export fn buffer() [*]u8 {
    return &storage;
}
export fn checksum(n: u32) u32 {
    var sum: u32 = 0;
    var i: u32 = 0;
    while (i < n) : (i += 1) sum = sum *% 31 +% storage[i & 63];
    return sum;
}

fn plus(a: i32, b: i32) i32 {
    return a +% b;
}
fn minus(a: i32, b: i32) i32 {
    return a -% b;
}
var chosen: *const fn (i32, i32) i32 = &plus;

export fn choose(which: i32) void {
    chosen = if (which == 0) &plus else &minus;
}
export fn apply(a: i32, b: i32) i32 {
    return chosen(a, b);
}
export fn fibonacci(n: i32) i32 {
    return if (n < 2) n else fibonacci(n - 1) + fibonacci(n - 2);
}
export fn classify(n: i32) i32 {
    return switch (n) {
        0 => 100,
        1...9 => 200 + n,
        -1 => -5,
        else => 0,
    };
}
export fn fail() void {
    unreachable;
}

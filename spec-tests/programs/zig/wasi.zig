//! Zig's standard library on WASI: output, arguments, a file, sorting, hashing, a checked failure.
const std = @import("std");

pub fn main() !void {
    var arena = std.heap.ArenaAllocator.init(std.heap.page_allocator);
    defer arena.deinit();
    const allocator = arena.allocator();
    const out = std.io.getStdOut().writer();
    try out.print("Hello from {s}\n", .{"Zig"});
    const args = try std.process.argsAlloc(allocator);
    for (args[1..]) |arg| try out.print("argument {s}\n", .{arg});
    const mode = if (args.len > 1) args[1] else "";

    if (std.mem.eql(u8, mode, "work")) {
        var values: [200]u32 = undefined;
        var state: u32 = 1;
        for (&values) |*v| {
            state = state *% 1664525 +% 1013904223;
            v.* = state >> 8;
        }
        std.mem.sort(u32, &values, {}, std.sort.asc(u32));
        var digest: [32]u8 = undefined;
        std.crypto.hash.sha2.Sha256.hash(std.mem.sliceAsBytes(&values), &digest, .{});
        try out.print("{d} {d} {}\n", .{ values[0], values[199], std.fmt.fmtSliceHexLower(&digest) });
        var map = std.AutoHashMap(u32, u32).init(allocator);
        for (values) |v| try map.put(v % 97, v);
        try out.print("{d} {d:.4}\n", .{ map.count(), @as(f64, @floatFromInt(values[100])) / 3.0 });
    } else if (std.mem.eql(u8, mode, "file")) {
        const dir = std.fs.cwd();
        try dir.writeFile("zig.txt", "written by Zig");
        try out.print("{s}\n", .{try dir.readFileAlloc(allocator, "zig.txt", 100)});
        try dir.deleteFile("zig.txt");
        try out.print("{}\n", .{dir.openFile("zig.txt", .{}) == error.FileNotFound});
    } else if (std.mem.eql(u8, mode, "error")) {
        return error.Deliberate;
    } else if (std.mem.eql(u8, mode, "index")) {
        try out.print("{d}\n", .{values_of(args.len)[args.len + 10]});
    } else if (std.mem.eql(u8, mode, "exit")) {
        std.process.exit(7);
    }
}

fn values_of(n: usize) []const u32 {
    const values = [_]u32{ 1, 2, 3, 4 };
    return values[0..@min(n, 4)];
}

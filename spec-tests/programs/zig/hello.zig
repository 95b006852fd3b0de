//! WASI without the parts of the standard library that Zig's own backend cannot compile yet.
const wasi = @import("std").os.wasi;

fn print(fd: wasi.fd_t, text: []const u8) void {
    const parts = [1]wasi.ciovec_t{.{ .iov_base = text.ptr, .iov_len = text.len }};
    var written: usize = 0;
    _ = wasi.fd_write(fd, &parts, 1, &written);
}

var buffer: [128]u8 = undefined;

export fn _start() void {
    print(1, "Hello from Zig\n");
    var count: usize = 0;
    var size: usize = 0;
    _ = wasi.args_sizes_get(&count, &size);
    print(2, "to stderr\n");
    var n: usize = 0;
    const parts = [1]wasi.iovec_t{.{ .iov_base = &buffer, .iov_len = buffer.len }};
    while (wasi.fd_read(0, &parts, 1, &n) == .SUCCESS and n > 0) {
        var i: usize = 0;
        while (i < n) : (i += 1) {
            if (buffer[i] >= 'a' and buffer[i] <= 'z') buffer[i] -= 32;
        }
        print(1, buffer[0..n]);
    }
    if (count > 1) wasi.proc_exit(@intCast(count));
}

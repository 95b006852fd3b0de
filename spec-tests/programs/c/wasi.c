// WASI without a C library: arguments, environment, streams, a file and an exit code.
#include "wasi.h"

static char bytes[4096];
static char *pointers[64];

static void file(void) {
  static const char name[] = "c.txt", text[] = "written by C";
  uint32_t fd = 0, n = 0;
  uint64_t at = 0;
  number("open absent: ", path_open(3, 0, name, sizeof name - 1, 0, 2, 0, 0, &fd));
  number("create: ", path_open(3, 0, name, sizeof name - 1, 1 | 8, 2 | 4 | 64, 0, 0, &fd));
  vector out[3] = { { text, 7 }, { "", 0 }, { text + 7, sizeof text - 8 } };
  fd_write(fd, out, 3, &n);
  number("written: ", n);
  fd_seek(fd, -5, 2, &at);
  number("position: ", at);
  vector in[2] = { { bytes, 2 }, { bytes + 100, 50 } };
  fd_read(fd, in, 2, &n);
  number("read: ", n);
  bytes[2] = bytes[103] = 0;
  print(1, bytes);
  print(1, bytes + 100);
  number("close: ", fd_close(fd));
  number("close again: ", fd_close(fd));
  number("unlink: ", path_unlink_file(3, name, sizeof name - 1));
}

__attribute__((export_name("_start"))) void start(void) {
  uint32_t count, size;
  print(1, "Hello from C");
  args_sizes_get(&count, &size);
  if (count > 64 || size > sizeof bytes) proc_exit(70);
  args_get(pointers, bytes);
  for (uint32_t i = 1; i < count; i++) print(1, pointers[i]);
  char mode = count > 1 ? pointers[1][0] : 0;
  uint32_t total = count;
  if (mode == 'e') {
    environ_sizes_get(&count, &size);
    environ_get(pointers, bytes);
    for (uint32_t i = 0; i < count; i++) print(1, pointers[i]);
  } else if (mode == 'f') file();
  else if (mode == 'i') {
    vector in = { bytes, sizeof bytes };
    uint32_t n = 0, sum = 0;
    while (fd_read(0, &in, 1, &n) == 0 && n > 0)
      for (uint32_t i = 0; i < n; i++) sum += (unsigned char)bytes[i];
    number("sum of stdin: ", sum);
  } else if (mode == 't') __builtin_trap();
  print(2, "C is done");
  if (mode == 'x') proc_exit(total + 40);
}

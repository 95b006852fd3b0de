// The part of WASI that the C programs use, declared by hand: they have no C library.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) name

typedef struct { const void *at; uint32_t length; } vector;

uint32_t WASI(fd_write)(uint32_t fd, const vector *vectors, uint32_t count, uint32_t *written);
uint32_t WASI(fd_read)(uint32_t fd, const vector *vectors, uint32_t count, uint32_t *got);
uint32_t WASI(fd_close)(uint32_t fd);
uint32_t WASI(fd_seek)(uint32_t fd, int64_t by, uint32_t whence, uint64_t *at);
uint32_t WASI(path_open)(uint32_t fd, uint32_t look, const char *path, uint32_t length, uint32_t how, uint64_t rights, uint64_t inherited, uint32_t flags, uint32_t *opened);
uint32_t WASI(path_unlink_file)(uint32_t fd, const char *path, uint32_t length);
uint32_t WASI(args_sizes_get)(uint32_t *count, uint32_t *bytes);
uint32_t WASI(args_get)(char **arguments, char *bytes);
uint32_t WASI(environ_sizes_get)(uint32_t *count, uint32_t *bytes);
uint32_t WASI(environ_get)(char **variables, char *bytes);
_Noreturn void WASI(proc_exit)(uint32_t code);

static uint32_t length(const char *s) {
  uint32_t n = 0;
  while (s[n]) n++;
  return n;
}
__attribute__((unused)) static void print(uint32_t fd, const char *s) {
  vector parts[2] = { { s, length(s) }, { "\n", 1 } };
  uint32_t written;
  fd_write(fd, parts, 2, &written);
}
__attribute__((unused)) static void number(const char *what, uint64_t n) {
  char text[64];
  uint32_t at = sizeof text - 1;
  text[at] = 0;
  do text[--at] = (char)('0' + n % 10);
  while (n /= 10);
  for (uint32_t i = length(what); i > 0;) text[--at] = what[--i];
  print(1, text + at);
}

// One kernel of kernels.c as a WASI command: NAME COUNT; prints what it returned, a double by its bits.
#include "kernels.c"
#include "wasi.h"

static char bytes[4096];
static char *pointers[64];

static int same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static uint64_t bits(double value) {
  union { double value; uint64_t bits; } both = { value };
  return both.bits;
}

__attribute__((export_name("_start"))) void start(void) {
  uint32_t count, size;
  args_sizes_get(&count, &size);
  if (count != 3 || size > sizeof bytes) proc_exit(64);
  args_get(pointers, bytes);
  const char *name = pointers[1];
  int32_t n = 0;
  for (const char *p = pointers[2]; *p; p++) n = n * 10 + *p - '0';

  if (same(name, "integers")) number("integers ", (uint32_t)integer_mix(n));
  else if (same(name, "nbody")) number("nbody ", bits(nbody(n)));
  else if (same(name, "mandelbrot")) number("mandelbrot ", (uint32_t)mandelbrot(n));
  else if (same(name, "spectral")) {
    uint64_t sum = 0;
    for (int32_t i = 0; i < n; i++) sum += bits(spectral_norm(200 + i % 50));
    number("spectral ", sum);
  } else proc_exit(64);
}

// The C ABI beyond scalars: structures by hidden pointer, 128-bit integers in halves, function pointers, memory.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  for (size_t i = 0; i < n; i++) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}
void *memset(void *to, int value, size_t n) {
  for (size_t i = 0; i < n; i++) ((volatile char *)to)[i] = (char)value;
  return to;
}

struct point { int32_t x, y; };
struct record { int64_t id; double weight; struct point at; char name[8]; };

struct point EXPORT(make_point)(int32_t x, int32_t y) { return (struct point){ x, y }; }
struct record EXPORT(make_record)(int64_t id, double weight) { return (struct record){ id, weight, { (int32_t)id, -1 }, "record" }; }
int32_t EXPORT(take_point)(struct point p) { return p.x * 10 + p.y; }
struct record EXPORT(both_ways)(struct record r, struct point by) {
  r.at.x += by.x;
  r.at.y += by.y;
  r.name[0] = 'R';
  return r;
}

// The one helper of the compiler's run-time library that 128-bit products need: nothing else is linked in.
__int128 __multi3(__int128 a, __int128 b) {
  uint64_t al = (uint64_t)a, bl = (uint64_t)b;
  uint64_t ll = (al & 0xffffffff) * (bl & 0xffffffff), lh = (al & 0xffffffff) * (bl >> 32);
  uint64_t hl = (al >> 32) * (bl & 0xffffffff), hh = (al >> 32) * (bl >> 32);
  uint64_t middle = (ll >> 32) + (lh & 0xffffffff) + (hl & 0xffffffff);
  uint64_t low = (ll & 0xffffffff) | middle << 32;
  uint64_t high = hh + (lh >> 32) + (hl >> 32) + (middle >> 32) + al * (uint64_t)((unsigned __int128)b >> 64) + bl * (uint64_t)((unsigned __int128)a >> 64);
  return (__int128)((unsigned __int128)high << 64 | low);
}
__int128 EXPORT(add_i128)(__int128 a, __int128 b) { return a + b; }
__int128 EXPORT(multiply_i128)(__int128 a, __int128 b) { return a * b; }
int32_t EXPORT(compare_i128)(__int128 a, __int128 b) { return a < b ? -1 : a > b; }

typedef int32_t (*operation)(int32_t, int32_t);
static int32_t plus(int32_t a, int32_t b) { return a + b; }
static int32_t minus(int32_t a, int32_t b) { return a - b; }
static int32_t times(int32_t a, int32_t b) { return a * b; }
static operation volatile operations[] = { plus, minus, times };
int32_t EXPORT(operate)(uint32_t which, int32_t a, int32_t b) { return operations[which](a, b); }

static int32_t total(int32_t n, ...) {
  va_list values;
  va_start(values, n);
  int32_t sum = 0;
  for (int32_t i = 0; i < n; i++) sum += va_arg(values, int32_t);
  va_end(values);
  return sum;
}
int32_t EXPORT(variadic)(int32_t a) { return total(5, a, a + 1, a + 2, a + 3, a + 4); }

int32_t EXPORT(ackermann)(int32_t m, int32_t n) {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

int32_t EXPORT(pages)(int32_t more) {
  int32_t before = (int32_t)__builtin_wasm_memory_grow(0, (size_t)more);
  return before * 1000 + (int32_t)__builtin_wasm_memory_size(0);
}
static int32_t scratch[1024];
int32_t *EXPORT(buffer)(void) { return scratch; }
int32_t EXPORT(fill)(int32_t n) {
  uint32_t state = 1;
  int32_t sum = 0;
  for (int32_t i = 0; i < n; i++) {
    state = state * 1664525u + 1013904223u;
    scratch[i & 1023] ^= (int32_t)state;
  }
  for (int32_t i = 0; i < 1024; i++) sum = (int32_t)((uint32_t)sum * 31u + (uint32_t)scratch[i]);
  return sum;
}
int32_t EXPORT(sentence)(int32_t n) {
  static const char *const words[] = { "zero", "one", "two", "three" };
  int32_t sum = 0;
  switch (n) {
    case 0: case 1: case 2: case 3:
      for (const char *p = words[n]; *p; p++) sum = sum * 31 + *p;
      return sum;
    case 10: return -10;
    case 1000: return -1000;
    default: return 0;
  }
}

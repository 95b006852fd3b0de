// Numbers of every width as clang compiles them, and each trap that C can reach.
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

int32_t EXPORT(add)(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
int64_t EXPORT(multiply)(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }
int32_t EXPORT(divide)(int32_t a, int32_t b) { return a / b; }
uint32_t EXPORT(divide_u)(uint32_t a, uint32_t b) { return a / b; }
int64_t EXPORT(remainder64)(int64_t a, int64_t b) { return a % b; }
uint64_t EXPORT(remainder_u)(uint64_t a, uint64_t b) { return a % b; }
uint64_t EXPORT(rotate)(uint64_t a, uint32_t n) { return a << (n & 63) | a >> (-n & 63); }
int32_t EXPORT(shift)(int32_t a, int32_t n) { return a >> n; }
int32_t EXPORT(bits)(uint64_t a) { return a == 0 ? -1 : __builtin_clzll(a) * 10000 + __builtin_ctzll(a) * 100 + __builtin_popcountll(a); }
int32_t EXPORT(narrow)(int64_t a) { return (int8_t)a + (int16_t)a * 3 + (uint8_t)a * 7 + (uint16_t)a * 11; }

double EXPORT(root)(double a) { return __builtin_sqrt(a); }
double EXPORT(round_ways)(double a) { return __builtin_floor(a) + 10 * __builtin_ceil(a) + 100 * __builtin_trunc(a) + 1000 * __builtin_rint(a); }
float EXPORT(divide_f)(float a, float b) { return a / b; }
double EXPORT(sign)(double a, double b) { return __builtin_copysign(a, b); }
int32_t EXPORT(compare)(double a, double b) { return (a < b) | (a <= b) << 1 | (a == b) << 2 | (a != b) << 3 | (a > b) << 4 | (a >= b) << 5; }
double EXPORT(from_u64)(uint64_t a) { return (double)a; }
float EXPORT(from_i64)(int64_t a) { return (float)a; }
double EXPORT(promote)(float a) { return a; }
int64_t EXPORT(to_bits)(double a) {
  union { double d; int64_t i; } u = { a };
  return u.i;
}
double EXPORT(from_bits)(int64_t a) {
  union { int64_t i; double d; } u = { a };
  return u.d;
}
int32_t EXPORT(truncate)(double a) { return (int32_t)a; }

void EXPORT(trap_unreachable)(void) { __builtin_trap(); }
int32_t EXPORT(trap_load)(uint32_t address) { return *(volatile int32_t *)address; }
void EXPORT(trap_store)(uint32_t address) { *(volatile int64_t *)address = 1; }
void EXPORT(trap_null_call)(void) {
  void (*volatile f)(void) = 0;
  f();
}

static int32_t twice(int32_t a) { return a * 2; }
int64_t EXPORT(trap_wrong_type)(int64_t a) {
  int32_t (*volatile f)(int32_t) = twice;
  return ((int64_t (*)(int64_t))f)(a);
}
int32_t EXPORT(trap_recursion)(int32_t n) {
  volatile int32_t kept = n;
  if (n < 0) return 0;
  return trap_recursion(n + 1) + kept;
}

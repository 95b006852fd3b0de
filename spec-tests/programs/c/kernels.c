// Kernels for benchmarks: floating point (nbody, mandelbrot, spectral norm) and a CoreMark-like integer mix.
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

void *memset(void *to, int value, size_t n) {
  for (size_t i = 0; i < n; i++) ((volatile char *)to)[i] = (char)value;
  return to;
}

static double bodies[5][7];

static void advance(double dt) {
  for (int i = 0; i < 5; i++) {
    for (int j = i + 1; j < 5; j++) {
      double d[3], square = 0;
      for (int k = 0; k < 3; k++) {
        d[k] = bodies[i][k] - bodies[j][k];
        square += d[k] * d[k];
      }
      double magnitude = dt / (square * __builtin_sqrt(square));
      for (int k = 0; k < 3; k++) {
        bodies[i][3 + k] -= d[k] * bodies[j][6] * magnitude;
        bodies[j][3 + k] += d[k] * bodies[i][6] * magnitude;
      }
    }
  }
  for (int i = 0; i < 5; i++)
    for (int k = 0; k < 3; k++) bodies[i][k] += dt * bodies[i][3 + k];
}

double EXPORT(nbody)(int32_t steps) {
  for (int i = 0; i < 5; i++)
    for (int k = 0; k < 7; k++) bodies[i][k] = k < 3 ? (i + 1) * 1.7 + k * (i - 2) : k < 6 ? (i - k + 3) * 0.01 : 1.0 / (i * 9 + 1);
  for (int32_t s = 0; s < steps; s++) advance(0.01);
  double energy = 0;
  for (int i = 0; i < 5; i++) energy += 0.5 * bodies[i][6] * (bodies[i][3] * bodies[i][3] + bodies[i][4] * bodies[i][4] + bodies[i][5] * bodies[i][5]);
  return energy;
}

int32_t EXPORT(mandelbrot)(int32_t size) {
  int32_t inside = 0;
  for (int32_t y = 0; y < size; y++) {
    for (int32_t x = 0; x < size; x++) {
      double cr = 2.0 * x / size - 1.5, ci = 2.0 * y / size - 1.0, zr = 0, zi = 0;
      int n = 0;
      while (n < 50 && zr * zr + zi * zi < 4) {
        double next = zr * zr - zi * zi + cr;
        zi = 2 * zr * zi + ci;
        zr = next;
        n++;
      }
      inside += n == 50;
    }
  }
  return inside;
}

static double element(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }
static double u[256], v[256], t[256];

static void multiply(int n, const double *from, double *to, int transposed) {
  for (int i = 0; i < n; i++) {
    double sum = 0;
    for (int j = 0; j < n; j++) sum += (transposed ? element(j, i) : element(i, j)) * from[j];
    to[i] = sum;
  }
}

double EXPORT(spectral_norm)(int32_t n) {
  if (n > 256) n = 256;
  for (int i = 0; i < n; i++) u[i] = 1;
  for (int i = 0; i < 10; i++) {
    multiply(n, u, t, 0);
    multiply(n, t, v, 1);
    multiply(n, v, t, 0);
    multiply(n, t, u, 1);
  }
  double uv = 0, vv = 0;
  for (int i = 0; i < n; i++) {
    uv += u[i] * v[i];
    vv += v[i] * v[i];
  }
  return __builtin_sqrt(uv / vv);
}

// The integer mix: a linked list sorted and searched, a small matrix, a state machine over text, all summed by a CRC.
struct node { struct node *next; int16_t key, value; };
static struct node nodes[64];
static int16_t matrix[3][12][12];

static uint16_t crc(uint16_t sum, uint16_t data) {
  for (int bit = 0; bit < 16; bit++) {
    int carry = (sum ^ data) & 1;
    data >>= 1;
    sum >>= 1;
    if (carry) sum ^= 0xa001;
  }
  return sum;
}

static struct node *merge_sort(struct node *list, int by_value) {
  if (!list || !list->next) return list;
  struct node *slow = list, *fast = list->next, *half, head = { 0, 0, 0 }, *tail = &head;
  while (fast && fast->next) {
    slow = slow->next;
    fast = fast->next->next;
  }
  half = slow->next;
  slow->next = 0;
  list = merge_sort(list, by_value);
  half = merge_sort(half, by_value);
  while (list && half) {
    struct node **least = (by_value ? list->value <= half->value : list->key <= half->key) ? &list : &half;
    tail->next = *least;
    tail = *least;
    *least = (*least)->next;
  }
  tail->next = list ? list : half;
  return head.next;
}

static uint16_t lists(uint16_t seed) {
  uint32_t state = seed;
  for (int i = 0; i < 64; i++) {
    state = state * 1103515245u + 12345u;
    nodes[i] = (struct node){ i < 63 ? &nodes[i + 1] : 0, (int16_t)(state >> 16 & 0x7fff), (int16_t)(state >> 8 & 0xff) };
  }
  struct node *list = merge_sort(nodes, 0);
  uint16_t sum = 0;
  for (struct node *p = list; p; p = p->next) sum = crc(sum, (uint16_t)p->key);
  for (struct node *p = merge_sort(list, 1); p; p = p->next) sum = crc(sum, (uint16_t)p->value);
  return sum;
}

static uint16_t matrices(uint16_t seed) {
  for (int i = 0; i < 12; i++)
    for (int j = 0; j < 12; j++) {
      matrix[0][i][j] = (int16_t)((seed + i * j) % 100);
      matrix[1][i][j] = (int16_t)(seed ^ (i << 3) ^ j);
    }
  uint16_t sum = 0;
  for (int i = 0; i < 12; i++)
    for (int j = 0; j < 12; j++) {
      int32_t total = 0;
      for (int k = 0; k < 12; k++) total += matrix[0][i][k] * matrix[1][k][j];
      sum = crc(sum, (uint16_t)(total >> 2 & 0xffff));
    }
  return sum;
}

static uint16_t states(uint16_t seed) {
  static const char text[] = "5012,-1.5,.25,1e3,+9,abc,3.14e-2,--,7";
  enum { START, SIGN, WHOLE, FRACTION, EXPONENT, BAD, STATES } state = START;
  uint16_t counts[STATES] = { 0 };
  for (int round = 0; round < 8; round++)
    for (const char *p = text; *p; p++) {
      char c = (char)(*p ^ ((seed & 0xff) == (unsigned char)*p));
      int digit = c >= '0' && c <= '9';
      if (c == ',') state = START;
      else
        switch (state) {
          case START: state = digit ? WHOLE : c == '+' || c == '-' ? SIGN : c == '.' ? FRACTION : BAD; break;
          case SIGN: state = digit ? WHOLE : c == '.' ? FRACTION : BAD; break;
          case WHOLE: state = digit ? WHOLE : c == '.' ? FRACTION : c == 'e' ? EXPONENT : BAD; break;
          case FRACTION: state = digit ? FRACTION : c == 'e' ? EXPONENT : BAD; break;
          case EXPONENT: state = digit || c == '-' ? EXPONENT : BAD; break;
          default: break;
        }
      counts[state]++;
    }
  uint16_t sum = 0;
  for (int i = 0; i < STATES; i++) sum = crc(sum, counts[i]);
  return sum;
}

int32_t EXPORT(integer_mix)(int32_t rounds) {
  uint16_t sum = 0;
  for (int32_t i = 0; i < rounds; i++) {
    sum = crc(sum, lists((uint16_t)(sum + i)));
    sum = crc(sum, matrices(sum));
    sum = crc(sum, states(sum));
  }
  return sum;
}

// Blocked matrix products: C (+)= A·B with B in panels of eight columns. The tile of 4×8 keeps its eight accumulators, two
// vectors of B, four of A and a temporary in the fifteen vector registers that V8 has to give on x86-64: 41 GFLOP/s where 5×8
// spills and gets 25. For the same reason the loop over terms is not unrolled (30), and the compiler is kept from moving
// loads across rows.
#pragma once
#include <wasm_simd128.h>

#define INLINE static inline __attribute__((always_inline))

enum { TILE_ROWS = 4, PANEL = 8 };

INLINE void store_tile_row(float *c, v128_t low, v128_t high, int columns, int add) {
  if (columns == PANEL) {
    if (add) {
      low = wasm_f32x4_add(low, wasm_v128_load(c));
      high = wasm_f32x4_add(high, wasm_v128_load(c + 4));
    }
    wasm_v128_store(c, low);
    wasm_v128_store(c + 4, high);
    return;
  }
  float lanes[PANEL];
  wasm_v128_store(lanes, low);
  wasm_v128_store(lanes + 4, high);
  for (int j = 0; j < columns; j++) c[j] = add ? c[j] + lanes[j] : lanes[j];
}

// rows × 8 of C over k terms; A(r, i) = a[r·row_step + i·term_step], B(i, 0…7) = b[i·b_step + 0…7].
INLINE void tile(const int rows, int k, const float *a, int row_step, int term_step, const float *b, int b_step, float *c,
                 int c_step, int columns, int add) {
  v128_t low[TILE_ROWS], high[TILE_ROWS];
  for (int r = 0; r < rows; r++) low[r] = high[r] = wasm_f32x4_const_splat(0);
#pragma clang loop unroll(disable)
  for (int i = 0; i < k; i++) {
    const v128_t b0 = wasm_v128_load(b), b1 = wasm_v128_load(b + 4);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const v128_t value = wasm_v128_load32_splat(a + r * row_step);
      low[r] = wasm_f32x4_add(low[r], wasm_f32x4_mul(value, b0));
      high[r] = wasm_f32x4_add(high[r], wasm_f32x4_mul(value, b1));
      __asm__ volatile("" ::: "memory");
    }
    a += term_step;
    b += b_step;
  }
  for (int r = 0; r < rows; r++) store_tile_row(c + r * c_step, low[r], high[r], columns, add);
}

// m rows × `columns` (at most 8) of C over k terms.
INLINE void panel(int m, int columns, int k, const float *a, int row_step, int term_step, const float *b, int b_step, float *c,
                  int c_step, int add) {
  int i = 0;
  for (; i + TILE_ROWS <= m; i += TILE_ROWS)
    tile(TILE_ROWS, k, a + i * row_step, row_step, term_step, b, b_step, c + i * c_step, c_step, columns, add);
  const float *rest = a + i * row_step;
  float *out = c + i * c_step;
  if (m - i == 3) tile(3, k, rest, row_step, term_step, b, b_step, out, c_step, columns, add);
  if (m - i == 2) tile(2, k, rest, row_step, term_step, b, b_step, out, c_step, columns, add);
  if (m - i == 1) tile(1, k, rest, row_step, term_step, b, b_step, out, c_step, columns, add);
}
// C (+)= A·B, A [m, k] by rows of a_step floats, B packed by pack_panels.
void multiply_rows(int m, int n, int k, const float *a, int a_step, const float *packed, float *c, int c_step, int add);

// C (+)= Aᵀ·B, A [k, m], B [k, n] both by rows.
void multiply_columns(int m, int n, int k, const float *a, int a_step, const float *b, int b_step, float *c, int c_step,
                      int add);

// B(i, j) = source[i·term_step + j·column_step] → panels [⌈n/8⌉][k][8], padded with zeros.
void pack_panels(const float *source, int k, int n, int term_step, int column_step, float *packed);

INLINE int round_up(int value, int unit) { return (value + unit - 1) / unit * unit; }
INLINE int min(int a, int b) { return a < b ? a : b; }
INLINE int max(int a, int b) { return a > b ? a : b; }

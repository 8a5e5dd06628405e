#include "gemm.h"

// Long sums are added up from sums of TERMS terms each. One float32 accumulator over the 784 terms of a dense layer rounds five
// times worse than tfjs' cpu backend does; in blocks of 128 the logits are as exact as PyTorch's. BLOCK_ROWS rows at a time, so
// that the part of C that is added to stays in the first-level cache. Costs 4 to 7 % where k > TERMS, nothing below.
enum { TERMS = 128, BLOCK_ROWS = 64 };

// Runs the statement for each panel j, first row i and first term t.
#define FOR_BLOCKS                                   \
  const int block_rows = k > TERMS ? BLOCK_ROWS : m; \
  for (int j = 0; j < n; j += PANEL)                 \
    for (int i = 0; i < m; i += block_rows)          \
      for (int t = 0; t < max(k, 1); t += TERMS)

#define BLOCK_SIZES min(block_rows, m - i), min(PANEL, n - j), min(TERMS, k - t)

// Functions of their own: inlined into the loops below, the tiles get fewer registers, and a seventh of the speed is lost.
#define APART static __attribute__((noinline))

APART void panel_by_rows(int m, int columns, int k, const float *a, int a_step, const float *b, float *c, int c_step, int add) {
  panel(m, columns, k, a, a_step, 1, b, PANEL, c, c_step, add);
}

APART void panel_by_columns(int m, int columns, int k, const float *a, int a_step, const float *b, int b_step, float *c,
                            int c_step, int add) {
  panel(m, columns, k, a, 1, a_step, b, b_step, c, c_step, add);
}

void multiply_rows(int m, int n, int k, const float *a, int a_step, const float *packed, float *c, int c_step, int add) {
  FOR_BLOCKS {
    panel_by_rows(BLOCK_SIZES, a + i * a_step + t, a_step, packed + j * k + t * PANEL, c + i * c_step + j, c_step, add || t > 0);
  }
}

// C (+)= Aᵀ·B, with the panels of B panel_step apart and their rows b_step.
INLINE void multiply_transposed(int m, int n, int k, const float *a, int a_step, const float *b, int panel_step, int b_step,
                                float *c, int c_step, int add) {
  FOR_BLOCKS {
    panel_by_columns(BLOCK_SIZES, a + i + t * a_step, a_step, b + j / PANEL * panel_step + t * b_step, b_step,
                     c + i * c_step + j, c_step, add || t > 0);
  }
}

void multiply_columns(int m, int n, int k, const float *a, int a_step, const float *b, int b_step, float *c, int c_step,
                      int add) {
  multiply_transposed(m, n, k, a, a_step, b, PANEL, b_step, c, c_step, add);
}

void pack_panels(const float *source, int k, int n, int term_step, int column_step, float *packed) {
  for (int j = 0; j < n; j += PANEL) {
    for (int i = 0; i < k; i++) {
      for (int q = 0; q < PANEL; q++) {
        *packed++ = j + q < n ? source[i * term_step + (j + q) * column_step] : 0;
      }
    }
  }
}

// a [batch, m, k] · b [batch or 1, k, n] → c [batch, m, n], with either matrix stored transposed. scratch: k·⌈n/8⌉·8 floats.
__attribute__((export_name("matmul"))) void matmul(int batch, int m, int n, int k, const float *a, int transpose_a,
                                                   int a_batch_step, const float *b, int transpose_b, int b_batch_step,
                                                   float *c, float *scratch) {
  for (int i = 0; i < batch; i++) {
    if (i == 0 || b_batch_step != 0) {
      const float *from = b + i * b_batch_step;
      pack_panels(from, k, n, transpose_b ? 1 : n, transpose_b ? k : 1, scratch);
    }
    const float *from = a + i * a_batch_step;
    float *to = c + i * m * n;
    if (transpose_a) {
      multiply_transposed(m, n, k, from, m, scratch, k * PANEL, PANEL, to, n, 0);
    } else {
      multiply_rows(m, n, k, from, k, scratch, to, n, 0);
    }
  }
}

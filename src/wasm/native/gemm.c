#include "gemm.h"

void multiply_rows(int m, int n, int k, const float *a, int a_step, const float *packed, float *c, int c_step, int add) {
  multiply(m, n, k, a, a_step, 1, packed, k * PANEL, PANEL, c, c_step, add);
}

void multiply_columns(int m, int n, int k, const float *a, int a_step, const float *b, int b_step, float *c, int c_step,
                      int add) {
  multiply(m, n, k, a, 1, a_step, b, PANEL, b_step, c, c_step, add);
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
      multiply(m, n, k, from, 1, m, scratch, k * PANEL, PANEL, to, n, 0);
    } else {
      multiply_rows(m, n, k, from, k, scratch, to, n, 0);
    }
  }
}

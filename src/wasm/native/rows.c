// Statistics, sums and maps over matrices [rows, channels], as batch normalisation and biases need them. Sums run in float32
// over blocks of rows that fit the first-level cache and in float64 across blocks.
#include "geometry.h"
#include "gemm.h"

#define LOAD(p) wasm_v128_load(p)
#define STORE(p, v) wasm_v128_store(p, v)
#define ADD(a, b) wasm_f32x4_add(a, b)
#define SUB(a, b) wasm_f32x4_sub(a, b)
#define MUL(a, b) wasm_f32x4_mul(a, b)

enum { BLOCK_FLOATS = 4096, LANES = 4 };

INLINE int block_rows(int rows, int channels) { return min(rows, max(1, BLOCK_FLOATS / channels)); }

// Runs BODY for four channels at a time and then for one at a time, c being the first: V is a vector or a float.
#define FOR_CHANNELS(channels, VECTOR, SCALAR)              \
  do {                                                      \
    int c = 0;                                              \
    for (; c + LANES <= (channels); c += LANES) { VECTOR; } \
    for (; c < (channels); c++) { SCALAR; }                 \
  } while (0)

// to[c] = Σ over rows of x[row, c]
INLINE void sum_block(const float *x, int rows, int channels, float *to) {
  FOR_CHANNELS(
      channels,
      {
        v128_t sum = wasm_f32x4_const_splat(0);
        for (int r = 0; r < rows; r++) sum = ADD(sum, LOAD(x + r * channels + c));
        STORE(to + c, sum);
      },
      {
        float sum = 0;
        for (int r = 0; r < rows; r++) sum += x[r * channels + c];
        to[c] = sum;
      });
}

// to[c] = Σ over rows of (x[row, c] − mean[c]) · y[row, c], or of the square where y is x.
INLINE void sum_centred_block(const float *x, const float *y, int square, const float *mean, int rows, int channels, float *to) {
  FOR_CHANNELS(
      channels,
      {
        v128_t sum = wasm_f32x4_const_splat(0);
        const v128_t centre = LOAD(mean + c);
        for (int r = 0; r < rows; r++) {
          const v128_t d = SUB(LOAD(x + r * channels + c), centre);
          sum = ADD(sum, MUL(d, square ? d : LOAD(y + r * channels + c)));
        }
        STORE(to + c, sum);
      },
      {
        float sum = 0;
        for (int r = 0; r < rows; r++) {
          const float d = x[r * channels + c] - mean[c];
          sum += d * (square ? d : y[r * channels + c]);
        }
        to[c] = sum;
      });
}

// out[group, c] = factor · Σ over rows of x[group, row, c]. scratch: 3·channels floats, aligned to 8 bytes.
EXPORT(sum_rows) void sum_rows(const float *x, int groups, int rows, int channels, double factor, float *out, float *scratch) {
  double *total = (double *)scratch;
  float *part = scratch + 2 * channels;
  for (int g = 0; g < groups; g++, out += channels) {
    for (int c = 0; c < channels; c++) total[c] = 0;
    const int block = block_rows(rows, channels);
    for (int first = 0; first < rows; first += block) {
      const int count = min(block, rows - first);
      sum_block(x, count, channels, part);
      for (int c = 0; c < channels; c++) total[c] += part[c];
      x += count * channels;
    }
    for (int c = 0; c < channels; c++) out[c] = (float)(total[c] * factor);
  }
}

// Mean and variance (divided by rows) of each channel, blocks merged by Chan's rule. scratch: 6·channels floats, aligned to 8.
EXPORT(moments)
void moments(const float *x, int rows, int channels, float *mean, float *variance, float *scratch) {
  double *centre = (double *)scratch, *squares = centre + channels;
  float *block_mean = (float *)(squares + channels), *block_squares = block_mean + channels;
  for (int c = 0; c < channels; c++) centre[c] = squares[c] = 0;
  const int block = block_rows(rows, channels);
  for (int first = 0; first < rows; first += block) {
    const int count = min(block, rows - first);
    sum_block(x, count, channels, block_mean);
    for (int c = 0; c < channels; c++) block_mean[c] /= (float)count;
    sum_centred_block(x, x, 1, block_mean, count, channels, block_squares);
    const double share = (double)count / (first + count);
    for (int c = 0; c < channels; c++) {
      const double shift = block_mean[c] - centre[c];
      centre[c] += shift * share;
      squares[c] += block_squares[c] + shift * shift * first * share;
    }
    x += count * channels;
  }
  for (int c = 0; c < channels; c++) {
    mean[c] = (float)centre[c];
    variance[c] = (float)(squares[c] / rows);
  }
}

// sum[c] = Σ dy, product[c] = Σ dy·(x − mean). scratch: 5·channels floats, aligned to 8 bytes.
EXPORT(norm_sums)
void norm_sums(const float *dy, const float *x, const float *mean, int rows, int channels, float *sum, float *product,
               float *scratch) {
  double *total = (double *)scratch, *total_product = total + channels;
  float *part = (float *)(total_product + channels);
  for (int c = 0; c < channels; c++) total[c] = total_product[c] = 0;
  const int block = block_rows(rows, channels);
  for (int first = 0; first < rows; first += block) {
    const int count = min(block, rows - first);
    sum_block(dy, count, channels, part);
    for (int c = 0; c < channels; c++) total[c] += part[c];
    sum_centred_block(x, dy, 0, mean, count, channels, part);
    for (int c = 0; c < channels; c++) total_product[c] += part[c];
    x += count * channels;
    dy += count * channels;
  }
  for (int c = 0; c < channels; c++) {
    sum[c] = (float)total[c];
    product[c] = (float)total_product[c];
  }
}

// y = (x − mean[c])·slope[c] + offset[c]
EXPORT(scale_rows)
void scale_rows(const float *x, int rows, int channels, const float *mean, const float *slope, const float *offset, float *y) {
  for (int r = 0; r < rows; r++, x += channels, y += channels) {
    FOR_CHANNELS(
        channels, { STORE(y + c, ADD(MUL(SUB(LOAD(x + c), LOAD(mean + c)), LOAD(slope + c)), LOAD(offset + c))); },
        { y[c] = (x[c] - mean[c]) * slope[c] + offset[c]; });
  }
}

// dx = (dy − a[c])·slope[c] − (x − mean[c])·b[c]
EXPORT(norm_input_gradient)
void norm_input_gradient(const float *dy, const float *x, int rows, int channels, const float *mean, const float *slope,
                         const float *a, const float *b, float *dx) {
  for (int r = 0; r < rows; r++, x += channels, dy += channels, dx += channels) {
    FOR_CHANNELS(
        channels,
        {
          const v128_t direct = MUL(SUB(LOAD(dy + c), LOAD(a + c)), LOAD(slope + c));
          STORE(dx + c, SUB(direct, MUL(SUB(LOAD(x + c), LOAD(mean + c)), LOAD(b + c))));
        },
        { dx[c] = (dy[c] - a[c]) * slope[c] - (x[c] - mean[c]) * b[c]; });
  }
}

// y = clamp(y + bias[c]), in place; bias may be null; clamp 0: none, 1: at least 0, 2: between 0 and 6.
EXPORT(add_bias) void add_bias(float *y, int rows, int channels, const float *bias, int clamp) {
  const v128_t zero = wasm_f32x4_const_splat(0), six = wasm_f32x4_const_splat(6);
  for (int r = 0; r < rows; r++, y += channels) {
    FOR_CHANNELS(
        channels,
        {
          v128_t value = bias ? ADD(LOAD(y + c), LOAD(bias + c)) : LOAD(y + c);
          if (clamp) value = wasm_f32x4_max(value, zero);
          if (clamp == 2) value = wasm_f32x4_min(value, six);
          STORE(y + c, value);
        },
        {
          float value = bias ? y[c] + bias[c] : y[c];
          if (clamp && value < 0) value = 0;
          if (clamp == 2 && value > 6) value = 6;
          y[c] = value;
        });
  }
}

// y = x ∘ v[c]; operation 0: +, 1: −, 2: ×.
EXPORT(combine_with_row)
void combine_with_row(int operation, const float *x, int rows, int channels, const float *v, float *y) {
  for (int r = 0; r < rows; r++, x += channels, y += channels) {
    if (operation == 0) {
      FOR_CHANNELS(channels, { STORE(y + c, ADD(LOAD(x + c), LOAD(v + c))); }, { y[c] = x[c] + v[c]; });
    } else if (operation == 1) {
      FOR_CHANNELS(channels, { STORE(y + c, SUB(LOAD(x + c), LOAD(v + c))); }, { y[c] = x[c] - v[c]; });
    } else {
      FOR_CHANNELS(channels, { STORE(y + c, MUL(LOAD(x + c), LOAD(v + c))); }, { y[c] = x[c] * v[c]; });
    }
  }
}

// dx = dy where y > 0, else 0.
EXPORT(relu_gradient) void relu_gradient(const float *dy, const float *y, int count, float *dx) {
  const v128_t zero = wasm_f32x4_const_splat(0);
  FOR_CHANNELS(
      count, { STORE(dx + c, wasm_v128_and(LOAD(dy + c), wasm_f32x4_gt(LOAD(y + c), zero))); },
      { dx[c] = y[c] > 0 ? dy[c] : 0; });
}

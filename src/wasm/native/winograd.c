// 3×3 convolution of stride 1 and its gradients by Winograd's minimal filtering F(2×2, 3×3): 16 multiplications where the
// definition has 36 (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv 1509.09308, section 4.1).
//
//     y  = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ d B)] A         summed over input channels: 16 matrix products per block of tiles
//     dw = Gᵀ [Σ over tiles (Bᵀ d B) ⊙ (A dy Aᵀ)] G
//
// All transforms add and subtract, and halve twice, so the rounding error stays near that of the definition.
#include "geometry.h"
#include "gemm.h"

#define LOAD(p) wasm_v128_load(p)
#define STORE(p, v) wasm_v128_store(p, v)
#define ADD(a, b) wasm_f32x4_add(a, b)
#define SUB(a, b) wasm_f32x4_sub(a, b)

enum { POINTS = 16, LANES = 4 };

// How the scratch memory is shared out. Channels are padded to multiples of 4 (transforms) and 8 (products). Tiles are worked
// off in groups of tile rows, counted through all images, so that a group stays in the cache whatever the image's size.
typedef struct {
  int tile_rows, tile_columns, all_rows, group;
  int in_step, out_step, band_width;
  float *filters, *band, *inputs, *outputs;
} Plan;

INLINE Plan make_plan(const Geometry *g, int height, int width, int in_channels, int out_channels, float *scratch) {
  Plan p;
  p.tile_rows = (height + 1) / 2;
  p.tile_columns = (width + 1) / 2;
  p.all_rows = g->batch * p.tile_rows;
  p.in_step = round_up(in_channels, LANES);
  p.out_step = round_up(out_channels, PANEL);
  p.band_width = 2 * p.tile_columns + 2;
  p.filters = scratch;
  p.band = p.filters + POINTS * p.in_step * p.out_step;
  p.inputs = p.band + 4 * p.band_width * p.in_step;
  const int per_row = POINTS * p.tile_columns * (p.in_step + p.out_step);
  const int rows = (g->scratch_floats - (int)(p.inputs - scratch)) / per_row;
  p.group = min(p.all_rows, rows >= TILE_ROWS ? rows / TILE_ROWS * TILE_ROWS : max(1, rows));
  p.outputs = p.inputs + POINTS * p.group * p.tile_columns * p.in_step;
  return p;
}

// The least scratch: one row of tiles at a time.
EXPORT(winograd_scratch) int winograd_scratch(const Geometry *g) {
  const int in = round_up(g->in_channels, PANEL), out = round_up(g->out_channels, PANEL);
  const int columns = (max(g->in_width, g->out_width) + 1) / 2;
  return POINTS * (in * out + columns * (in + out)) + 4 * (2 * columns + 2) * max(in, out);
}

// Copies the four input rows under one row of tiles between columns of zeros, so that no tile needs a bounds test.
static void frame_band(const float *image, int height, int width, int channels, int first_row, int left, const Plan *p) {
  const int step = p->in_step, line = p->band_width * step;
  for (int i = 0; i < 4 * line; i += LANES) STORE(p->band + i, wasm_f32x4_const_splat(0));
  for (int r = max(0, -first_row); r < min(4, height - first_row); r++) {
    for (int column = max(0, -left); column < min(width, p->band_width - left); column++) {
      const float *from = image + ((first_row + r) * width + column) * channels;
      float *to = p->band + r * line + (column + left) * step;
      int c = 0;
      for (; c + LANES <= channels; c += LANES) STORE(to + c, LOAD(from + c));
      for (; c < channels; c++) to[c] = from[c];
    }
  }
}

#define INPUT_TRANSFORM(a, b, c, d, s, t, u, v) \
  s = SUB(a, c);                                \
  t = ADD(b, c);                                \
  u = SUB(c, b);                                \
  v = SUB(b, d)

// Bᵀ d B of every tile in the band → to[point][tile][channel].
static void transform_inputs(const Plan *p, float *to, int point_step) {
  const int step = p->in_step, line = p->band_width * step;
  for (int tile = 0; tile < p->tile_columns; tile++, to += step) {
    for (int c = 0; c < step; c += LANES) {
      v128_t t[4][4];
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        const float *d = p->band + (2 * tile + i) * step + c;
        INPUT_TRANSFORM(LOAD(d), LOAD(d + line), LOAD(d + 2 * line), LOAD(d + 3 * line), t[0][i], t[1][i], t[2][i], t[3][i]);
      }
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        v128_t s0, s1, s2, s3;
        INPUT_TRANSFORM(t[i][0], t[i][1], t[i][2], t[i][3], s0, s1, s2, s3);
        float *out = to + 4 * i * point_step + c;
        STORE(out, s0);
        STORE(out + point_step, s1);
        STORE(out + 2 * point_step, s2);
        STORE(out + 3 * point_step, s3);
      }
    }
  }
}

// G w Gᵀ → panels [point][⌈out/8⌉][in][8]. w(r, s, i, o) = w[r·row + s·column + i·in_stride + o·out_stride].
static void transform_filters(const float *w, int row, int column, int in_stride, int out_stride, int in, int out, const Plan *p) {
  const int point_step = p->in_step * p->out_step;
  for (int o = 0; o < p->out_step; o++) {
    for (int i = 0; i < p->in_step; i++) {
      float *to = p->filters + (o / PANEL * p->in_step + i) * PANEL + o % PANEL;
      float t[4][3];
      for (int s = 0; s < 3; s++) {
        const float *f = w + s * column + i * in_stride + o * out_stride;
        const int inside = i < in && o < out;
        const float f0 = inside ? f[0] : 0, f1 = inside ? f[row] : 0, f2 = inside ? f[2 * row] : 0;
        t[0][s] = f0;
        t[1][s] = 0.5f * (f0 + f1 + f2);
        t[2][s] = 0.5f * (f0 - f1 + f2);
        t[3][s] = f2;
      }
      for (int r = 0; r < 4; r++) {
        to[4 * r * point_step] = t[r][0];
        to[(4 * r + 1) * point_step] = 0.5f * (t[r][0] + t[r][1] + t[r][2]);
        to[(4 * r + 2) * point_step] = 0.5f * (t[r][0] - t[r][1] + t[r][2]);
        to[(4 * r + 3) * point_step] = t[r][2];
      }
    }
  }
}

INLINE void store_channels(float *to, v128_t value, int count) {
  if (count >= LANES) {
    STORE(to, value);
    return;
  }
  float lanes[LANES];
  STORE(lanes, value);
  for (int i = 0; i < count; i++) to[i] = lanes[i];
}

// Aᵀ m A of every tile in a row → the lines 2·row and 2·row + 1 of y [height, width, channels].
static void transform_outputs(const Plan *p, const float *from, int point_step, int row, int height, int width, int channels,
                              float *y) {
  const int line = width * channels, below = 2 * row + 1 < height;
  for (int tile = 0; tile < p->tile_columns; tile++, from += p->out_step) {
    float *to = y + 2 * row * line + 2 * tile * channels;
    const int right = 2 * tile + 1 < width;
    for (int c = 0; c < channels; c += LANES) {
      v128_t top[4], bottom[4];
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        const float *m = from + i * point_step + c;
        const v128_t m1 = LOAD(m + 4 * point_step), m2 = LOAD(m + 8 * point_step);
        top[i] = ADD(ADD(LOAD(m), m1), m2);
        bottom[i] = SUB(SUB(m1, m2), LOAD(m + 12 * point_step));
      }
      const int count = channels - c;
      store_channels(to + c, ADD(ADD(top[0], top[1]), top[2]), count);
      if (right) store_channels(to + channels + c, SUB(SUB(top[1], top[2]), top[3]), count);
      if (!below) continue;
      store_channels(to + line + c, ADD(ADD(bottom[0], bottom[1]), bottom[2]), count);
      if (right) store_channels(to + line + channels + c, SUB(SUB(bottom[1], bottom[2]), bottom[3]), count);
    }
  }
}

INLINE v128_t load_channels(const float *from, int count) {
  if (count >= LANES) return LOAD(from);
  float lanes[LANES] = {0, 0, 0, 0};
  for (int i = 0; i < count; i++) lanes[i] = from[i];
  return LOAD(lanes);
}

// A dy Aᵀ of every tile in a row of one image → to[point][tile][channel].
static void transform_gradients(const Plan *p, const float *dy, int row, int height, int width, int channels, float *to,
                                int point_step) {
  const v128_t zero = wasm_f32x4_const_splat(0);
  const int line = width * channels, below = 2 * row + 1 < height;
  for (int tile = 0; tile < p->tile_columns; tile++, to += p->out_step) {
    const float *from = dy + 2 * row * line + 2 * tile * channels;
    const int right = 2 * tile + 1 < width;
    for (int c = 0; c < channels; c += LANES) {
      const int count = channels - c;
      const v128_t d00 = load_channels(from + c, count);
      const v128_t d01 = right ? load_channels(from + channels + c, count) : zero;
      const v128_t d10 = below ? load_channels(from + line + c, count) : zero;
      const v128_t d11 = below && right ? load_channels(from + line + channels + c, count) : zero;
      const v128_t left[4] = {d00, ADD(d00, d10), SUB(d00, d10), SUB(zero, d10)};
      const v128_t other[4] = {d01, ADD(d01, d11), SUB(d01, d11), SUB(zero, d11)};
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        float *out = to + 4 * i * point_step + c;
        STORE(out, left[i]);
        STORE(out + point_step, ADD(left[i], other[i]));
        STORE(out + 2 * point_step, SUB(left[i], other[i]));
        STORE(out + 3 * point_step, SUB(zero, other[i]));
      }
    }
  }
}

// Gᵀ u G of the summed products u[point][in][out_step] → dw [3, 3, in, out].
static void transform_filter_gradient(const float *u, int in, int out, int out_step, int point_step, float *dw) {
  for (int i = 0; i < in; i++) {
    for (int o = 0; o < out; o++) {
      float t[3][4];
      for (int s = 0; s < 4; s++) {
        const float *from = u + s * point_step + i * out_step + o;
        const float u1 = 0.5f * from[4 * point_step], u2 = 0.5f * from[8 * point_step];
        t[0][s] = from[0] + (u1 + u2);
        t[1][s] = u1 - u2;
        t[2][s] = (u1 + u2) + from[12 * point_step];
      }
      for (int r = 0; r < 3; r++) {
        float *to = dw + (3 * r * in + i) * out + o;
        const float u1 = 0.5f * t[r][1], u2 = 0.5f * t[r][2];
        to[0] = t[r][0] + (u1 + u2);
        to[in * out] = u1 - u2;
        to[2 * in * out] = (u1 + u2) + t[r][3];
      }
    }
  }
}

// An image tensor: its data and the sizes of one image.
typedef struct {
  const float *data;
  int height, width, channels;
} Images;

INLINE const float *image_at(Images x, int index) { return x.data + index * x.height * x.width * x.channels; }

// Transforms the inputs under `rows` rows of tiles from row `first` on.
static void load_inputs(const Plan *p, Images x, int top, int left, int first, int rows) {
  const int point_step = rows * p->tile_columns * p->in_step;
  for (int i = 0; i < rows; i++) {
    const int image = (first + i) / p->tile_rows, row = (first + i) % p->tile_rows;
    frame_band(image_at(x, image), x.height, x.width, x.channels, 2 * row - top, left, p);
    transform_inputs(p, p->inputs + i * p->tile_columns * p->in_step, point_step);
  }
}

// y = conv(x, the filters that are already transformed)
static void convolve(const Plan *p, Images x, int top, int left, Images y) {
  for (int first = 0; first < p->all_rows; first += p->group) {
    const int rows = min(p->group, p->all_rows - first), tiles = rows * p->tile_columns;
    load_inputs(p, x, top, left, first, rows);
    for (int point = 0; point < POINTS; point++) {
      multiply_rows(tiles, p->out_step, p->in_step, p->inputs + point * tiles * p->in_step, p->in_step,
                    p->filters + point * p->in_step * p->out_step, p->outputs + point * tiles * p->out_step, p->out_step, 0);
    }
    for (int i = 0; i < rows; i++) {
      const int image = (first + i) / p->tile_rows, row = (first + i) % p->tile_rows;
      transform_outputs(p, p->outputs + i * p->tile_columns * p->out_step, tiles * p->out_step, row, y.height, y.width,
                        y.channels, (float *)image_at(y, image));
    }
  }
}

// y = conv(x, w)
EXPORT(winograd_conv) void winograd_conv(const Geometry *g, const float *x, const float *w, float *y, float *scratch) {
  const int in = g->in_channels, out = g->out_channels;
  const Plan p = make_plan(g, g->out_height, g->out_width, in, out, scratch);
  const Images from = {x, g->in_height, g->in_width, in}, to = {y, g->out_height, g->out_width, out};
  transform_filters(w, 3 * in * out, in * out, out, 1, in, out, &p);
  convolve(&p, from, g->pad_top, g->pad_left, to);
}

// dx of conv(x, w): a convolution of dy with the filter turned by 180° and its channels exchanged.
EXPORT(winograd_input_gradient)
void winograd_input_gradient(const Geometry *g, const float *dy, const float *w, float *dx, float *scratch) {
  const int in = g->in_channels, out = g->out_channels;
  const Plan p = make_plan(g, g->in_height, g->in_width, out, in, scratch);
  const Images from = {dy, g->out_height, g->out_width, out}, to = {dx, g->in_height, g->in_width, in};
  transform_filters(w + 8 * in * out, -3 * in * out, -in * out, 1, out, out, in, &p);
  convolve(&p, from, 2 - g->pad_top, 2 - g->pad_left, to);
}

// dw of conv(x, w), from dy.
EXPORT(winograd_filter_gradient)
void winograd_filter_gradient(const Geometry *g, const float *x, const float *dy, float *dw, float *scratch) {
  const int in = g->in_channels, out = g->out_channels;
  const Plan p = make_plan(g, g->out_height, g->out_width, in, out, scratch);
  const Images from = {x, g->in_height, g->in_width, in}, to = {dy, g->out_height, g->out_width, out};
  const int sums_step = p.in_step * p.out_step;
  for (int first = 0; first < p.all_rows; first += p.group) {
    const int rows = min(p.group, p.all_rows - first), tiles = rows * p.tile_columns;
    load_inputs(&p, from, g->pad_top, g->pad_left, first, rows);
    for (int i = 0; i < rows; i++) {
      const int image = (first + i) / p.tile_rows, row = (first + i) % p.tile_rows;
      transform_gradients(&p, image_at(to, image), row, to.height, to.width, out,
                          p.outputs + i * p.tile_columns * p.out_step, tiles * p.out_step);
    }
    for (int point = 0; point < POINTS; point++) {
      multiply_columns(p.in_step, out, tiles, p.inputs + point * tiles * p.in_step, p.in_step,
                       p.outputs + point * tiles * p.out_step, p.out_step, p.filters + point * sums_step, p.out_step, first > 0);
    }
  }
  transform_filter_gradient(p.filters, in, out, p.out_step, sums_step, dw);
}

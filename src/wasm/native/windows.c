// Gradients of depthwise convolution and of max pooling: each output pixel meets each input pixel of its window, channel by
// channel.
#include "geometry.h"
#include "gemm.h"

#define LOAD(p) wasm_v128_load(p)
#define STORE(p, v) wasm_v128_store(p, v)

enum { LANES = 4 };

// The part of a window that lies inside the input.
typedef struct {
  int top, left, first_row, last_row, first_column, last_column;
} Window;

INLINE Window window_at(const Geometry *g, int row, int column) {
  Window w;
  w.top = row * g->stride_height - g->pad_top;
  w.left = column * g->stride_width - g->pad_left;
  w.first_row = max(0, -w.top);
  w.last_row = min(g->kernel_height, g->in_height - w.top);
  w.first_column = max(0, -w.left);
  w.last_column = min(g->kernel_width, g->in_width - w.left);
  return w;
}

#define FOR_OUTPUTS(g)                                   \
  for (int row = 0; row < (g)->out_height; row++)        \
    for (int column = 0; column < (g)->out_width; column++)

#define FOR_TAPS(w)                               \
  for (int r = w.first_row; r < w.last_row; r++)  \
    for (int s = w.first_column; s < w.last_column; s++)

INLINE int image_floats(const Geometry *g) { return g->in_height * g->in_width * g->in_channels; }

// dx[c] += Σ over the multiplier of dy·w
INLINE void add_input_tap(float *dx, const float *dy, const float *w, int channels, int multiplier) {
  int c = 0;
  if (multiplier == 1) {
    for (; c + LANES <= channels; c += LANES)
      STORE(dx + c, wasm_f32x4_add(LOAD(dx + c), wasm_f32x4_mul(LOAD(dy + c), LOAD(w + c))));
  }
  for (; c < channels; c++)
    for (int m = 0; m < multiplier; m++) dx[c] += dy[c * multiplier + m] * w[c * multiplier + m];
}

// dw[c·m] += x[c]·dy[c·m]
INLINE void add_filter_tap(float *dw, const float *x, const float *dy, int channels, int multiplier) {
  int c = 0;
  if (multiplier == 1) {
    for (; c + LANES <= channels; c += LANES)
      STORE(dw + c, wasm_f32x4_add(LOAD(dw + c), wasm_f32x4_mul(LOAD(x + c), LOAD(dy + c))));
  }
  for (; c < channels; c++)
    for (int m = 0; m < multiplier; m++) dw[c * multiplier + m] += x[c] * dy[c * multiplier + m];
}

// dx of a depthwise convolution; w [kernel_height, kernel_width, in_channels, multiplier].
EXPORT(depthwise_input_gradient)
void depthwise_input_gradient(const Geometry *g, const float *dy, const float *w, float *dx) {
  const int channels = g->in_channels, multiplier = g->out_channels / channels;
  for (int i = 0; i < g->batch * image_floats(g); i++) dx[i] = 0;
  for (int n = 0; n < g->batch; n++, dx += image_floats(g)) {
    FOR_OUTPUTS(g) {
      const Window window = window_at(g, row, column);
      FOR_TAPS(window) {
        float *to = dx + ((window.top + r) * g->in_width + window.left + s) * channels;
        add_input_tap(to, dy, w + (r * g->kernel_width + s) * g->out_channels, channels, multiplier);
      }
      dy += g->out_channels;
    }
  }
}

// dw of a depthwise convolution, summed in float32 within an image and in float64 across. scratch: 3 × the size of dw, aligned to 8.
EXPORT(depthwise_filter_gradient)
void depthwise_filter_gradient(const Geometry *g, const float *x, const float *dy, float *dw, float *scratch) {
  const int channels = g->in_channels, multiplier = g->out_channels / channels;
  const int size = g->kernel_height * g->kernel_width * g->out_channels;
  double *total = (double *)scratch;
  float *part = scratch + 2 * size;
  for (int i = 0; i < size; i++) total[i] = 0;
  for (int n = 0; n < g->batch; n++, x += image_floats(g)) {
    for (int i = 0; i < size; i++) part[i] = 0;
    FOR_OUTPUTS(g) {
      const Window window = window_at(g, row, column);
      FOR_TAPS(window) {
        const float *from = x + ((window.top + r) * g->in_width + window.left + s) * channels;
        add_filter_tap(part + (r * g->kernel_width + s) * g->out_channels, from, dy, channels, multiplier);
      }
      dy += g->out_channels;
    }
    for (int i = 0; i < size; i++) total[i] += part[i];
  }
  for (int i = 0; i < size; i++) dw[i] = (float)total[i];
}

// dx[the first maximum of the window in row-major order] += dy, for one channel.
static void pool_channel(const Geometry *g, const Window *w, const float *dy, const float *x, float *dx, int c) {
  float best = -__builtin_inff();
  int position = -1;
  FOR_TAPS((*w)) {
    const int at = ((w->top + r) * g->in_width + w->left + s) * g->in_channels + c;
    if (x[at] > best) {
      best = x[at];
      position = at;
    }
  }
  if (position >= 0) dx[position] += dy[c];
}

// The same for four channels.
static void pool_channels(const Geometry *g, const Window *w, const float *dy, const float *x, float *dx, int c) {
  v128_t best = wasm_f32x4_const_splat(-__builtin_inff()), position = wasm_i32x4_const_splat(-1);
  FOR_TAPS((*w)) {
    const int at = ((w->top + r) * g->in_width + w->left + s) * g->in_channels + c;
    const v128_t value = LOAD(x + at), larger = wasm_f32x4_gt(value, best);
    best = wasm_v128_bitselect(value, best, larger);
    position = wasm_v128_bitselect(wasm_i32x4_splat(at), position, larger);
  }
  const int at[LANES] = {wasm_i32x4_extract_lane(position, 0), wasm_i32x4_extract_lane(position, 1),
                         wasm_i32x4_extract_lane(position, 2), wasm_i32x4_extract_lane(position, 3)};
#pragma clang loop unroll(full)
  for (int lane = 0; lane < LANES; lane++)
    if (at[lane] >= 0) dx[at[lane] + lane] += dy[c + lane];
}

// dx of max pooling: a window's dy goes to its first maximum.
EXPORT(max_pool_gradient) void max_pool_gradient(const Geometry *g, const float *dy, const float *x, float *dx) {
  const int channels = g->in_channels;
  for (int i = 0; i < g->batch * image_floats(g); i++) dx[i] = 0;
  for (int n = 0; n < g->batch; n++, x += image_floats(g), dx += image_floats(g)) {
    FOR_OUTPUTS(g) {
      const Window window = window_at(g, row, column);
      int c = 0;
      for (; c + LANES <= channels; c += LANES) pool_channels(g, &window, dy, x, dx, c);
      for (; c < channels; c++) pool_channel(g, &window, dy, x, dx, c);
      dy += channels;
    }
  }
}

// Convolution and its gradients for any kernel size, stride and padding: patches of a block of output pixels are copied side
// by side (im2col), then multiplied. A block is as large as the scratch memory, which the caller keeps within the cache.
#include "geometry.h"
#include "gemm.h"

INLINE void copy_floats(float *to, const float *from, int count) {
  int i = 0;
  for (; i + 4 <= count; i += 4) wasm_v128_store(to + i, wasm_v128_load(from + i));
  for (; i < count; i++) to[i] = from[i];
}

INLINE void zero_floats(float *to, int count) {
  int i = 0;
  for (; i + 4 <= count; i += 4) wasm_v128_store(to + i, wasm_f32x4_const_splat(0));
  for (; i < count; i++) to[i] = 0;
}

INLINE void add_floats(float *to, const float *from, int count) {
  int i = 0;
  for (; i + 4 <= count; i += 4) wasm_v128_store(to + i, wasm_f32x4_add(wasm_v128_load(to + i), wasm_v128_load(from + i)));
  for (; i < count; i++) to[i] += from[i];
}

// Where the window of one output pixel lies in the input, and which of its columns are inside.
typedef struct {
  int image, top, left, first, last;
} Window;

INLINE Window window_at(const Geometry *g, int pixel) {
  Window w;
  const int column = pixel % g->out_width, row = pixel / g->out_width % g->out_height;
  w.image = pixel / g->out_width / g->out_height;
  w.top = row * g->stride_height - g->pad_top;
  w.left = column * g->stride_width - g->pad_left;
  w.first = max(0, -w.left);
  w.last = max(w.first, min(g->kernel_width, g->in_width - w.left));
  return w;
}

INLINE int input_offset(const Geometry *g, Window w, int row) {
  return ((w.image * g->in_height + w.top + row) * g->in_width + w.left + w.first) * g->in_channels;
}

// One row of patches per output pixel: [count][kernel_height][kernel_width][in_channels].
static void gather_patches(const Geometry *g, const float *x, int first_pixel, int count, float *patches) {
  const int channels = g->in_channels, line = g->kernel_width * channels;
  for (int p = 0; p < count; p++) {
    const Window w = window_at(g, first_pixel + p);
    for (int r = 0; r < g->kernel_height; r++, patches += line) {
      if (w.top + r < 0 || w.top + r >= g->in_height || w.first >= w.last) {
        zero_floats(patches, line);
        continue;
      }
      zero_floats(patches, w.first * channels);
      copy_floats(patches + w.first * channels, x + input_offset(g, w, r), (w.last - w.first) * channels);
      zero_floats(patches + w.last * channels, (g->kernel_width - w.last) * channels);
    }
  }
}

// The reverse: adds each patch to the input pixels that it came from.
static void scatter_patches(const Geometry *g, const float *patches, int first_pixel, int count, float *dx) {
  const int channels = g->in_channels, line = g->kernel_width * channels;
  for (int p = 0; p < count; p++) {
    const Window w = window_at(g, first_pixel + p);
    for (int r = 0; r < g->kernel_height; r++, patches += line) {
      if (w.top + r < 0 || w.top + r >= g->in_height || w.first >= w.last) continue;
      add_floats(dx + input_offset(g, w, r), patches + w.first * channels, (w.last - w.first) * channels);
    }
  }
}

INLINE int patch_size(const Geometry *g) { return g->kernel_height * g->kernel_width * g->in_channels; }

// True when a patch is one input pixel, so that the input itself is the matrix of patches.
INLINE int is_pointwise(const Geometry *g) {
  return g->kernel_height * g->kernel_width * g->stride_height * g->stride_width == 1 && g->out_height == g->in_height &&
         g->out_width == g->in_width && g->pad_top == 0 && g->pad_left == 0;
}

// Output pixels per block, given the scratch that is left after `used` floats.
INLINE int block_size(const Geometry *g, int used) {
  return max(TILE_ROWS, (g->scratch_floats - used) / patch_size(g) / TILE_ROWS * TILE_ROWS);
}

// y = conv(x, w)
EXPORT(conv) void conv(const Geometry *g, const float *x, const float *w, float *y, float *scratch) {
  const int k = patch_size(g), n = g->out_channels, pixels = g->batch * g->out_height * g->out_width;
  const int packed = k * round_up(n, PANEL);
  pack_panels(w, k, n, n, 1, scratch);
  if (is_pointwise(g)) {
    multiply_rows(pixels, n, k, x, k, scratch, y, n, 0);
    return;
  }
  float *patches = scratch + packed;
  const int block = block_size(g, packed);
  for (int p = 0; p < pixels; p += block) {
    const int count = min(block, pixels - p);
    gather_patches(g, x, p, count, patches);
    multiply_rows(count, n, k, patches, k, scratch, y + p * n, n, 0);
  }
}

// dx of conv(x, w), from dy.
EXPORT(conv_input_gradient)
void conv_input_gradient(const Geometry *g, const float *dy, const float *w, float *dx, float *scratch) {
  const int k = g->out_channels, n = patch_size(g), pixels = g->batch * g->out_height * g->out_width;
  const int packed = k * round_up(n, PANEL);
  pack_panels(w, k, n, 1, k, scratch);
  if (is_pointwise(g)) {
    multiply_rows(pixels, n, k, dy, k, scratch, dx, n, 0);
    return;
  }
  float *patches = scratch + packed;
  const int block = block_size(g, packed);
  zero_floats(dx, g->batch * g->in_height * g->in_width * g->in_channels);
  for (int p = 0; p < pixels; p += block) {
    const int count = min(block, pixels - p);
    multiply_rows(count, n, k, dy + p * k, k, scratch, patches, n, 0);
    scatter_patches(g, patches, p, count, dx);
  }
}

// dw of conv(x, w), from dy.
EXPORT(conv_filter_gradient)
void conv_filter_gradient(const Geometry *g, const float *x, const float *dy, float *dw, float *scratch) {
  const int m = patch_size(g), n = g->out_channels, pixels = g->batch * g->out_height * g->out_width;
  const int block = block_size(g, 0);
  zero_floats(dw, m * n);
  for (int p = 0; p < pixels; p += block) {
    const int count = min(block, pixels - p);
    const float *patches = scratch;
    if (is_pointwise(g)) patches = x + p * m;
    else gather_patches(g, x, p, count, scratch);
    multiply_columns(m, n, count, patches, m, dy + p * n, n, dw, n, 1);
  }
}

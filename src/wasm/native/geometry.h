// A convolution's sizes as JavaScript passes them: 14 integers, batches and channels last.
#pragma once

typedef struct {
  int batch, in_height, in_width, in_channels;
  int out_height, out_width, out_channels;
  int kernel_height, kernel_width, stride_height, stride_width, pad_top, pad_left;
  // How many floats of scratch memory the caller provides.
  int scratch_floats;
} Geometry;

#define EXPORT(name) __attribute__((export_name(#name)))

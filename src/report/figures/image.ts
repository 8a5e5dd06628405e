/**
 * Images as PNG data URIs: enlarged by whole factors without smoothing, so that single pixels stay visible however the
 * viewer scales them.
 */
import { encode } from 'fast-png';
import type { NeighbourPair, ReportImage } from '../types';

const TARGET_SIZE = 112;

type Rgb = readonly [number, number, number];
const LOWER: Rgb = [11, 98, 160];
const SAME: Rgb = [246, 244, 240];
const HIGHER: Rgb = [194, 65, 12];

function byte(value: number): number {
  return Math.round(255 * Math.min(1, Math.max(0, value)));
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary);
}

function pngUri(data: Uint8Array, { width, height, channels }: Omit<ReportImage, 'pixels'>): string {
  const factor = Math.max(1, Math.ceil(TARGET_SIZE / Math.max(width, height)));
  const large = new Uint8Array(data.length * factor * factor);
  for (let y = 0; y < height * factor; y += 1) {
    for (let x = 0; x < width * factor; x += 1) {
      const from = (Math.floor(y / factor) * width + Math.floor(x / factor)) * channels;
      large.set(data.subarray(from, from + channels), (y * width * factor + x) * channels);
    }
  }
  const png = encode({ data: large, width: width * factor, height: height * factor, channels, depth: 8 });
  return `data:image/png;base64,${base64(png)}`;
}

/** The image as a data URI. */
export function imageUri(image: ReportImage): string {
  return pngUri(Uint8Array.from(image.pixels, byte), image);
}

/**
 * What was changed, amplified so that the largest change has full colour: orange where the neighbour is brighter, blue where it
 * is darker, in the mean over channels. `gain` is the amplification, 0 for equal images.
 */
export function differenceUri({ original, neighbour }: NeighbourPair): { uri: string; gain: number } {
  const { width, height, channels } = original;
  const changes = new Float64Array(width * height);
  for (let i = 0; i < original.pixels.length; i += 1) {
    changes[Math.floor(i / channels)] += (neighbour.pixels[i] - original.pixels[i]) / channels;
  }
  const largest = changes.reduce((most, change) => Math.max(most, Math.abs(change)), 0);
  const data = new Uint8Array(3 * changes.length);
  changes.forEach((change, i) => {
    const share = largest === 0 ? 0 : change / largest;
    const end = share < 0 ? LOWER : HIGHER;
    SAME.forEach((same, c) => {
      data[3 * i + c] = Math.round(same + (end[c] - same) * Math.abs(share));
    });
  });
  return { uri: pngUri(data, { width, height, channels: 3 }), gain: largest === 0 ? 0 : 1 / largest };
}

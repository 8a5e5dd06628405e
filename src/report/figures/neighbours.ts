/**
 * Forgotten images beside their adversarial neighbours: the nearest images that the model takes for something else, which is
 * what AMUN teaches it.
 */
import { significant } from '../format';
import type { NeighbourFigures, NeighbourPair } from '../types';
import { differenceUri, imageUri } from './image';
import { fit, text } from './svg';
import type { FigureSpec, Panel } from './svg';

const TILE = 92;
const GAP = 12;
const WIDTH = 3 * TILE + 2 * GAP;

/** Name of a class, or its id. */
export function className(id: number, names: readonly string[] | undefined): string {
  return names?.[id] ?? `class ${id}`;
}

function tile(column: number, uri: string, { width, height }: { width: number; height: number }): string {
  const scale = TILE / Math.max(width, height);
  const [w, h] = [width * scale, height * scale];
  const x = column * (TILE + GAP) + (TILE - w) / 2;
  return (
    `<image x="${x}" y="${(TILE - h) / 2}" width="${w}" height="${h}" href="${uri}" class="am-image" preserveAspectRatio="none"/>` +
    `<rect x="${x + 0.5}" y="${(TILE - h) / 2 + 0.5}" width="${w - 1}" height="${h - 1}" fill="none" class="am-s-grid"/>`
  );
}

function caption(column: number, first: string, second: string): string {
  const x = column * (TILE + GAP);
  return (
    text(x, TILE + 16, fit(first, TILE + GAP), { classes: 'am-f-ink am-strong' }) +
    text(x, TILE + 31, fit(second, TILE + GAP, 11), { classes: 'am-f-muted am-small am-num' })
  );
}

function panelOf(pair: NeighbourPair, names: readonly string[] | undefined): Panel {
  const [before, after] = [pair.label, pair.adversarialLabel].map((id) => className(id, names));
  const { uri, gain } = differenceUri(pair);
  const distance = `distance ${significant(pair.distance)}`;
  const body = [
    tile(0, imageUri(pair.original), pair.original),
    tile(1, imageUri(pair.neighbour), pair.neighbour),
    tile(2, uri, pair.original),
    caption(0, before, 'forgotten'),
    caption(1, after, distance),
    caption(2, 'change', gain === 0 ? 'none' : `× ${significant(Number(gain.toPrecision(2)))}`),
  ];
  return {
    width: WIDTH,
    height: TILE + 40,
    title: `${before}, taken for ${after}`,
    description: `A forgotten image of class ${before}, its neighbour that the model takes for ${after} at ${distance}, and their difference, amplified.`,
    body: body.join(''),
  };
}

/** One panel per pair: the image, its neighbour, and the amplified change. */
export function neighboursSpec({ pairs, classNames }: NeighbourFigures): FigureSpec {
  return {
    id: 'am-neighbours',
    title: 'Forgotten images and their neighbours',
    subtitle:
      'Left: an image to forget. Middle: the nearest one that the original model takes for something else. Right: the change, amplified; orange is brighter, blue is darker.',
    legend: [],
    panels: pairs.map((pair) => panelOf(pair, classNames)),
  };
}

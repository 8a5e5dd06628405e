/** Figures on the page: a caption, a legend, and panels that flow with the width of the screen. */
import { panelSvg, swatch } from '../figures/svg';
import type { FigureSpec, LegendEntry } from '../figures/svg';
import { escapeText } from '../format';

function legendItem(entry: LegendEntry): string {
  const mark = `<svg class="am" width="18" height="12" viewBox="0 -11 18 12" aria-hidden="true">${swatch(entry)}</svg>`;
  return `<li>${mark}${escapeText(entry.label)}</li>`;
}

/** A caption with any content below it. */
export function framed(id: string, title: string, subtitle: string, content: string): string {
  const line = subtitle === '' ? '' : `<p>${escapeText(subtitle)}</p>`;
  return `<figure id="${id}"><figcaption><h2>${escapeText(title)}</h2>${line}</figcaption>${content}</figure>`;
}

/** The figure, or nothing where the report lacks its data. */
export function figureHtml(spec: FigureSpec | undefined): string {
  if (spec === undefined) return '';
  const legend = spec.legend.length === 0 ? '' : `<ul class="legend">${spec.legend.map(legendItem).join('')}</ul>`;
  const panels = spec.panels.map((panel, i) => panelSvg(panel, `${spec.id}-${i}`)).join('');
  const few = spec.panels.length < 3 && spec.panels[0].width < 400 ? ' few' : '';
  const width = `w${[180, 232, 300, 460].find((limit) => spec.panels[0].width <= limit) ?? 460}`;
  const caption = `<figcaption><h2>${escapeText(spec.title)}</h2><p>${escapeText(spec.subtitle)}</p>${legend}</figcaption>`;
  return `<figure id="${spec.id}">${caption}<div class="panels ${width}${few}">${panels}</div></figure>`;
}

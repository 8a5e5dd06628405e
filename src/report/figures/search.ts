/** Radii and distances that the search for adversarial neighbours needed. */
import type { SearchFigures } from '../types';
import { histogramPanel } from './histogram';
import type { FigureSpec } from './svg';

/** Two histograms; none where nothing was found. */
export function searchSpec({ epsilons, distances, found, total, norm }: SearchFigures, things: string): FigureSpec {
  const unit = norm === undefined ? 'in input units' : `${norm} norm, in input units`;
  const panels = [
    histogramPanel(distances, { title: 'Distance to the neighbour', axis: `Distance, ${unit}`, things }),
    histogramPanel(epsilons, { title: 'Radius searched', axis: `Radius ε, ${unit}`, things }),
  ];
  return {
    id: 'am-search',
    title: 'How far the nearest wrong answer is',
    subtitle: `The search found an adversarial neighbour for ${found} of ${total} ${things}. The nearer it is, the less the model has to change.`,
    legend: [],
    panels: panels.filter((panel) => panel !== undefined),
  };
}

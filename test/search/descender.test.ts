/** What an example does on its way to the boundary, sight by sight. */
import { describe, expect, it } from 'vitest';
import { Descender, type Sighting } from '../../src/search/descender';

const sighting = (distance: number, radius: number, flipped = false): Sighting => ({
  flipped,
  movable: true,
  distance,
  radius,
});

describe('Descender', () => {
  it('takes ever shorter steps, from a whole radius to a tenth of it', () => {
    const descender = new Descender(0, 1, 4, 10);
    const stepSizes = Array.from({ length: 4 }, () => {
      const [stepSize, least, most] = descender.limits();
      expect([least, most]).toEqual([0, 10]);
      descender.see(sighting(0, 1));
      return stepSize;
    });
    // 0.1 + 0.9 · (1 + cos(π k / 4)) / 2 for k = 0 … 3.
    const half = Math.SQRT1_2 / 2;
    expect(stepSizes).toEqual([1, 0.55 + 0.9 * half, 0.55, 0.55 - 0.9 * half].map((size) => expect.closeTo(size, 12)));
  });

  it('holds the radius below its nearest neighbour, and remembers where it was found', () => {
    const descender = new Descender(0, 1, 4, 10);
    expect(descender.see(sighting(0, 3))).toBe('goes on');
    expect(descender.hasNeighbour).toBe(false);
    expect(descender.see(sighting(2.9, 1.5, true))).toBe('goes on');
    expect([descender.hasNeighbour, descender.neighbourRadius, descender.lastRadius]).toEqual([true, 3, 1.5]);
    expect(descender.limits()[2]).toBeCloseTo(2.9 * 0.999, 12);
    expect(descender.see(sighting(1.5, 1.6))).toBe('goes on');
    expect(descender.limits()[2]).toBeCloseTo(2.9 * 0.999, 12);
    expect(descender.see(sighting(1.6, 1.55, true))).toBe('arrives');
    expect([descender.neighbourRadius, descender.lastRadius]).toEqual([1.6, 1.55]);
  });

  it('ends at once where there is no gradient, and where it was misclassified from the start', () => {
    const lost = new Descender(0, 1, 4, 10);
    expect(lost.see({ ...sighting(0, NaN), movable: false })).toBe('ends here');
    expect([lost.hasNeighbour, lost.lastRadius]).toEqual([false, 0]);
    const missed = new Descender(0, 1, 4, 10);
    expect(missed.see(sighting(0, 0, true))).toBe('ends here');
    expect([missed.hasNeighbour, missed.neighbourRadius]).toEqual([true, 0]);
  });

  it('grows its radius after a descent in vain, and descends anew from the first neighbour', () => {
    const descender = new Descender(0, 1, 2, 10);
    descender.see(sighting(0, 1));
    expect(descender.see(sighting(1, 1.2))).toBe('arrives');
    expect(descender.grow()).toBe(true);
    expect(descender.limits()).toEqual([1, expect.closeTo(1.8, 12), 10]);
    expect(descender.see(sighting(1.2, 1.8))).toBe('goes on');
    expect(descender.limits()).toEqual([1, expect.closeTo(2.7, 12), 10]);
    expect(descender.see(sighting(1.8, 2.7))).toBe('goes on');
    expect(descender.see(sighting(2.7, 2, true))).toBe('goes on');
    expect(descender.limits()).toEqual([expect.closeTo(0.55, 12), 0, expect.closeTo(2.7 * 0.999, 12)]);
    expect(descender.see(sighting(2, 2.1))).toBe('arrives');
  });

  it('ends once the largest radius has been tried for as many steps as a descent has', () => {
    const descender = new Descender(0, 1, 2, 2);
    descender.see(sighting(0, 1));
    descender.see(sighting(1, 1.2));
    descender.grow();
    const states: string[] = [];
    for (let radius = 1.2; states.at(-1) !== 'arrives';) {
      const [, least, most] = descender.limits();
      radius = Math.min(Math.max(least, radius), most);
      states.push(descender.see(sighting(radius, radius)));
    }
    // 1.8, then 2 twice.
    expect(states).toEqual(['goes on', 'goes on', 'arrives']);
    expect(descender.grow()).toBe(false);
  });
});

/**
 * What the host knows of one example on its way to the boundary, and what it does next.
 *
 * A descent is `steps` long, its steps ever shorter: α falls from 1 to 0.1 along a cosine. Each point beyond the boundary is a
 * neighbour, and holds the radius below its own distance from then on. An example that ends a descent without a neighbour
 * leaves the linear estimate behind: its radius grows with each step, which are full steps again, until it has a neighbour, from
 * where it descends once more, or has tried the largest radius.
 */

/** Length of a descent's last step, as a fraction of the radius. */
const LAST_STEP = 0.1;

/** The next neighbour has to be nearer than the last by this factor. */
const NEARER = 0.999;

/** Growth of the radius in one step, once a descent was in vain. */
const GROWTH = 1.5;

/** How often an example may set out anew: once after a descent in vain, once more where rounding refutes what it then found. */
const NEW_STARTS = 2;

/** What one step has shown of an example, at the point where it was before the step. */
export interface Sighting {
  /** Whether the point is a neighbour. */
  readonly flipped: boolean;
  /** Whether there is a gradient to follow. */
  readonly movable: boolean;
  /** The point's distance. */
  readonly distance: number;
  /** Radius of the ball that the step leads into. */
  readonly radius: number;
}

/** One example under way. */
export class Descender {
  /** Steps taken in this descent. */
  private taken = 0;
  /** Steps taken at the largest radius, in vain. */
  private atMost = 0;
  private growing = false;
  private newStarts = 0;
  /** Distance of the nearest neighbour so far, and the radius of the ball that it was found in. */
  private nearest = Infinity;
  private nearestRadius = 0;
  /** Radius of the ball that the present point was found in: 0 for the clean example. */
  private radius = 0;

  constructor(
    readonly row: number,
    readonly label: number,
    private readonly steps: number,
    private readonly maxEpsilon: number,
  ) {}

  get hasNeighbour(): boolean {
    return this.nearest < Infinity;
  }

  /** Radius in which the nearest neighbour was found. */
  get neighbourRadius(): number {
    return this.nearestRadius;
  }

  /** Radius that was tried last. */
  get lastRadius(): number {
    return this.radius;
  }

  /** Length of the next step as a fraction of the radius, the smallest radius, and the largest. */
  limits(): readonly [stepSize: number, least: number, most: number] {
    if (this.growing) return [1, Math.min(this.radius * GROWTH, this.maxEpsilon), this.maxEpsilon];
    const cosine = (1 + Math.cos((Math.PI * this.taken) / this.steps)) / 2;
    return [LAST_STEP + (1 - LAST_STEP) * cosine, 0, Math.min(this.nearest * NEARER, this.maxEpsilon)];
  }

  /** Notes what a step has shown. */
  see({ flipped, movable, distance, radius }: Sighting): 'goes on' | 'arrives' | 'ends here' {
    if (flipped) {
      if (this.growing) this.taken = 0;
      this.growing = false;
      this.nearest = distance;
      this.nearestRadius = this.radius;
    }
    if (!movable || (flipped && distance === 0)) return 'ends here';
    this.taken += 1;
    this.radius = radius;
    if (this.growing && radius >= Math.fround(this.maxEpsilon)) this.atMost += 1;
    const isLast = this.growing ? this.atMost >= this.steps : this.taken >= this.steps;
    return isLast ? 'arrives' : 'goes on';
  }

  /** Notes that the descent has come to nothing, and tells whether there is more to try. */
  grow(): boolean {
    if (this.atMost >= this.steps || this.newStarts >= NEW_STARTS) return false;
    this.newStarts += 1;
    this.growing = true;
    this.nearest = Infinity;
    return true;
  }
}

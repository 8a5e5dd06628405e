/**
 * Compiled steps by owner and key. The least recently used one is freed when there are too many, and all of an owner's go with it.
 */
import type { CompiledStep } from './compiled';

/** A place for one compiled step. */
export interface Slot {
  compiled?: CompiledStep | undefined;
  /** Which values of the variables are built in. */
  versions?: readonly object[];
  /** It can't be compiled. */
  refused?: boolean;
}

/** Keeps at most `limit` compiled steps. */
export class SessionCache {
  private readonly slots = new WeakMap<object, Map<string, Slot>>();
  private readonly order = new Set<Slot>();
  private readonly owners = new FinalizationRegistry<Map<string, Slot>>((slots) => {
    for (const slot of slots.values()) void this.empty(slot);
  });

  constructor(private readonly limit: number) {}

  /** Compiled steps at present. */
  get size(): number {
    return this.order.size;
  }

  /** The place for a key, which counts as its use. */
  slot(owner: object, key: string): Slot {
    let slots = this.slots.get(owner);
    if (slots === undefined) {
      slots = new Map();
      this.slots.set(owner, slots);
      this.owners.register(owner, slots);
    }
    const slot = slots.get(key) ?? {};
    slots.set(key, slot);
    if (this.order.delete(slot)) this.order.add(slot);
    return slot;
  }

  /** Puts a compiled step in its place, and frees what was there. */
  fill(slot: Slot, compiled: CompiledStep): void {
    void slot.compiled?.release();
    slot.compiled = compiled;
    this.order.delete(slot);
    this.order.add(slot);
    for (const oldest of this.order) {
      if (this.order.size <= this.limit) break;
      void this.empty(oldest);
    }
  }

  /** Frees what is in a place. */
  async empty(slot: Slot): Promise<void> {
    this.order.delete(slot);
    const { compiled } = slot;
    slot.compiled = undefined;
    await compiled?.release();
  }

  /** Frees everything. */
  async clear(): Promise<void> {
    await Promise.all([...this.order].map((slot) => this.empty(slot)));
  }
}

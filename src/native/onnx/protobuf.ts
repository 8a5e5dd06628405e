/**
 * The few pieces of the protocol-buffer wire format that an ONNX model needs: varints, floats, strings, nested messages.
 *
 * Source: protobuf.dev, "Encoding". Field numbers stand where messages are made, in `model.ts`.
 */

const text = new TextEncoder();

/** A message under construction: encoded fields, one after the other. */
export class Message {
  private readonly parts: Uint8Array[] = [];

  /** Adds an integer field. Negative ones take ten bytes, as two's complement of 64 bits. */
  int(field: number, value: number | bigint): this {
    return this.tag(field, 0).push(varint(BigInt(value)));
  }

  /** Adds a float32 field. */
  float(field: number, value: number): this {
    return this.tag(field, 5).push(new Uint8Array(Float32Array.of(value).buffer));
  }

  /** Adds a string field. */
  string(field: number, value: string): this {
    return this.bytes(field, text.encode(value));
  }

  /** Adds bytes, which are not copied. */
  bytes(field: number, value: Uint8Array): this {
    return this.tag(field, 2)
      .push(varint(BigInt(value.length)))
      .push(value);
  }

  /** Adds a nested message. */
  message(field: number, value: Message): this {
    return this.bytes(field, value.encode());
  }

  /** Adds a repeated nested message. */
  messages(field: number, values: readonly Message[]): this {
    for (const value of values) this.message(field, value);
    return this;
  }

  /** The whole message. */
  encode(): Uint8Array {
    const size = this.parts.reduce((sum, part) => sum + part.length, 0);
    const bytes = new Uint8Array(size);
    let offset = 0;
    for (const part of this.parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return bytes;
  }

  private tag(field: number, wireType: number): this {
    return this.push(varint(BigInt((field << 3) | wireType)));
  }

  private push(bytes: Uint8Array): this {
    this.parts.push(bytes);
    return this;
  }
}

function varint(value: bigint): Uint8Array {
  let rest = BigInt.asUintN(64, value);
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

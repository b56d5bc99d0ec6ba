import { CorruptDataError } from '@rapport/core';

/** What a pickle of this kind can hold. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleGlobal
  | PickleObject;

/** The name of a Python class or function; never looked up. */
export class PickleGlobal {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What calling an allowed function gave, or what a persistent id stands for: data of the host's own making. */
export class PickleObject {
  readonly value: object;
  constructor(value: object) {
    this.value = value;
  }
}

/** What the host allows a pickle to say. */
export interface PickleHost {
  /** By full name: what a call of this function or class gives. Any name that is not a key here is refused. */
  readonly globals: Readonly<Record<string, ((args: readonly PickleValue[]) => PickleValue) | 'name only'>>;
  /** What a persistent id stands for. */
  readonly persistent?: (id: PickleValue) => PickleObject;
  /** Takes the state that the pickle gives an object of the host's making; without it only dictionaries have state. */
  readonly setState?: (object: PickleObject, state: PickleValue) => void;
}

/**
 * Reads one pickle (protocol 2) as data: the opcodes that tensors, numbers, texts, tuples, lists and dictionaries need,
 * and no others. Nothing is imported or executed; a global outside the host's list is refused by name.
 * @returns the value and the position behind the pickle
 * @throws CorruptDataError with the position on anything else
 */
export function readPickle(bytes: Buffer, start: number, host: PickleHost, label: string): [PickleValue, number] {
  const reader = new PickleReader(bytes, start, host, label);
  try {
    return [reader.read(), reader.position];
  } catch (cause) {
    // Reading past the end of a Buffer is a RangeError.
    if (!(cause instanceof RangeError)) throw cause;
    throw new CorruptDataError(`${label} ends inside a pickle at byte ${reader.position}`, { cause });
  }
}

class PickleReader {
  position: number;
  readonly #bytes: Buffer;
  readonly #host: PickleHost;
  readonly #label: string;
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: Buffer, start: number, host: PickleHost, label: string) {
    this.#bytes = bytes;
    this.position = start;
    this.#host = host;
    this.#label = label;
  }

  read(): PickleValue {
    for (;;) {
      const opcode = this.#uint8();
      if (opcode === 0x2e) return this.#pop(); // STOP
      this.#execute(opcode);
    }
  }

  /** Opcodes as named in CPython's `pickletools`. */
  #execute(opcode: number): void {
    const stack = this.#stack;
    switch (opcode) {
      case 0x80: // PROTO
        if (this.#uint8() !== 2) this.#fail('is not of pickle protocol 2');
        return;
      case 0x28: // MARK
        this.#marks.push(stack.length);
        return;
      case 0x4e: // NONE
        stack.push(null);
        return;
      case 0x88: // NEWTRUE
        stack.push(true);
        return;
      case 0x89: // NEWFALSE
        stack.push(false);
        return;
      case 0x4b: // BININT1
        stack.push(this.#uint8());
        return;
      case 0x4d: // BININT2
        stack.push(this.#bytes.readUInt16LE(this.#advance(2)));
        return;
      case 0x4a: // BININT
        stack.push(this.#bytes.readInt32LE(this.#advance(4)));
        return;
      case 0x8a: // LONG1
        stack.push(this.#long());
        return;
      case 0x47: // BINFLOAT
        stack.push(this.#bytes.readDoubleBE(this.#advance(8)));
        return;
      case 0x58: // BINUNICODE
        stack.push(this.#text(this.#uint32()));
        return;
      case 0x63: // GLOBAL
        stack.push(this.#global());
        return;
      case 0x71: // BINPUT
        this.#memo.set(this.#uint8(), this.#top());
        return;
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#uint32(), this.#top());
        return;
      case 0x68: // BINGET
        stack.push(this.#recall(this.#uint8()));
        return;
      case 0x6a: // LONG_BINGET
        stack.push(this.#recall(this.#uint32()));
        return;
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        stack.push([]);
        return;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(this.#popMany(opcode - 0x84));
        return;
      case 0x74: // TUPLE
        stack.push(this.#popToMark());
        return;
      case 0x61: // APPEND
        this.#append(this.#popMany(1));
        return;
      case 0x65: // APPENDS
        this.#append(this.#popToMark());
        return;
      case 0x73: // SETITEM
        this.#setItems(this.#popMany(2));
        return;
      case 0x75: // SETITEMS
        this.#setItems(this.#popToMark());
        return;
      case 0x51: // BINPERSID
        stack.push(this.#persistent(this.#pop()));
        return;
      case 0x52: // REDUCE
        this.#reduce();
        return;
      case 0x81: // NEWOBJ: makes an object of a class, which the host knows as a function
        if (this.#host.setState === undefined) this.#fail('holds opcode 0x81, which tensors do not need');
        this.#reduce();
        return;
      case 0x62: // BUILD
        this.#setState();
        return;
      default:
        this.#fail(`holds opcode 0x${opcode.toString(16)}, which tensors do not need`);
    }
  }

  #global(): PickleGlobal {
    const name = `${this.#line()}.${this.#line()}`;
    if (!Object.hasOwn(this.#host.globals, name))
      this.#fail(`names ${name}, which is not on the list of allowed names`);
    return new PickleGlobal(name);
  }

  #reduce(): void {
    const args = this.#pop();
    const callee = this.#pop();
    const call = callee instanceof PickleGlobal ? this.#host.globals[callee.name] : undefined;
    if (typeof call !== 'function' || !Array.isArray(args)) this.#fail('calls something that is not a function');
    this.#stack.push(call(args));
  }

  /** Attributes of an ordered dictionary, such as a state dict's `_metadata`, are no data. */
  #setState(): void {
    const state = this.#pop();
    const target = this.#top();
    if (target instanceof Map) return;
    if (!(target instanceof PickleObject) || this.#host.setState === undefined)
      this.#fail('sets the state of an object');
    this.#host.setState(target, state);
  }

  #persistent(id: PickleValue): PickleObject {
    if (this.#host.persistent === undefined) this.#fail('refers to something outside');
    return this.#host.persistent(id);
  }

  #append(values: PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) this.#fail('appends to what is not a list');
    for (const value of values) list.push(value);
  }

  #setItems(keysAndValues: PickleValue[]): void {
    const target = this.#top();
    if (!(target instanceof Map)) this.#fail('sets an item of what is not a dictionary');
    for (let index = 0; index + 1 < keysAndValues.length; index += 2) {
      target.set(keysAndValues[index]!, keysAndValues[index + 1]!);
    }
  }

  #recall(key: number): PickleValue {
    const value = this.#memo.get(key);
    return value === undefined ? this.#fail(`recalls ${key}, which was never stored`) : value;
  }

  #top(): PickleValue {
    const top = this.#stack.at(-1);
    return top === undefined ? this.#fail('takes from an empty stack') : top;
  }

  #pop(): PickleValue {
    return this.#popMany(1)[0]!;
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length < count) this.#fail('takes from an empty stack');
    return this.#stack.splice(this.#stack.length - count);
  }

  #popToMark(): PickleValue[] {
    return this.#stack.splice(this.#marks.pop() ?? this.#fail('has a mark missing'));
  }

  #long(): PickleValue {
    const length = this.#uint8();
    const start = this.#advance(length);
    let value = 0n;
    for (let index = length - 1; index >= 0; index--)
      value = (value << 8n) | BigInt(this.#bytes.readUInt8(start + index));
    const signed = length === 0 ? 0n : BigInt.asIntN(8 * length, value);
    return signed >= BigInt(Number.MIN_SAFE_INTEGER) && signed <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(signed)
      : signed;
  }

  #line(): string {
    const end = this.#bytes.indexOf(10, this.position);
    if (end < 0) throw new RangeError('no end of line');
    return this.#bytes.toString('utf8', this.#advance(end + 1 - this.position), end);
  }

  #text(length: number): string {
    if (this.position + length > this.#bytes.length) throw new RangeError('text behind the end');
    const start = this.#advance(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  #uint8(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  #uint32(): number {
    return this.#bytes.readUInt32LE(this.#advance(4));
  }

  /** Moves on by `length` and returns where it was. */
  #advance(length: number): number {
    const start = this.position;
    this.position += length;
    return start;
  }

  #fail(what: string): never {
    throw new CorruptDataError(`${this.#label} ${what} (byte ${this.position})`, {
      fix: 'use a file that holds nothing but tensors',
    });
  }
}

import { UnavailableError } from '@rapport/core';

/** WebAssembly's binary format, as far as one function over float32 vectors needs it (webassembly.github.io/spec, chapter 5). */

/** Memory that kernels and typed arrays share. */
export interface Memory {
  readonly buffer: ArrayBuffer;
}

/** The part of the global `WebAssembly` that is used; the type library of the language itself has no entry for it. */
interface Runtime {
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => Memory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: Memory } },
  ) => { readonly exports: { readonly run: (...values: readonly number[]) => void } };
}

const runtime = (globalThis as typeof globalThis & { readonly WebAssembly: Runtime }).WebAssembly;

const PAGE = 65_536;

/**
 * Zeros; the size does not change.
 * @throws UnavailableError when the process may not reserve so much: each memory takes ten gigabytes of address space
 */
export function makeMemory(bytes: number): Memory {
  const pages = Math.max(1, Math.ceil(bytes / PAGE));
  try {
    return new runtime.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    const megabytes = Math.ceil(bytes / 2 ** 20);
    throw new UnavailableError(`there is no room for ${megabytes} MB of parameters, moments and gradients`, {
      fix: 'raise the limit on virtual memory (ulimit -v), or train a smaller network',
      cause,
    });
  }
}

/** The function `run` of a module whose memory is the given one. */
export function instantiate(bytes: Uint8Array<ArrayBuffer>, memory: Memory): (...values: readonly number[]) => void {
  return new runtime.Instance(new runtime.Module(bytes), { env: { memory } }).exports.run;
}

/** Value types. */
export const I32 = 0x7f;
export const F32 = 0x7d;
export const V128 = 0x7b;

/** Instructions without immediates; those of vectors have a prefix. */
export const op = {
  end: [0x0b],
  i32Add: [0x6a],
  i32GreaterThan: [0x4b],
} as const;

export const block = [0x02, 0x40];
export const loop = [0x03, 0x40];
export const branch = (depth: number): number[] => [0x0c, ...unsigned(depth)];
export const branchIf = (depth: number): number[] => [0x0d, ...unsigned(depth)];
export const localGet = (index: number): number[] => [0x20, ...unsigned(index)];
export const localSet = (index: number): number[] => [0x21, ...unsigned(index)];
export const i32Const = (value: number): number[] => [0x41, ...signed(value)];
export const f32Const = (value: number): number[] => [0x43, ...new Uint8Array(new Float32Array([value]).buffer)];

/** The instructions that one element type is computed with. */
export interface Lanes {
  readonly type: number;
  /** Bytes per step. */
  readonly size: number;
  readonly load: readonly number[];
  readonly store: readonly number[];
  /** From a float32 on the stack. */
  readonly spread: readonly number[];
  readonly neg: readonly number[];
  readonly sqrt: readonly number[];
  readonly add: readonly number[];
  readonly sub: readonly number[];
  readonly mul: readonly number[];
  readonly div: readonly number[];
  readonly minimum: readonly number[];
  readonly maximum: readonly number[];
}

const vector = (code: number): number[] => [0xfd, ...unsigned(code)];
/** Alignment of 2^2 bytes, no offset. */
const access = [0x02, 0x00];

/** Four float32 at a time. */
export const fourLanes: Lanes = {
  type: V128,
  size: 16,
  load: [...vector(0x00), ...access],
  store: [...vector(0x0b), ...access],
  spread: vector(0x13),
  neg: vector(0xe1),
  sqrt: vector(0xe3),
  add: vector(0xe4),
  sub: vector(0xe5),
  mul: vector(0xe6),
  div: vector(0xe7),
  minimum: vector(0xe8),
  maximum: vector(0xe9),
};

export const oneLane: Lanes = {
  type: F32,
  size: 4,
  load: [0x2a, ...access],
  store: [0x38, ...access],
  spread: [],
  neg: [0x8c],
  sqrt: [0x91],
  add: [0x92],
  sub: [0x93],
  mul: [0x94],
  div: [0x95],
  minimum: [0x96],
  maximum: [0x97],
};

/** A module that imports `env.memory` and exports the function `run`. */
export function encodeModule(
  parameters: readonly number[],
  locals: readonly number[],
  body: readonly number[],
): Uint8Array<ArrayBuffer> {
  const code = [...list(locals.map((type) => [1, type])), ...body, ...op.end];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [[0x60, ...list(parameters.map((type) => [type])), 0x00]]),
    ...section(2, [[...text('env'), ...text('memory'), 0x02, 0x00, 0x00]]),
    ...section(3, [[0x00]]),
    ...section(7, [[...text('run'), 0x00, 0x00]]),
    ...section(10, [sized(code)]),
  ]);
}

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  return [id, ...sized(list(entries))];
}

function list(entries: readonly (readonly number[])[]): number[] {
  return [...unsigned(entries.length), ...entries.flat()];
}

function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function text(value: string): number[] {
  return sized([...Buffer.from(value)]);
}

/** Variable-length integers (LEB128). */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const isLast = value >= -0x40 && value < 0x40;
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}

import { InputError } from '@rapport/core';
import { isMadeBy, type Tensor, topologicalOrder } from '../tensor.js';
import {
  block,
  branch,
  branchIf,
  encodeModule,
  F32,
  f32Const,
  fourLanes,
  I32,
  i32Const,
  instantiate,
  type Lanes,
  localGet,
  localSet,
  loop,
  type Memory,
  oneLane,
  op,
} from './wasm.js';

/** Reads and writes vectors in one pass. */
export interface VectorKernel {
  /**
   * @param vectors byte offsets in the memory, in the order in which they were declared
   * @param count numbers per vector
   * @param scalars in the order in which they were declared
   */
  run(vectors: readonly number[], count: number, scalars: readonly number[]): void;
}

/** What a kernel computes, element by element, in symbolic tensors. */
export interface KernelProgram {
  /** Vectors that are read, and written where a result says so. */
  readonly vectors: readonly Tensor[];
  readonly scalars: readonly Tensor[];
  /** New values by the vector that they replace. */
  readonly results: ReadonlyMap<Tensor, Tensor>;
}

/**
 * Compiles arithmetic on vectors into one WebAssembly loop, four numbers at a time. An optimiser step reads and writes some
 * ten vectors as long as all parameters; operator by operator each would pass through memory many times, and every new
 * vector would be copied once more on its way out of the graph.
 * @throws InputError when the program has an operator that is no plain arithmetic
 */
export function compileKernel(program: KernelProgram, memory: Memory): VectorKernel {
  const { vectors, scalars } = program;
  const parameters = [...vectors.map(() => I32), I32, ...scalars.map(() => F32)];
  const order = topologicalOrder([...program.results.values()]);
  const locals: number[] = [];
  const local = (type: number): number => parameters.length + locals.push(type) - 1;
  const position = local(I32);
  const end = vectors.length;

  // What is left of the last four numbers is done one by one.
  const body = [fourLanes, oneLane].flatMap((lanes) => {
    const places = new Map<Tensor, number>();
    const before: number[] = [];
    const inside: number[] = [];
    const place = (tensor: Tensor): number => {
      const made = local(lanes.type);
      places.set(tensor, made);
      return made;
    };
    const address = (vector: number) => [...localGet(vector), ...localGet(position), ...op.i32Add];
    for (const tensor of order) {
      const vector = vectors.indexOf(tensor);
      const scalar = scalars.indexOf(tensor);
      if (vector >= 0) inside.push(...address(vector), ...lanes.load, ...localSet(place(tensor)));
      else if (scalar >= 0) before.push(...localGet(end + 1 + scalar), ...lanes.spread, ...localSet(place(tensor)));
      else if (isMadeBy(tensor, 'constant') && tensor.shape.length === 0) {
        before.push(...f32Const(Number(tensor.attributes.data[0])), ...lanes.spread, ...localSet(place(tensor)));
      } else {
        const operands = tensor.inputs.flatMap((operand) => localGet(places.get(operand)!));
        inside.push(...operands, ...arithmetic(tensor, lanes, operands), ...localSet(place(tensor)));
      }
    }
    const stores = [...program.results].flatMap(([vector, value]) => [
      ...address(vectors.indexOf(vector)),
      ...localGet(places.get(value)!),
      ...lanes.store,
    ]);
    const advance = [...localGet(position), ...i32Const(lanes.size), ...op.i32Add, ...localSet(position)];
    const isOver = [...localGet(position), ...i32Const(lanes.size), ...op.i32Add, ...localGet(end)];
    return [
      ...before,
      ...block,
      ...loop,
      ...[...isOver, ...op.i32GreaterThan, ...branchIf(1)],
      ...[...inside, ...stores, ...advance],
      ...[...branch(0), ...op.end, ...op.end],
    ];
  });
  const run = instantiate(encodeModule(parameters, locals, body), memory);
  return { run: (offsets, count, values) => run(...offsets, 4 * count, ...values) };
}

/** The instruction of an operator; its operands lie on the stack. */
function arithmetic({ primitive }: Tensor, lanes: Lanes, operands: readonly number[]): readonly number[] {
  switch (primitive) {
    case 'square':
      return [...operands, ...lanes.mul];
    case 'neg':
    case 'sqrt':
    case 'add':
    case 'sub':
    case 'mul':
    case 'div':
    case 'minimum':
    case 'maximum':
      return lanes[primitive];
    default:
      throw new InputError(`an optimiser's update uses the operator "${primitive}"; expected plain arithmetic`);
  }
}

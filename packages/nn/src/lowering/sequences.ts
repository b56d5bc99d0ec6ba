import type { TensorOf } from '../tensor.js';
import type { Lowering } from './rules.js';

/** Rows of x [N, rows, C] picked by position, the one after the last being zeros: [N, positions, C]. */
function pickRows(
  { graph }: Lowering,
  rows: string,
  [batch, count, channels]: readonly number[],
  positions: Int32Array,
) {
  let padded = rows;
  if (positions.includes(count!)) {
    const zeros = graph.constant(new Float32Array(batch! * channels!), [batch!, 1, channels!]);
    padded = graph.emit('Concat', [rows, zeros], { axis: 1 });
  }
  return graph.emit('Gather', [padded, graph.constant(positions, [positions.length])], { axis: 1 });
}

/** One copy of each window's steps. */
export function lowerUnfold({ inputs: [x], attributes, shape }: TensorOf<'unfold'>, to: Lowering): string {
  const { kernel, stride, pads } = attributes;
  const steps = x!.shape[1]!;
  const positions = new Int32Array(shape[1]! * kernel);
  for (let at = 0; at < positions.length; at++) {
    const step = Math.floor(at / kernel) * stride - pads[0] + (at % kernel);
    positions[at] = step >= 0 && step < steps ? step : steps;
  }
  const picked = pickRows(to, to.name(x!), x!.shape, positions);
  return to.graph.emit('Reshape', [picked, to.graph.integers(shape)]);
}

/** For each step a copy of the windows' rows that lie over it, and their sum. */
export function lowerFold({ inputs: [x], attributes, shape }: TensorOf<'fold'>, to: Lowering): string {
  const { kernel, stride, pads } = attributes;
  const [batch, size, channels] = shape as [number, number, number];
  const windows = x!.shape[1]!;
  const over = Array.from({ length: size }, (): number[] => []);
  for (let row = 0; row < windows * kernel; row++) {
    over[Math.floor(row / kernel) * stride - pads[0] + (row % kernel)]?.push(row);
  }
  return sumRows(to, to.name(x!), [batch, windows * kernel, channels], over);
}

/** Sums of rows of x, of the shape [N, rows, C], by position: [N, sums, C]. */
export function sumRows(
  to: Lowering,
  x: string,
  shape: readonly [number, number, number],
  over: readonly (readonly number[])[],
): string {
  const { graph } = to;
  const [batch, count, channels] = shape;
  const most = Math.max(1, ...over.map((rows) => rows.length));
  const positions = Int32Array.from(
    over.flatMap((rows) => [...rows, ...Array.from({ length: most - rows.length }, () => count)]),
  );
  const picked = pickRows(to, graph.emit('Reshape', [x, graph.integers(shape)]), shape, positions);
  if (most === 1) return picked;
  const grouped = graph.emit('Reshape', [picked, graph.integers([batch * over.length, most, channels])]);
  const total = graph.emit('ReduceSum', [grouped, graph.integers([1])], { keepdims: 0 });
  return graph.emit('Reshape', [total, graph.integers([batch, over.length, channels])]);
}

import { CorruptDataError } from '@rapport/core';
import { NumpyRandomState } from '../numpy/random-state.js';
import { containedFraction, drawSweepLayout, type SweepVariant, sweepVariants } from './sweep-to-top.js';
import { type RecordedTrace, readTraceFile } from './trace-file.js';
import { XMagicalWorld } from './world.js';

/** How far one column strays from the recording. */
export interface ColumnDeviation {
  readonly name: string;
  /** Largest absolute difference over the rows. */
  readonly largest: number;
  /** Row in which it occurs: 0 is the start, row n the state after step n. */
  readonly row: number;
}

/** A replayed trace. */
export interface TraceReport {
  readonly id: string;
  readonly embodiment: string;
  readonly variant: string;
  /** Control steps, or solver steps of a sub-step trace. */
  readonly steps: number;
  readonly columns: readonly ColumnDeviation[];
  /** The largest over all columns. */
  readonly largest: number;
  /** Undefined for a sub-step trace, which has no rewards. */
  readonly rewardsEqual: boolean | undefined;
  /**
   * `A`: sub-step traces in free motion, within 1e-9. `B`: traces whose name begins with `push-`, within 1e-6. `C`: all
   * others, within 1e-5. B and C ask for equal rewards as well.
   */
  readonly gate: 'A' | 'B' | 'C';
  readonly tolerance: number;
  readonly passed: boolean;
}

export interface ConformanceReport {
  readonly traces: readonly TraceReport[];
  readonly passed: boolean;
}

const tolerances = { A: 1e-9, B: 1e-6, C: 1e-5 } as const;

/**
 * Replays traces recorded from the original x-magical on SweepToTop and compares every number of every row.
 * @param text contents of a trace file: one JSON object with `traces` (a row per control step) and `substeps` (a row per
 * solver step), as `tests/fixtures/xmagical/README.md` describes
 * @param name of the file, for messages
 * @throws CorruptDataError when the file is not of that layout, naming the entry
 */
export function replayTraces(text: string, name: string): ConformanceReport {
  const traces = readTraceFile(text, name).map((trace) => replayTrace(trace, name));
  return { traces, passed: traces.every((trace) => trace.passed) };
}

function replayTrace(trace: RecordedTrace, fileName: string): TraceReport {
  const { id, embodiment, columns, rows } = trace;
  const variant = sweepVariants.find((known) => known === trace.variant);
  if (variant === undefined) {
    throw new CorruptDataError(
      `${fileName}: trace ${id} has variant "${trace.variant}"; expected one of ${sweepVariants.join(', ')}`,
    );
  }
  const world = startWorld(trace, variant);
  const deviations = columns.map((column) => ({ name: column, largest: 0, row: 0 }));
  const compare = (expected: readonly number[], row: number) => {
    deviations.forEach((deviation, index) => {
      const difference = Math.abs(readColumn(world, deviation.name) - expected[index]!);
      // A difference that is not a number must not pass for none.
      if (!(difference <= deviation.largest)) Object.assign(deviation, { largest: difference, row });
    });
  };

  let rewardsEqual = true;
  if (trace.initial !== undefined) compare(trace.initial, 0);
  rows.forEach((row, index) => {
    if (trace.kind === 'control') {
      world.step(trace.actions[index]!);
      if (Math.abs(containedFraction(world) - trace.rewards[index]!) > 1e-9) rewardsEqual = false;
    } else {
      world.setAction(trace.actions[index]!);
      world.substep();
    }
    compare(row, index + 1);
  });

  const gate = trace.kind === 'solver' ? 'A' : id.startsWith('push-') ? 'B' : 'C';
  const tolerance = tolerances[gate];
  const largest = deviations.reduce((worst, deviation) => Math.max(worst, deviation.largest), 0);
  return {
    id,
    embodiment,
    variant,
    steps: rows.length,
    columns: deviations,
    largest,
    rewardsEqual: trace.kind === 'control' ? rewardsEqual : undefined,
    gate,
    tolerance,
    passed: largest <= tolerance && rewardsEqual,
  };
}

function startWorld(trace: RecordedTrace, variant: SweepVariant): XMagicalWorld {
  return new XMagicalWorld(trace.embodiment, drawSweepLayout(variant, new NumpyRandomState(trace.seed)));
}

/** A quantity of the world by its column name in a trace. */
function readColumn(world: XMagicalWorld, column: string): number {
  const { robot } = world;
  switch (column) {
    case 'x':
      return robot.x;
    case 'y':
      return robot.y;
    case 'theta':
      return robot.angle;
    case 'vx':
      return robot.velocityX;
    case 'vy':
      return robot.velocityY;
    case 'omega':
      return robot.angularVelocity;
    case 'fingerL_rel':
      return world.fingerAngle(0) ?? Number.NaN;
    case 'fingerR_rel':
      return world.fingerAngle(1) ?? Number.NaN;
    default: {
      const block = world.blocks[Number(column[1]) - 1];
      if (block === undefined) return Number.NaN;
      return column.endsWith('theta') ? block.angle : column.endsWith('x') ? block.x : block.y;
    }
  }
}

import type { StateReader } from '../chipmunk/snapshot.js';
import { type BlockColour, blockColours } from '../render/palette.js';
import type { BlockLayout, Layout } from './layout.js';
import type { BlockShape, FloorRectangle } from './view.js';

const shapes: readonly BlockShape[] = ['square', 'pentagon', 'star', 'circle'];
const colours = Object.keys(blockColours).filter((name): name is BlockColour => name in blockColours);
/** More blocks or zones than an arena can hold: a greater count is damage. */
const MOST = 64;

/** Appends a layout as numbers; `readLayout` gives an equal one. */
export function writeLayout(layout: Layout, out: number[]): void {
  const { robot, blocks, goal, zones, dynamics } = layout;
  out.push(robot.x, robot.y, robot.angle, blocks.length);
  for (const { shape, colour, x, y, angle } of blocks) {
    out.push(shapes.indexOf(shape), colours.indexOf(colour), x, y, angle);
  }
  writeRectangle(goal, out);
  out.push(colours.indexOf(goal.colour), zones.length);
  for (const zone of zones) writeRectangle(zone, out);
  out.push(dynamics.drive, dynamics.turn, dynamics.finger, dynamics.blockFriction, dynamics.blockFrictionTorque);
}

/** @throws CorruptDataError when the numbers are no layout */
export function readLayout(reader: StateReader): Layout {
  const robot = { x: reader.next(), y: reader.next(), angle: reader.next() };
  const blocks = readList(
    reader,
    'block count',
    (): BlockLayout => ({
      shape: shapes[reader.integer('block shape', 0, shapes.length - 1)]!,
      colour: readColour(reader),
      x: reader.next(),
      y: reader.next(),
      angle: reader.next(),
    }),
  );
  const goal = { ...readRectangle(reader), colour: readColour(reader) };
  const zones = readList(reader, 'zone count', () => readRectangle(reader));
  const dynamics = {
    drive: reader.next(),
    turn: reader.next(),
    finger: reader.next(),
    blockFriction: reader.next(),
    blockFrictionTorque: reader.next(),
  };
  return { robot, blocks, goal, zones, dynamics };
}

function readList<T>(reader: StateReader, what: string, readItem: () => T): T[] {
  return Array.from({ length: reader.integer(what, 0, MOST) }, readItem);
}

function readColour(reader: StateReader): BlockColour {
  return colours[reader.integer('colour', 0, colours.length - 1)]!;
}

function writeRectangle({ left, right, bottom, top }: FloorRectangle, out: number[]): void {
  out.push(left, right, bottom, top);
}

function readRectangle(reader: StateReader): FloorRectangle {
  return { left: reader.next(), right: reader.next(), bottom: reader.next(), top: reader.next() };
}

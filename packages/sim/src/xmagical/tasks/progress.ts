import type { ArenaState } from '../arena-state.js';

/**
 * How far the blocks have come from their start to the line y = `goalY`: the mean over the blocks of
 * clip((y - y_start) / (goalY - y_start), 0, 1).
 */
export function blockProgress(arena: ArenaState, goalY: number): number {
  const { blocks, layout } = arena;
  let sum = 0;
  for (let index = 0; index < blocks.length; index++) {
    const startY = layout.blocks[index]!.y;
    sum += Math.min(Math.max((blocks[index]!.y - startY) / (goalY - startY), 0), 1);
  }
  return sum / blocks.length;
}

import type { Shape } from './shape.js';
import type { StateReader } from './snapshot.js';

/** Share of its size, and seconds of its velocity, by which a shape's box is widened: single precision, as in Chipmunk. */
const MARGIN = Math.fround(0.1);

/** Told of every pair of shapes that may touch. Returns what the pair should be called with next time. */
export type PairVisitor = (a: Shape, b: Shape, searchId: number) => number;

/** A node of a tree of bounding boxes; a leaf has a shape, an inner node two children. */
class TreeNode {
  left = 0;
  right = 0;
  bottom = 0;
  top = 0;
  shape: Shape | undefined;
  parent: TreeNode | undefined;
  a: TreeNode | undefined;
  b: TreeNode | undefined;
  /** Of a leaf: the tree's stamp when it was last put in. */
  stamp = 0;
  /** Of a leaf: the newest of its pairs; the older ones follow. */
  pairs: LeafPair | undefined;
}

/** Two leaves whose boxes overlap, linked into the pair lists of both; `a` lies left of `b` in the tree. */
class LeafPair {
  a: TreeNode | undefined;
  b: TreeNode | undefined;
  previousOfA: LeafPair | undefined;
  nextOfA: LeafPair | undefined;
  previousOfB: LeafPair | undefined;
  nextOfB: LeafPair | undefined;
  searchId = 0;
  /** Counts up over all pairs: the lists are in falling order of it. */
  serial = 0;
}

/**
 * Finds pairs of shapes with overlapping boxes: two dynamic trees of bounding boxes (moving shapes, still shapes) with
 * cached pairs. Boxes are widened, so that a leaf moves in the tree only when its shape has left its box. The order in
 * which pairs are visited is part of the physics, because it orders the contact solver: it is Chipmunk 7's.
 */
export class BroadPhase {
  #movingRoot: TreeNode | undefined;
  #stillRoot: TreeNode | undefined;
  /** Leaf of the shape with that number. */
  readonly #leaves: TreeNode[] = [];
  /** Leaves of moving shapes in the order in which they are brought up to date. */
  readonly #movingLeaves: TreeNode[] = [];
  #stamp = 0;
  #serial = 0;
  readonly #spareNodes: TreeNode[] = [];
  readonly #sparePairs: LeafPair[] = [];

  /** Adds a shape that never moves; all of them come before the first moving one. */
  addStill(shape: Shape): void {
    const leaf = new TreeNode();
    leaf.shape = shape;
    leaf.left = shape.left;
    leaf.right = shape.right;
    leaf.bottom = shape.bottom;
    leaf.top = shape.top;
    leaf.stamp = this.#stamp;
    this.#stillRoot = this.#insert(this.#stillRoot, leaf);
    this.#leaves[shape.id] = leaf;
    this.#stamp += 1;
  }

  addMoving(shape: Shape): void {
    const leaf = new TreeNode();
    leaf.shape = shape;
    widen(leaf, shape);
    leaf.stamp = this.#stamp;
    this.#movingRoot = this.#insert(this.#movingRoot, leaf);
    this.#visitLeaf(leaf, undefined);
    this.#stamp += 1;
    this.#leaves[shape.id] = leaf;
    this.#movingLeaves.push(leaf);
    this.#orderLeaves();
  }

  /** Brings the trees up to date with the shapes' boxes, then visits every pair that may touch. */
  visitPairs(visit: PairVisitor): void {
    const leaves = this.#movingLeaves;
    for (let index = 0; index < leaves.length; index++) this.#updateLeaf(leaves[index]!);
    if (this.#movingRoot !== undefined) this.#visitSubtree(this.#movingRoot, visit);
    this.#stamp += 1;
  }

  /** Appends what the next pass depends on; the tree of still shapes never changes. */
  save(out: number[]): void {
    out.push(this.#stamp);
    if (this.#movingRoot !== undefined) saveSubtree(this.#movingRoot, out);
    const pairs = new Set<LeafPair>();
    for (const leaf of this.#movingLeaves) {
      for (let pair = leaf.pairs; pair !== undefined; pair = pair.a === leaf ? pair.nextOfA : pair.nextOfB) {
        pairs.add(pair);
      }
    }
    out.push(pairs.size);
    for (const pair of [...pairs].sort((one, other) => one.serial - other.serial)) {
      out.push(pair.a!.shape!.id, pair.b!.shape!.id, pair.searchId);
    }
  }

  /** Takes over what `save` wrote for a broad phase with the same shapes. */
  load(reader: StateReader): void {
    for (const leaf of this.#leaves) leaf.pairs = undefined;
    this.#stamp = reader.next();
    if (this.#movingRoot !== undefined) {
      this.#movingRoot = this.#loadSubtree(reader);
      this.#movingRoot.parent = undefined;
    }
    const last = this.#leaves.length - 1;
    const pairCount = reader.integer('pair count', 0, this.#leaves.length ** 2);
    for (let index = 0; index < pairCount; index++) {
      const a = this.#leaves[reader.integer('shape number', 0, last)]!;
      const b = this.#leaves[reader.integer('shape number', 0, last)]!;
      this.#addPair(a, b, reader.next());
    }
  }

  #loadSubtree(reader: StateReader): TreeNode {
    const id = reader.integer('shape number', -1, this.#leaves.length - 1);
    if (id < 0) {
      const a = this.#loadSubtree(reader);
      return this.#join(a, this.#loadSubtree(reader));
    }
    const leaf = this.#leaves[id]!;
    leaf.left = reader.next();
    leaf.right = reader.next();
    leaf.bottom = reader.next();
    leaf.top = reader.next();
    leaf.stamp = reader.next();
    return leaf;
  }

  /**
   * Chipmunk keeps leaves in a hash table with a prime number of bins and goes through it bin by bin: the order is that
   * of the shapes' numbers modulo the table's size.
   */
  #orderLeaves(): void {
    const count = this.#movingLeaves.length;
    const bins = [5, 13, 23, 47, 97, 193, 389].find((size) => size > count);
    if (bins === undefined) throw new Error(`${count} moving shapes; the broad phase is made for fewer than 389`);
    this.#movingLeaves.sort((one, other) => (one.shape!.id % bins) - (other.shape!.id % bins));
  }

  #updateLeaf(leaf: TreeNode): void {
    const shape = leaf.shape!;
    if (leaf.left <= shape.left && leaf.right >= shape.right && leaf.bottom <= shape.bottom && leaf.top >= shape.top) {
      return;
    }
    widen(leaf, shape);
    this.#movingRoot = this.#insert(this.#remove(this.#movingRoot!, leaf), leaf);
    this.#dropPairs(leaf);
    leaf.stamp = this.#stamp;
  }

  #visitSubtree(node: TreeNode, visit: PairVisitor): void {
    if (node.shape !== undefined) {
      this.#visitLeaf(node, visit);
    } else {
      this.#visitSubtree(node.a!, visit);
      this.#visitSubtree(node.b!, visit);
    }
  }

  /** A leaf put in during this pass looks for its pairs in the trees; another one goes through those it has. */
  #visitLeaf(leaf: TreeNode, visit: PairVisitor | undefined): void {
    if (leaf.stamp === this.#stamp) {
      if (this.#stillRoot !== undefined) this.#searchRight(this.#stillRoot, leaf, visit);
      for (let node = leaf; node.parent !== undefined; node = node.parent) {
        const { parent } = node;
        if (node === parent.a) this.#searchLeft(parent.b!, leaf);
        else this.#searchRight(parent.a!, leaf, visit);
      }
      return;
    }
    if (visit === undefined) return;
    let pair = leaf.pairs;
    while (pair !== undefined) {
      if (pair.b === leaf) {
        pair.searchId = visit(pair.a!.shape!, leaf.shape!, pair.searchId);
        pair = pair.nextOfB;
      } else {
        pair = pair.nextOfA;
      }
    }
  }

  /** Pairs the leaf with overlapping leaves of a subtree to its right; they are visited when the pass comes to them. */
  #searchLeft(node: TreeNode, leaf: TreeNode): void {
    if (!boxesOverlap(node, leaf)) return;
    if (node.shape !== undefined) {
      this.#addPair(leaf, node, 0);
    } else {
      this.#searchLeft(node.a!, leaf);
      this.#searchLeft(node.b!, leaf);
    }
  }

  /** Visits the leaf with overlapping leaves of a subtree to its left; those put in in this pass have paired already. */
  #searchRight(node: TreeNode, leaf: TreeNode, visit: PairVisitor | undefined): void {
    if (!boxesOverlap(node, leaf)) return;
    if (node.shape !== undefined) {
      if (node.stamp < leaf.stamp) this.#addPair(node, leaf, 0);
      if (visit !== undefined) visit(leaf.shape!, node.shape, 0);
    } else {
      this.#searchRight(node.a!, leaf, visit);
      this.#searchRight(node.b!, leaf, visit);
    }
  }

  /** Puts a leaf where it makes the boxes grow least; returns the subtree's new root. */
  #insert(node: TreeNode | undefined, leaf: TreeNode): TreeNode {
    if (node === undefined) return leaf;
    if (node.shape !== undefined) return this.#join(leaf, node);
    const a = node.a!;
    const b = node.b!;
    if (fitsBetter(b, a, leaf)) {
      node.b = this.#insert(b, leaf);
      node.b.parent = node;
    } else {
      node.a = this.#insert(a, leaf);
      node.a.parent = node;
    }
    enclose(node, node, leaf);
    return node;
  }

  #join(a: TreeNode, b: TreeNode): TreeNode {
    const node = this.#spareNodes.pop() ?? new TreeNode();
    node.parent = undefined;
    node.a = a;
    node.b = b;
    a.parent = node;
    b.parent = node;
    enclose(node, a, b);
    return node;
  }

  /** Takes a leaf out; returns the new root. */
  #remove(root: TreeNode, leaf: TreeNode): TreeNode | undefined {
    const { parent } = leaf;
    if (parent === undefined) return undefined;
    const sibling = parent.a === leaf ? parent.b! : parent.a!;
    const grandparent = parent.parent;
    sibling.parent = grandparent;
    leaf.parent = undefined;
    this.#spareNodes.push(parent);
    if (grandparent === undefined) return sibling;
    if (grandparent.a === parent) grandparent.a = sibling;
    else grandparent.b = sibling;
    for (let node: TreeNode | undefined = grandparent; node !== undefined; node = node.parent) {
      enclose(node, node.a!, node.b!);
    }
    return root;
  }

  #addPair(a: TreeNode, b: TreeNode, searchId: number): void {
    const pair = this.#sparePairs.pop() ?? new LeafPair();
    pair.a = a;
    pair.b = b;
    pair.searchId = searchId;
    pair.serial = this.#serial;
    this.#serial += 1;
    pair.previousOfA = undefined;
    pair.previousOfB = undefined;
    pair.nextOfA = a.pairs;
    pair.nextOfB = b.pairs;
    if (a.pairs !== undefined) setPrevious(a.pairs, a, pair);
    if (b.pairs !== undefined) setPrevious(b.pairs, b, pair);
    a.pairs = pair;
    b.pairs = pair;
  }

  #dropPairs(leaf: TreeNode): void {
    let pair = leaf.pairs;
    leaf.pairs = undefined;
    while (pair !== undefined) {
      const { a, b } = pair;
      const next: LeafPair | undefined = a === leaf ? pair.nextOfA : pair.nextOfB;
      if (a === leaf) unlink(b!, pair.previousOfB, pair.nextOfB);
      else unlink(a!, pair.previousOfA, pair.nextOfA);
      this.#sparePairs.push(pair);
      pair = next;
    }
  }
}

/** Nodes in preorder: -1 for an inner one, shape number, box and stamp for a leaf. */
function saveSubtree(node: TreeNode, out: number[]): void {
  if (node.shape !== undefined) {
    out.push(node.shape.id, node.left, node.right, node.bottom, node.top, node.stamp);
    return;
  }
  out.push(-1);
  saveSubtree(node.a!, out);
  saveSubtree(node.b!, out);
}

/** Takes a pair out of the list of one of its leaves, given its neighbours in that list. */
function unlink(leaf: TreeNode, previous: LeafPair | undefined, next: LeafPair | undefined): void {
  if (next !== undefined) setPrevious(next, leaf, previous);
  if (previous === undefined) leaf.pairs = next;
  else if (previous.a === leaf) previous.nextOfA = next;
  else previous.nextOfB = next;
}

function setPrevious(pair: LeafPair, leaf: TreeNode, previous: LeafPair | undefined): void {
  if (pair.a === leaf) pair.previousOfA = previous;
  else pair.previousOfB = previous;
}

/** The shape's box, widened by a tenth of its size, or where that is more by a tenth of a second of its velocity. */
function widen(leaf: TreeNode, shape: Shape): void {
  const marginX = (shape.right - shape.left) * MARGIN;
  const marginY = (shape.top - shape.bottom) * MARGIN;
  const driftX = shape.body.velocityX * MARGIN;
  const driftY = shape.body.velocityY * MARGIN;
  leaf.left = shape.left + Math.min(-marginX, driftX);
  leaf.bottom = shape.bottom + Math.min(-marginY, driftY);
  leaf.right = shape.right + Math.max(marginX, driftX);
  leaf.top = shape.top + Math.max(marginY, driftY);
}

function enclose(node: TreeNode, a: TreeNode, b: TreeNode): void {
  node.left = Math.min(a.left, b.left);
  node.right = Math.max(a.right, b.right);
  node.bottom = Math.min(a.bottom, b.bottom);
  node.top = Math.max(a.top, b.top);
}

function boxesOverlap(a: TreeNode, b: TreeNode): boolean {
  return a.left <= b.right && b.left <= a.right && a.bottom <= b.top && b.bottom <= a.top;
}

/** Whether a leaf makes the boxes grow less below one of two siblings than below the other. */
function fitsBetter(one: TreeNode, other: TreeNode, leaf: TreeNode): boolean {
  const costOne = area(other) + mergedArea(one, leaf);
  const costOther = area(one) + mergedArea(other, leaf);
  return costOne === costOther ? nearness(one, leaf) < nearness(other, leaf) : costOne < costOther;
}

function area(node: TreeNode): number {
  return (node.right - node.left) * (node.top - node.bottom);
}

function mergedArea(a: TreeNode, b: TreeNode): number {
  return (
    (Math.max(a.right, b.right) - Math.min(a.left, b.left)) * (Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom))
  );
}

/** Distance of the boxes' centres, for ties. */
function nearness(a: TreeNode, b: TreeNode): number {
  return Math.abs(a.left + a.right - b.left - b.right) + Math.abs(a.bottom + a.top - b.bottom - b.top);
}

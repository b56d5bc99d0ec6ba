import { InputError } from '@rapport/core';

/** What an MJCF attribute can hold; arrays are written with blanks between the numbers. */
export type MjcfValue = string | number | boolean | readonly number[];

/** An element of MJCF, MuJoCo's XML model format (https://mujoco.readthedocs.io/en/3.9.0/XMLreference.html). */
export interface MjcfNode {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, MjcfValue>>;
  readonly children: readonly MjcfNode[];
}

/** An MJCF element; attributes that are undefined are left out. */
export function mjcf(
  tag: string,
  attributes: Readonly<Record<string, MjcfValue | undefined>> = {},
  children: readonly MjcfNode[] = [],
): MjcfNode {
  const given = Object.entries(attributes).filter((entry): entry is [string, MjcfValue] => entry[1] !== undefined);
  return { tag, attributes: Object.fromEntries(given), children };
}

/**
 * Writes a tree as XML text.
 * @throws InputError when a number is not finite, naming element and attribute
 */
export function writeMjcf(root: MjcfNode): string {
  const lines: string[] = [];
  append(root, '', lines);
  return `${lines.join('\n')}\n`;
}

function append(node: MjcfNode, indent: string, lines: string[]): void {
  const attributes = Object.entries(node.attributes).map(
    ([name, value]) => ` ${name}="${escapeText(format(value, node, name))}"`,
  );
  const opening = `${indent}<${node.tag}${attributes.join('')}`;
  if (node.children.length === 0) {
    lines.push(`${opening}/>`);
    return;
  }
  lines.push(`${opening}>`);
  for (const child of node.children) append(child, `${indent}  `, lines);
  lines.push(`${indent}</${node.tag}>`);
}

function format(value: MjcfValue, node: MjcfNode, name: string): string {
  const numbers = typeof value === 'number' ? [value] : typeof value === 'object' ? value : [];
  if (!numbers.every(Number.isFinite)) {
    throw new InputError(`MJCF <${node.tag}> attribute ${name} is ${numbers.join(' ')}; expected finite numbers`);
  }
  return typeof value === 'object' ? value.join(' ') : String(value);
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

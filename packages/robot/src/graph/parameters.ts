import { InputError } from '@rapport/core';
import type { Native, NativeNode, NativeParameter } from './native.js';

/** A parameter with its default; the node's YAML file and `-p name:=value` override it. */
export type ParameterDefinition = {
  readonly description: string;
  /** Cannot be changed while the node runs. */
  readonly readOnly?: boolean;
} & (
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string; readonly choices?: readonly string[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'integer' | 'double'; readonly value: number; readonly low: number; readonly high: number }
);

export type ParameterDefinitions = Readonly<Record<string, ParameterDefinition>>;

/** Values by name, typed by the definitions. */
export type ParameterValues<D extends ParameterDefinitions> = {
  readonly [Name in keyof D]: D[Name] extends { type: 'boolean' }
    ? boolean
    : D[Name] extends { type: 'string' }
      ? string
      : D[Name] extends { type: 'strings' }
        ? readonly string[]
        : number;
};

/** rcl_interfaces/msg/ParameterType. */
const typeNumbers = { boolean: 1, integer: 2, double: 3, string: 4, strings: 9 } as const;

/** A node's parameters. */
export class Parameters<D extends ParameterDefinitions> {
  readonly #native: Native;
  readonly #node: NativeNode;
  readonly #definitions: D;

  /**
   * Declares the parameters, with the values that the node was started with.
   * @param onChange told after a change, by whoever made it; a thrown InputError is logged, the change stays
   * @throws InputError when a value that the node was started with has another type or is out of range
   */
  constructor(
    native: Native,
    node: NativeNode,
    definitions: D,
    onChange: (values: ParameterValues<D>, changed: readonly string[]) => void,
  ) {
    this.#native = native;
    this.#node = node;
    this.#definitions = definitions;
    for (const [name, definition] of Object.entries(definitions)) this.#declare(name, definition);
    node.addOnSetParametersCallback((parameters) => {
      const reason = parameters.map((parameter) => this.#refusal(parameter)).find((text) => text !== undefined);
      return { successful: reason === undefined, reason: reason ?? '' };
    });
    node.addPostSetParametersCallback((parameters) => {
      const changed = parameters.map(({ name }) => name).filter((name) => name in definitions);
      if (changed.length > 0) onChange(this.values, changed);
    });
  }

  /** The present values. */
  get values(): ParameterValues<D> {
    const entries = Object.keys(this.#definitions).map((name) => [name, plain(this.#node.getParameter(name).value)]);
    return Object.fromEntries(entries) as ParameterValues<D>;
  }

  /** @throws InputError when the value is refused */
  set(name: keyof D & string, value: boolean | number | string): void {
    const type = this.#definitions[name]!.type;
    const { rclnodejs } = this.#native;
    const parameter = new rclnodejs.Parameter(name, typeNumbers[type], toNative(type, value));
    const { successful, reason } = this.#node.setParameter(parameter);
    if (!successful) throw new InputError(`parameter ${name} cannot be ${value}: ${reason}`);
  }

  #declare(name: string, definition: ParameterDefinition): void {
    const { rclnodejs } = this.#native;
    const { type, value, description, readOnly = false } = definition;
    const number = typeNumbers[type];
    const parameter = new rclnodejs.Parameter(name, number, toNative(type, value));
    const descriptor = new rclnodejs.ParameterDescriptor(name, number, description, readOnly, this.#range(definition));
    try {
      this.#node.declareParameter(parameter, descriptor);
    } catch (cause) {
      throw new InputError(
        `parameter ${name} of this node has a value that it cannot have: expected ${expected(definition)}`,
        {
          cause,
        },
      );
    }
    const refusal = this.#refusal(this.#node.getParameter(name));
    if (refusal !== undefined) throw new InputError(refusal);
  }

  #range(definition: ParameterDefinition): object | undefined {
    const { rclnodejs } = this.#native;
    if (definition.type === 'double') return new rclnodejs.FloatingPointRange(definition.low, definition.high, 0);
    if (definition.type !== 'integer') return undefined;
    return new rclnodejs.IntegerRange(BigInt(definition.low), BigInt(definition.high), 1n);
  }

  /** Why a value cannot be, as one line; undefined when it can. */
  #refusal({ name, value }: NativeParameter): string | undefined {
    const definition = this.#definitions[name];
    if (definition === undefined) return undefined;
    const given = plain(value);
    const fits =
      definition.type === 'double' || definition.type === 'integer'
        ? typeof given === 'number' && given >= definition.low && given <= definition.high
        : definition.type !== 'string' || definition.choices?.includes(String(given)) !== false;
    return fits ? undefined : `parameter ${name} is ${given}; expected ${expected(definition)}`;
  }
}

function expected(definition: ParameterDefinition): string {
  if (definition.type === 'double' || definition.type === 'integer') {
    return `a${definition.type === 'integer' ? 'n integer' : ' number'} from ${definition.low} to ${definition.high}`;
  }
  if (definition.type === 'string' && definition.choices !== undefined)
    return `one of ${definition.choices.join(', ')}`;
  return `a ${definition.type}`;
}

function toNative(type: ParameterDefinition['type'], value: unknown): unknown {
  return type === 'integer' ? BigInt(value as number) : value;
}

function plain(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

import { InputError, type Policy, type PolicySignature, RandomStream } from '@rapport/core';
import type { RunnableModel, RuntimeValue, TensorData } from '@rapport/nn';
import { FrameStacker } from '../sac/frame-stack.js';
import { type BoundInput, bindModel, type OnnxBinding, type Scaling } from './binding.js';
import type { OnnxCard } from './card.js';

/**
 * A policy that is an ONNX model of any make. It sees the last `observationSteps` observations, oldest first (the first one
 * fills the past at the start); where it gives a chunk of actions, some of them are executed before it is run again
 * (receding horizon).
 */
export class OnnxPolicy implements Policy {
  readonly name: string;
  readonly signature: PolicySignature;
  readonly #model: RunnableModel;
  readonly #output: string;
  readonly #binding: OnnxBinding;
  readonly #feeders: readonly Feeder[];
  #stream = new RandomStream(0, 'onnx');
  #actions: Float32Array[] = [];

  /**
   * @param source the model's file, for errors
   * @throws InputError when card and model do not fit each other
   */
  constructor(model: RunnableModel, card: OnnxCard, source: string) {
    this.#model = model;
    this.#binding = bindModel(model, card, source);
    this.#output = card.output;
    this.#feeders = this.#binding.inputs.map((input) => makeFeeder(input, this.#binding.observationSteps));
    this.name = card.name;
    this.signature = this.#binding.signature;
  }

  reset(seed: number): void {
    this.#stream = new RandomStream(seed, 'onnx');
    this.#actions = [];
    for (const feeder of this.#feeders) feeder.reset();
  }

  /** @throws InputError when the vector or the pictures have another size than the model takes */
  async act(observation: Float32Array, pictures: readonly Uint8Array[] = []): Promise<Float32Array> {
    this.#check(observation, pictures);
    for (const feeder of this.#feeders) feeder.observe(observation, pictures);
    if (this.#actions.length === 0) this.#actions = await this.#plan();
    return this.#actions.shift()!;
  }

  /** Frees native memory. */
  close(): Promise<void> {
    return this.#model.close();
  }

  #check(observation: Float32Array, pictures: readonly Uint8Array[]): void {
    const { observationSize, cameras } = this.signature;
    if (observationSize !== undefined && observation.length !== observationSize) {
      throw new InputError(
        `policy "${this.name}" was given ${observation.length} observed numbers; expected ${observationSize}`,
      );
    }
    cameras.forEach(({ camera, width, height }, index) => {
      const bytes = pictures[index]?.length ?? 0;
      if (bytes === 3 * width * height) return;
      throw new InputError(
        `policy "${this.name}" was given ${bytes} bytes of camera "${camera}"; expected 3 x ${height} x ${width}`,
      );
    });
  }

  async #plan(): Promise<Float32Array[]> {
    const { inputs, firstAction, actionSteps, actionSize, outputScaling } = this.#binding;
    const feeds = Object.fromEntries(inputs.map(({ name }, index) => [name, this.#feeders[index]!.feed(this.#stream)]));
    const results: Record<string, TensorData> = await this.#model.run(feeds);
    const values = Float32Array.from(results[this.#output]!, Number);
    return Array.from({ length: actionSteps }, (_, index) => {
      const first = (firstAction + index) * actionSize;
      return denormalized(values.slice(first, first + actionSize), outputScaling);
    });
  }
}

/** Collects what one input is fed. */
interface Feeder {
  reset(): void;
  observe(observation: Float32Array, pictures: readonly Uint8Array[]): void;
  feed(stream: RandomStream): RuntimeValue;
}

function makeFeeder(input: BoundInput, steps: number): Feeder {
  switch (input.kind) {
    case 'state': {
      const { start, end, shape, scaling } = input;
      return history(end - start, steps, shape, (observation) => normalized(observation.slice(start, end), scaling));
    }
    case 'camera': {
      const size = input.shape.slice(-3).reduce((product, one) => product * one, 1);
      const floats = history(size, steps, input.shape, (_, pictures) => pictureValues(pictures[input.index]!, input));
      if (input.dtype === 'float32') return floats;
      const bytes = (value: RuntimeValue): RuntimeValue => ({
        ...value,
        dtype: 'uint8',
        data: Uint8Array.from(value.data, Number),
      });
      return { ...floats, feed: (stream) => bytes(floats.feed(stream)) };
    }
    case 'noise': {
      const { shape } = input;
      const size = shape.reduce((product, one) => product * one, 1);
      return {
        reset: () => undefined,
        observe: () => undefined,
        feed: (stream) => ({ dtype: 'float32', shape, data: stream.fillNormal(new Float32Array(size)) }),
      };
    }
  }
}

function history(
  size: number,
  steps: number,
  shape: readonly number[],
  read: (observation: Float32Array, pictures: readonly Uint8Array[]) => Float32Array,
): Feeder {
  const stacker = new FrameStacker(size, steps);
  let stack: Float32Array = new Float32Array(0);
  return {
    reset: () => stacker.reset(),
    observe: (observation, pictures) => {
      stack = stacker.push(read(observation, pictures));
    },
    feed: () => ({ dtype: 'float32', shape, data: stack }),
  };
}

/** RGB bytes as the input takes them: values in [0, 1], normalised, or from 0 to 255 where it takes bytes. */
function pictureValues(bytes: Uint8Array, { layout, dtype, scaling }: BoundInput & { kind: 'camera' }): Float32Array {
  const unit = dtype === 'uint8' ? 1 : 255;
  const pixels = bytes.length / 3;
  const values = new Float32Array(bytes.length);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      const value = bytes[3 * pixel + colour]! / unit;
      const at = layout === 'planes' ? colour * pixels + pixel : 3 * pixel + colour;
      values[at] = scaling === undefined ? value : (value - scaling.shift[colour]!) * scaling.scale[colour]!;
    }
  }
  return values;
}

function normalized(values: Float32Array, scaling: Scaling | undefined): Float32Array {
  if (scaling === undefined) return values;
  return values.map((value, channel) => (value - scaling.shift[channel]!) * scaling.scale[channel]!);
}

function denormalized(values: Float32Array, scaling: Scaling | undefined): Float32Array {
  if (scaling === undefined) return values;
  return values.map((value, channel) => value / scaling.scale[channel]! + scaling.shift[channel]!);
}

import { InputError, type PolicySignature, RandomStream } from '@rapport/core';
import type { RunnableModel, RuntimeValue, TensorData } from '@rapport/nn';
import type { ChunkPolicy, ChunkShape, ObservedStep } from '../chunk-policy.js';
import { type BoundInput, bindModel, type OnnxBinding, type Scaling } from './binding.js';
import type { OnnxCard } from './card.js';

/**
 * A policy that is an ONNX model of any make. It sees the last `observationSteps` observations, oldest first (the first one
 * fills the past at the start); where it gives a chunk of actions, some of them are executed before it is run again
 * (receding horizon).
 */
export class OnnxPolicy implements ChunkPolicy {
  readonly name: string;
  readonly signature: PolicySignature;
  readonly chunk: ChunkShape;
  readonly #model: RunnableModel;
  readonly #output: string;
  readonly #binding: OnnxBinding;
  #stream = new RandomStream(0, 'onnx');
  #past: ObservedStep[] = [];
  #actions: Float32Array[] = [];

  /**
   * @param source the model's file, for errors
   * @throws InputError when card and model do not fit each other
   */
  constructor(model: RunnableModel, card: OnnxCard, source: string) {
    this.#model = model;
    this.#binding = bindModel(model, card, source);
    this.#output = card.output;
    this.name = card.name;
    this.signature = this.#binding.signature;
    const { observationSteps, actionSteps, firstAction, chunk } = this.#binding;
    this.chunk = { historySteps: observationSteps, executed: actionSteps, steps: chunk - firstAction };
  }

  reset(seed: number): void {
    this.#stream = new RandomStream(seed, 'onnx');
    this.#past = [];
    this.#actions = [];
  }

  /** @throws InputError when the vector or the pictures have another size than the model takes */
  async act(observation: Float32Array, pictures: readonly Uint8Array[] = []): Promise<Float32Array> {
    this.#check({ observation, pictures });
    this.#past.push({ observation: observation.slice(), pictures: pictures.map((bytes) => bytes.slice()) });
    this.#past = this.#past.slice(-this.chunk.historySteps);
    if (this.#actions.length === 0) {
      this.#actions = (await this.sampleChunk(this.#past)).slice(0, this.chunk.executed);
    }
    return this.#actions.shift()!;
  }

  async sampleChunk(history: readonly ObservedStep[]): Promise<Float32Array[]> {
    const { inputs, observationSteps, firstAction, actionSize, outputScaling } = this.#binding;
    const seen = history.slice(-observationSteps);
    if (seen.length === 0) {
      throw new InputError(`policy "${this.name}" was given no observation; expected at least one`);
    }
    for (const step of seen) this.#check(step);
    const steps = [...Array.from({ length: observationSteps - seen.length }, () => seen[0]!), ...seen];
    const feeds = Object.fromEntries(inputs.map((input) => [input.name, feed(input, steps, this.#stream)]));
    const results: Record<string, TensorData> = await this.#model.run(feeds);
    const values = Float32Array.from(results[this.#output]!, Number);
    return Array.from({ length: this.chunk.steps }, (_, index) => {
      const first = (firstAction + index) * actionSize;
      return denormalized(values.slice(first, first + actionSize), outputScaling);
    });
  }

  /** Frees native memory. */
  close(): Promise<void> {
    return this.#model.close();
  }

  #check({ observation, pictures }: ObservedStep): void {
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
}

/** What an input is fed, from as many observed steps as the model sees. */
function feed(input: BoundInput, steps: readonly ObservedStep[], stream: RandomStream): RuntimeValue {
  const { shape } = input;
  const size = shape.reduce((product, one) => product * one, 1);
  switch (input.kind) {
    case 'state': {
      const rows = steps.map(({ observation }) => observation.subarray(input.start, input.end));
      return { dtype: 'float32', shape, data: sideBySide(rows.map((row) => normalized(row, input.scaling))) };
    }
    case 'camera': {
      const pictures = steps.map(({ pictures: all }) => pictureValues(all[input.index]!, input));
      const data = sideBySide(pictures);
      return input.dtype === 'float32'
        ? { dtype: 'float32', shape, data }
        : { dtype: 'uint8', shape, data: Uint8Array.from(data) };
    }
    case 'noise':
      return { dtype: 'float32', shape, data: stream.fillNormal(new Float32Array(size)) };
  }
}

function sideBySide(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.length * parts[0]!.length);
  parts.forEach((part, index) => {
    all.set(part, index * part.length);
  });
  return all;
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

import type { Scene } from '@rapport/core';
import type { SentScene } from '../protocol/index.js';

/** A scene as it is sent: the numbers of its meshes as bytes. */
export function sentScene({ meshes, ...scene }: Scene): SentScene {
  return {
    ...scene,
    ...(meshes !== undefined && {
      meshes: meshes.map(({ positions, triangles }) => ({
        positions: littleEndianBytes(positions),
        triangles: littleEndianBytes(triangles),
      })),
    }),
  };
}

/** Four bytes a number. */
export function littleEndianBytes(values: Float32Array | Uint32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  const isFloat = values instanceof Float32Array;
  values.forEach((value, index) => {
    if (isFloat) view.setFloat32(index * 4, value, true);
    else view.setUint32(index * 4, value, true);
  });
  return new Uint8Array(view.buffer);
}

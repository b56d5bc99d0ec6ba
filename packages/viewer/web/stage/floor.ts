import type { SceneShape } from '@rapport/core';
import {
  DataTexture,
  LinearFilter,
  LinearMipmapLinearFilter,
  Mesh,
  MeshLambertMaterial,
  PlaneGeometry,
  SRGBColorSpace,
} from 'three';

/** Side of a floor's squares, metres, and how much darker every second one is; as in the renderer of recorded pictures. */
const squareMetres = 0.25;
const darkShare = 0.85;
/** From this distance from its middle on the floor fades, metres, until at the second nothing of it is seen. */
const fadeMetres = [1, 2.2] as const;
/** Texture points per square. */
const pointsPerSquare = 8;

/** A floor with squares that fades into the page, so that no edge of it draws the eye. */
export function buildFloor({ halfExtents, colour, position, rotation }: Extract<SceneShape, { kind: 'plane' }>): Mesh {
  const [halfX, halfY] = halfExtents.map((half) => Math.min(half, fadeMetres[1])) as [number, number];
  const texture = floorTexture(halfX, halfY, colour);
  const material = new MeshLambertMaterial({ map: texture, transparent: true, depthWrite: false });
  const mesh = new Mesh(new PlaneGeometry(2 * halfX, 2 * halfY), material);
  if (position !== undefined) mesh.position.set(...position);
  if (rotation !== undefined) mesh.quaternion.set(...rotation);
  // Before everything else that lets light through, which may stand on it.
  mesh.renderOrder = -1;
  return mesh;
}

function floorTexture(halfX: number, halfY: number, colour: readonly [number, number, number]): DataTexture {
  const point = squareMetres / pointsPerSquare;
  const [width, height] = [Math.round((2 * halfX) / point), Math.round((2 * halfY) / point)];
  const pixels = new Uint8Array(4 * width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [x, y] = [(column + 0.5) * point - halfX, (row + 0.5) * point - halfY];
      const isDark = (Math.floor(x / squareMetres) + Math.floor(y / squareMetres)) % 2 === 0;
      const [near, far] = fadeMetres;
      const seen = Math.min(1, Math.max(0, (far - Math.hypot(x, y)) / (far - near)));
      const at = 4 * (row * width + column);
      colour.forEach((channel, index) => {
        pixels[at + index] = Math.round(channel * (isDark ? darkShare : 1));
      });
      pixels[at + 3] = Math.round(255 * seen * seen * (3 - 2 * seen));
    }
  }
  const texture = new DataTexture(pixels, width, height);
  texture.colorSpace = SRGBColorSpace;
  texture.magFilter = LinearFilter;
  texture.minFilter = LinearMipmapLinearFilter;
  texture.generateMipmaps = true;
  texture.anisotropy = 4;
  texture.needsUpdate = true;
  return texture;
}

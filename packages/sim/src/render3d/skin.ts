import type { PreparedInstance } from './scene.js';
import { writeFaceNormal } from './tessellate.js';

const faceNormal = new Float64Array(3);

/** Takes a skin's vertices from the frame and gives each the mean normal of its triangles, weighted by their areas. */
export function readSkin(
  { skinStart, vertexCount, positions, normals, triangles }: PreparedInstance,
  vertices: Float64Array,
): void {
  for (let at = 0, read = 3 * skinStart; at < 3 * vertexCount; at++, read++) positions[at] = vertices[read]!;
  normals.fill(0);
  for (let at = 0; at < triangles.length; at += 3) {
    writeFaceNormal(positions, triangles[at]!, triangles[at + 1]!, triangles[at + 2]!, faceNormal, 0);
    for (let corner = at; corner < at + 3; corner++) {
      const vertex = 3 * triangles[corner]!;
      normals[vertex] = normals[vertex]! + faceNormal[0]!;
      normals[vertex + 1] = normals[vertex + 1]! + faceNormal[1]!;
      normals[vertex + 2] = normals[vertex + 2]! + faceNormal[2]!;
    }
  }
  for (let at = 0; at < 3 * vertexCount; at += 3) {
    const length = Math.sqrt(normals[at]! ** 2 + normals[at + 1]! ** 2 + normals[at + 2]! ** 2);
    if (length === 0) continue;
    normals[at] = normals[at]! / length;
    normals[at + 1] = normals[at + 1]! / length;
    normals[at + 2] = normals[at + 2]! / length;
  }
}

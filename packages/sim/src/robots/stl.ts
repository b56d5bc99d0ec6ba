/** Bytes of the header, and of a triangle: normal, three corners, and two spare bytes. */
const HEADER = 80;
const TRIANGLE = 50;

/**
 * Triangles as a binary STL file.
 * @param vertices shape [vertices, 3]
 * @param triangles shape [triangles, 3], numbers of vertices
 */
export function writeStl(vertices: ArrayLike<number>, triangles: ArrayLike<number>): Uint8Array {
  const count = triangles.length / 3;
  const view = new DataView(new ArrayBuffer(HEADER + 4 + TRIANGLE * count));
  view.setUint32(HEADER, count, true);
  for (let triangle = 0; triangle < count; triangle++) {
    // Readers compute normals from the corners; zeros are allowed.
    const at = HEADER + 4 + TRIANGLE * triangle + 12;
    for (let corner = 0; corner < 3; corner++) {
      const vertex = 3 * triangles[3 * triangle + corner]!;
      for (let axis = 0; axis < 3; axis++) view.setFloat32(at + 12 * corner + 4 * axis, vertices[vertex + axis]!, true);
    }
  }
  return new Uint8Array(view.buffer);
}

/**
 * A scene that the viewer can redraw: bodies with shapes, and one pose per body per frame.
 * World frame: right-handed, metres, z up; a planar scene lies in the plane z = 0 and is seen from +z.
 */
export interface Scene {
  readonly bodies: readonly SceneBody[];
  /** What to look at: the viewer frames this axis-aligned box. */
  readonly bounds: { readonly min: Vector3; readonly max: Vector3 };
  /** `planar` scenes are viewed from straight above by default, `spatial` ones obliquely. */
  readonly view: 'planar' | 'spatial';
}

export type Vector3 = readonly [x: number, y: number, z: number];
/** Red, green, blue in 0..255. */
export type Rgb = readonly [red: number, green: number, blue: number];

export interface SceneBody {
  readonly name: string;
  /**
   * How the body's pose is stored in a frame of the track:
   * `fixed` takes no numbers, `planar` takes (x, y, angleRad), `rigid` takes (x, y, z, qx, qy, qz, qw).
   */
  readonly pose: 'fixed' | 'planar' | 'rigid';
  readonly shapes: readonly SceneShape[];
}

interface ShapeCommon {
  readonly colour: Rgb;
  /** 0 is invisible, 1 opaque; 1 when absent. */
  readonly opacity?: number;
  /** Pose of the shape in the body frame; the identity when absent. */
  readonly position?: Vector3;
  /** Quaternion (x, y, z, w). */
  readonly rotation?: readonly [x: number, y: number, z: number, w: number];
}

export type SceneShape =
  /** A flat outline in the body's xy plane, extruded from z = `bottom` to z = `top`. */
  | (ShapeCommon & {
      readonly kind: 'prism';
      readonly outline: readonly (readonly [x: number, y: number])[];
      readonly bottom: number;
      readonly top: number;
    })
  /** Half extents along x, y, z. */
  | (ShapeCommon & { readonly kind: 'box'; readonly halfExtents: Vector3 })
  | (ShapeCommon & { readonly kind: 'sphere'; readonly radius: number })
  /** Axis along z, centred at the origin. */
  | (ShapeCommon & { readonly kind: 'cylinder'; readonly radius: number; readonly halfLength: number })
  | (ShapeCommon & { readonly kind: 'capsule'; readonly radius: number; readonly halfLength: number });

/** Numbers that one frame of a pose track holds for this scene. */
export function poseTrackWidth(scene: Scene): number {
  const widths = { fixed: 0, planar: 3, rigid: 7 } as const;
  return scene.bodies.reduce((sum, body) => sum + widths[body.pose], 0);
}
